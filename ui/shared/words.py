"""The glossary's words where they first stand: underlined, and explained at a press.

One text is written for all pages (`cnn.lessons.GLOSSARY`). A word opens the browser's own popover,
by mouse, finger or keyboard.
"""

from __future__ import annotations

import html
import re
import zlib
from typing import Literal

import streamlit as st

from cnn.lessons import GLOSSARY
from cnn.lessons.glossary import FORMS, PAGE_TERMS
from ui.shared.components import dark

_TERM = re.compile(
    r"(?<![\w-])(" + "|".join(map(re.escape, sorted(FORMS, key=len, reverse=True))) + r")(?![\w-])",
    re.IGNORECASE,
)
_CSS = """
<style>
.words { line-height: 1.6; margin: 0; }
.words.content { font-size: 0.875rem; }
.words button { all: unset; cursor: help; text-decoration: underline dotted;
  text-underline-offset: 3px; }
.words button:focus-visible { outline: 3px solid; outline-offset: 1px; border-radius: 3px; }
.words [popover] { max-width: min(22rem, 92vw); padding: 0.8rem 1rem; border-radius: 0.5rem;
  font-size: 0.95rem; border: 1px solid #8886; color: inherit; background: BACKGROUND; }
.words [popover].all { max-width: min(34rem, 92vw); max-height: 70vh; overflow: auto; }
.words .all span { display: block; margin: 0 0 0.5rem; }
@supports (position-area: bottom) {
  .words [popover] { position-area: bottom span-all; width: max-content; inset: auto;
    margin: 0.3rem 0; }
}
@media print {
  .words button { text-decoration: none; }
  .words button[popovertarget^="words-"] { display: none; }
}
</style>
"""


def sentences(
    text: str, page: str | None = None, width: Literal["stretch", "content"] = "stretch"
) -> None:
    """Plain text, in which each word of the glossary is explained where it first stands; after it
    one word more, that opens those of the whole `page` (a key of `PAGE_TERMS`)."""
    look = _CSS.replace("BACKGROUND", "#1b1f27" if dark() else "#ffffff")
    more = _page_words(page) if page else ""
    st.html(f'{look}<p class="words {width}">{linked(text)}{more}</p>', width=width)


def _page_words(page: str) -> str:
    """A button with a popover of every word that the page is about."""
    name = f"words-{page}"
    entries = "".join(
        f"<span><strong>{term.capitalize()}.</strong> {_meaning(term)}</span>"
        for term in PAGE_TERMS[page]
    )
    return (
        f' <button type="button" popovertarget="{name}" aria-label="Words of this page">Words'
        f'</button><span popover id="{name}" class="all">{entries}</span>'
    )


def linked(text: str) -> str:
    """HTML of a plain text with `*emphasis*` and `**strong**`: the first of each word a button."""
    seen: set[str] = set()

    def word(found: re.Match[str]) -> str:
        term = FORMS[found[0].lower()]
        if term in seen:
            return found[0]
        seen.add(term)
        return explained(found[0], term, f"word-{zlib.crc32(text.encode()):x}-{len(seen)}")

    safe = _TERM.sub(word, html.escape(text, quote=False))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\*(.+?)\*", r"<em>\1</em>", safe)


def explained(shown: str, term: str, name: str) -> str:
    """A button with a popover of that name, which says what `term` means."""
    return (
        f'<button type="button" popovertarget="{name}">{shown}</button>'
        f'<span popover id="{name}"><strong>{term.capitalize()}.</strong> {_meaning(term)}</span>'
    )


def _meaning(term: str) -> str:
    """What the glossary says, as HTML."""
    return re.sub(
        r"\[([^\]]+)\]\(([^)]+)\)",
        r'<a href="\2" target="_blank" rel="noopener">\1</a>',
        html.escape(GLOSSARY[term], quote=False),
    )


def help_for(label: str, description: str | None) -> str | None:
    """What a field's "?" says: its own description, then the glossary's, where its name has one."""
    term = FORMS.get(label.lower())
    meaning = f"**{term.capitalize()}.** {GLOSSARY[term]}" if term else None
    return "\n\n".join(filter(None, (description, meaning))) or None
