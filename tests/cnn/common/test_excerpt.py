"""Foreign text in our messages: short, on one line, and nothing in it that acts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn.common.text import JOINERS, excerpt

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)  # surrogates too


@given(ANY_TEXT, st.integers(1, 100))
def test_whatever_comes_fits_prints_and_can_be_written(text, most):
    shown = excerpt(text, most)
    shown.encode()
    assert len(shown) <= most
    assert all(c.isprintable() or c in JOINERS for c in shown)
    directions = {unicodedata.bidirectional(c) for c in shown}
    assert not directions & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(st.characters(categories=("L", "N", "P")), max_size=60))
def test_plain_text_stays_as_it_is(text):
    assert excerpt(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n\tb\u2028c", "a  b c"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\ud800", r"\ud800"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("x" * 61, "x" * 59 + "…"),
        ("👩\u200d🔬 é", "👩\u200d🔬 é"),
        (3.5, "3.5"),
        (ValueError("no\x00"), r"no\x00"),
    ],
)
def test_some_texts(text, shown):
    assert excerpt(text) == shown
