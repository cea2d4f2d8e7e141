"""Foreign text on a page: shown as it is."""

import re

import pytest

from ui.shared.plain_text import WORD_JOINER, plain


@pytest.mark.parametrize(
    "text",
    [
        ":material/bolt:",
        ":tada:",
        ":+1:",
        ":red[x]",
        "![a](http://b/c.png)",
        "# a",
        "1. a",
        "$x$",
        "<b>",
        "a\n===",
        "&lt;",
    ],
)
def test_nothing_in_it_acts(text):
    shown = plain(text)
    assert shown.replace("\\", "").replace(WORD_JOINER, "") == text
    assert not re.search(r":[A-Za-z+]", shown)
    assert not re.search(r"(?<!\\)[]*_`$<>#!().\[]", shown)


@pytest.mark.parametrize("text", ["http://a.b", "HTTPS://a.b", "www.a.b", "x@a.b", "a -> b", "--"])
def test_what_is_looked_for_after_the_escapes_are_gone_is_parted(text):
    """Streamlit's Markdown makes links and arrows of texts that are escaped as well."""
    bare = plain(text).replace("\\", "")
    assert bare.replace(WORD_JOINER, "") == text
    assert not re.search(r"https?://|www\.|@\w|->|--", bare, re.I)


def test_four_spaces_are_no_block_of_code():
    assert plain("a\n\n    b") == "a\n\nb"


def test_an_error_is_shown_by_what_it_says():
    assert plain(ValueError("a_b")) == r"a\_b"


def test_times_and_sentences_stay_as_they_are():
    assert plain("at 12:30, so: yes") == r"at 12\:30, so\: yes"
