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
    ],
)
def test_nothing_in_it_acts(text):
    shown = plain(text)
    assert shown.replace("\\", "").replace(WORD_JOINER, "") == text
    assert not re.search(r":[A-Za-z+]", shown)
    assert not re.search(r"(?<!\\)[]*_`$<>#!().\[]", shown)


def test_times_and_sentences_stay_as_they_are():
    assert plain("at 12:30, so: yes") == r"at 12\:30, so\: yes"
