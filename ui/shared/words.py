"""Numbers as people say them."""


def duration(seconds: float) -> str:
    """Seconds: `8 s`, `2 min 05 s`, `1 h 4 min`."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return (
        f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    )


def memory(size: float) -> str:
    """Bytes: `640 MB`, `1.2 GB`."""
    return f"{size / 1e6:,.0f} MB" if size < 0.95e9 else f"{size / 1e9:.1f} GB"


def plural(count: int, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
