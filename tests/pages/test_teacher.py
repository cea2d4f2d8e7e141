"""The teacher's page, and what of it the class sees."""

from __future__ import annotations

import shutil

import pytest

from cnn import runs
from cnn.common import workspaces
from cnn.runs import challenge, lesson, sharing
from tests.cnn.runs.test_class_room import DIGIT, trained_in
from tests.cnn.runs.test_fair_queue import A, B, class_server, held, wait  # noqa: F401
from tests.conftest import SMALL, SMALL_SETTINGS
from tests.pages.test_workspaces import text

TOKEN = "correct-horse-battery"


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("CNN_TEACHER", TOKEN)


def shown(page) -> str:
    return text(page).replace("\\", "")


def test_the_page_is_the_teachers_alone(app):
    with pytest.raises(ValueError):  # it is not in a pupil's navigation
        app("compare", w=A).switch_page("pages/teacher.py").run()


def test_who_trains_what_is_shown_and_stopped(app, runs_folder, held):  # noqa: F811
    first = wait(A, "A's net", held)
    second = wait(B, "B's net", held)
    page = app("teacher", teacher=TOKEN)
    assert "A's net" in shown(page) and "B's net" in shown(page)
    page.button(key=f"first_{B}_{second.id}").click().run()
    assert not page.exception and runs.place(second).number == 1
    page.button(key=f"stop_{A}_{first.id}").click().run()
    assert not page.exception and first.control().get("stop")


def test_a_challenge_is_set_and_everybody_sees_the_board(app):
    page = app("teacher", teacher=TOKEN)
    page.segmented_control(key="teacher_part").set_value("Challenge").run()
    page.text_input(key="challenge_title").set_value("Small *and* good").run()
    page.selectbox(key="challenge_dataset").set_value("mnist-sample").run()
    page.button(key="challenge_set").click().run()
    found = challenge.current()
    assert found and found.max_parameters == 10_000 and not page.exception
    trained_in(A, 0.8), trained_in(B, 0.9)
    page = app("compare", w=A)
    board = page.dataframe[0].value
    assert "Small *and* good" in shown(page)
    assert list(board["Who"])[1] == "you" and list(board["Validation accuracy"]) == [0.9, 0.8]
    page = app("teacher", teacher=TOKEN)
    page.segmented_control(key="teacher_part").set_value("Challenge").run()
    page.button(key="challenge_end").click().run()
    assert challenge.current() is None


def test_the_classs_digits_hang_on_one_wall(app, trained_folder):
    folder = workspaces.folder("class")
    folder.mkdir(parents=True)
    shutil.copytree(trained_folder, folder / trained_folder.name)
    with workspaces.working_in(A):
        sharing.share_digits([DIGIT] * 3)
    page = app("teacher", teacher=TOKEN)
    page.segmented_control(key="teacher_part").set_value("Digits").run()
    assert not page.exception and "of 3 digits" in shown(page)
    page.segmented_control(key="teacher_part").set_value("Disk").run()
    assert "1 workspace" in shown(page)
    page.number_input(key="unused_days").set_value(0).run()
    page.button(key="clear_unused").click().run()
    assert workspaces.existing() == [] and folder.is_dir()


def test_a_lesson_of_the_class_cannot_be_freed(app):
    with workspaces.working_in("class"):
        made = lesson.Lesson(
            architecture=SMALL,
            settings=SMALL_SETTINGS,
            dataset="mnist-sample",
            fixed=frozenset({"architecture", "learning_rate"}),
        )
        lesson.begin(made)
    page = app("design", w=A)
    assert page.session_state.playground.architecture == SMALL
    assert "The lesson of this class" in shown(page)
    assert "free" not in [button.key for button in page.button]
    page.switch_page("pages/train.py").run()
    page.session_state.playground.settings = SMALL_SETTINGS.changed(learning_rate=0.5)
    page.button(key="start").click().run()
    assert "lesson keeps 'Learning rate' as the teacher has set it" in shown(page)
    with workspaces.working_in("class"):
        lesson.end()
    page.run()
    assert not page.session_state.playground.fixed


def test_a_run_is_shared_from_compare(app):
    run = trained_in(A, 0.9)
    page = app("compare", w=A)
    from ui.compare.state import CompareState

    page.session_state.playground.pages[CompareState].ticked = [run.id]
    page.run()
    page.button(key="share_run").click().run()
    assert not page.exception and "Everybody can look at a copy" in shown(page)
    with workspaces.working_in(B):
        assert [one.kind for one in runs.list_runs()] == ["class"]
