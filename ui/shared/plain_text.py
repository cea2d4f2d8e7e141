"""Text that may be anybody's, on a page."""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"  # takes no room


def plain(text: str) -> str:
    """User text, escaped so that neither Markdown nor Streamlit interprets it."""
    text = re.sub(r":(?=[A-Za-z+])", f":{WORD_JOINER}", text)  # no emoji or icon, escaped or not
    special = "\\`*_{}[]()#+-.!|<>~$:"
    return "".join(f"\\{c}" if c in special else c for c in text)
