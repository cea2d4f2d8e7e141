"""Counts, shares and durations in words (bytes: `humanize.naturalsize`); foreign texts."""

from __future__ import annotations

import humanize

MOST_SECONDS = 365 * 24 * 3600
JOINERS = "\u200c\u200d"  # parts of emoji and of Persian words


def duration(seconds: float) -> str:
    """Seconds, rounded, as `8 seconds`, `2 minutes and 5 seconds`. What took some time is never
    rounded down to none: `less than a second`."""
    if seconds > MOST_SECONDS:
        return "more than a year"
    if seconds > 0 and not round(seconds):
        return "less than a second"
    return humanize.precisedelta(max(0, round(seconds)), format="%0.0f")


def plural(count: int, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A share in 0-1 as `99.4%`. What is not quite all is never rounded up to 100%, what is not
    quite nothing never down to 0%: `>99.9%`, `<0.1%`."""
    step = 10.0**-digits
    if 100 - step / 2 <= 100 * share < 100:
        return f">{100 - step:.{digits}f}%"
    if 0 < 100 * share < step / 2:
        return f"<{step:.{digits}f}%"
    return f"{share:.{digits}%}"


def confidence(probability: float, digits: int = 0) -> str:
    """A softmax's probability as `97%`; never all and never nothing, although float32 may round it
    to 1 or to 0: `>99%`, `<1%`."""
    return percent(min(max(float(probability), 1e-9), 1 - 1e-9), digits)


def excerpt(foreign: object, most: int = 60) -> str:
    """At most `most` characters of a text that is not ours, as a message in one line may show it.

    White space of any kind becomes a space; what does not print, and what would change how the
    rest is read (control characters, writing direction, lone surrogates), becomes its escape,
    such as `\\x1b`; `…` stands for what is left out.
    """
    text = foreign if isinstance(foreign, str) else str(foreign)
    parts = list(map(_printable, text[: most + 1]))
    if sum(map(len, parts)) <= most:
        return "".join(parts)
    while sum(map(len, parts)) > most - 1:
        parts.pop()
    return f"{''.join(parts)}…"


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    if character.isprintable() or character in JOINERS:
        return character
    return character.encode("unicode_escape").decode("ascii")
