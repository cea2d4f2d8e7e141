"""A row of buttons always has a choice."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from ui.shared.choice import choose

    if not st.session_state.get("hidden"):
        st.text(choose("Letter", st.session_state.get("options", ["a", "b", "c"]), "letter"))


def test_a_choice_that_is_gone_falls_back_to_the_first():
    shown = AppTest.from_function(page).run()
    assert shown.text[0].value == "a"
    shown.segmented_control(key="letter").set_value("c").run()
    assert shown.text[0].value == "c"
    shown.session_state["hidden"] = True
    shown.run()
    shown.session_state["hidden"] = False
    assert shown.run().text[0].value == "c"
    shown.session_state["options"] = ["x", "y"]
    assert shown.run().text[0].value == "x"
