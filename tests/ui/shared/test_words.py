"""Words of the glossary in a sentence: each explained once, where it first stands."""

import re

from cnn.lessons import GLOSSARY, LESSONS
from cnn.lessons.glossary import FORMS
from ui.shared.words import help_for, linked

BUTTON = re.compile(r'<button type="button" popovertarget="([^"]+)">([^<]+)</button>')


def test_every_form_is_of_a_term():
    assert set(FORMS.values()) == set(GLOSSARY)
    assert all(form == form.lower() for form in FORMS)


def test_each_word_is_explained_where_it_first_stands():
    made = linked("A filter slides; filters and a stride of 2.")
    assert [shown for _, shown in BUTTON.findall(made)] == ["filter", "stride"]
    assert made.count(GLOSSARY["filter"][:30]) == 1
    assert all(f'popover id="{name}"' in made for name, _ in BUTTON.findall(made))


def test_a_words_part_of_another_word_is_left():
    assert not BUTTON.findall(linked("Pixelated, non-filter, unweighted."))


def test_emphasis_and_what_html_would_take_for_a_tag():
    assert (
        linked("*Run* <b> **now** & go") == "<em>Run</em> &lt;b&gt; <strong>now</strong> &amp; go"
    )


def test_lessons_explain_words_where_they_first_stand():
    without = [lesson.id for lesson in LESSONS if not BUTTON.findall(linked(lesson.words))]
    assert without == ["limits"]  # whose words would give its answer away


def test_a_fields_help_ends_with_the_glossarys_words():
    assert help_for("Dropout", "A share.").endswith(GLOSSARY["dropout"])
    assert help_for("Image", "Any of these.") == "Any of these."
    assert help_for("Image", None) is None
