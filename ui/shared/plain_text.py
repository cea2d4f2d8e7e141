"""The one way to show text that may be anybody's on a page.

Streamlit reads its texts as Markdown, and afterwards once more: bare addresses become links,
`:red[x]` becomes red, `->` an arrow, and escapes do not keep it from that. What a run is called,
what an error says, what a file is named goes through `plain`; tests/foreign_text.py finds what does
not. Figures have a way of their own, `cnn.figures.plain`, and so has the report.
"""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"  # takes no room, and keeps what it parts from being read as one
SPECIAL = "\\`*_{}[]()#+-.!|<>~$:=&@"

# Between what begins an emoji, an icon, a colour, an address or an arrow, and what goes on with it.
_PARTED = re.compile(r"(?<=:)(?=[A-Za-z+/])|(?<=\bwww)(?=\.)|(?<=@)|(?<=[-<>~])(?=[-=>])", re.I)
_INDENT = re.compile(r"^[ \t]+", re.M)  # four spaces make a block of code


def plain(text: object) -> str:
    """`str(text)`, a user's or an error's, escaped so that nobody interprets it."""
    parted = _PARTED.sub(WORD_JOINER, _INDENT.sub("", str(text)))
    return "".join(f"\\{c}" if c in SPECIAL else c for c in parted)
