"""The game: draw the digit the app asks for, ten in a row, against the clock."""

from __future__ import annotations

import random
import time

import streamlit as st

from cnn import recognition, runs
from cnn.common.text import confidence
from cnn.drawing import DigitError, from_strokes, my_digits
from ui.draw import state
from ui.draw.answer import headline, in_words
from ui.draw.state import Game, Turn
from ui.shared import canvas, models
from ui.shared import state as shared
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

ROUNDS = 10


def start() -> None:
    """A new game: every digit once, in an order of its own."""
    state.get().game = Game(random.sample(range(10), ROUNDS))
    canvas.sheet("game").reset()


def stop() -> None:
    """Give up."""
    state.get().game = Game()


@st.fragment
def show(run_id: str) -> None:
    """The whole part."""
    game = state.get().game
    if not game.order:
        with st.container(border=True, horizontal_alignment="center"):
            st.markdown("## Ten digits against the clock")
            st.markdown(
                "You are asked for a digit, you draw it, the network reads it. A point for every "
                "digit it reads as what was asked. Press Enter for the next one."
            )
            st.button(
                "Start",
                type="primary",
                icon=":material/play_arrow:",
                key="game_start",
                on_click=start,
            )
    elif game.over:
        _result(game)
    else:
        _round(run_id, game)


def _round(run_id: str, game: Game) -> None:
    asked = game.order[len(game.turns)]
    left, right = st.columns(2, gap="large")
    with left:
        drawing = canvas.canvas("game", "game")
    with right:
        headline(f"Number {len(game.turns) + 1} of {len(game.order)}: please draw a", str(asked))
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Next",
                type="primary",
                icon=":material/arrow_forward:",
                key="game_next",
                shortcut="Enter",
                disabled=drawing is None,
                on_click=_take,
                args=(run_id, game),
            )
            st.button("Give up", key="game_stop", on_click=stop)
        refreshing(_clock, 1.0, "clock")(game)
        if game.turns:
            last = game.turns[-1]
            st.badge(
                f"Your {last.asked} was read as {last.read}, {in_words(last.confidence)[1]}",
                color="green" if last.is_right else "red",
                icon=":material/check:" if last.is_right else ":material/close:",
            )
        state.show_messages()


def _clock(game: Game) -> None:
    st.markdown(
        f":material/timer: {time.time() - game.began:.0f} s · "
        f"**{game.score}** of {len(game.turns)} read right"
    )


def _take(run_id: str, game: Game) -> None:
    """Read the drawing and go on to the next digit."""
    strokes = canvas.strokes("game")
    try:
        run = runs.open_run(run_id)
        image = from_strokes(strokes).image
        row = recognition.read(run, models.model_of(run), image[None]).probabilities[0]
    except (runs.RunError, DigitError) as error:
        state.get().problem = str(error)
        return
    spent = time.time() - game.began - sum(turn.seconds for turn in game.turns)
    asked = game.order[len(game.turns)]
    game.turns.append(Turn(asked, int(row.argmax()), float(row.max()), spent, image, strokes))
    canvas.sheet("game").reset()


def _result(game: Game) -> None:
    seconds = sum(turn.seconds for turn in game.turns)
    slowest = max(game.turns, key=lambda turn: turn.seconds)
    grid = st.grid(3, min_column_width=140)
    grid.metric("Score", f"{game.score} of {len(game.turns)}", border=True)
    grid.metric("Time", f"{seconds:.1f} s", border=True)
    grid.metric(
        "A digit took",
        f"{seconds / len(game.turns):.1f} s",
        help=f"The slowest was your {slowest.asked}: {slowest.seconds:.1f} s",
        border=True,
    )
    misread = [turn for turn in game.turns if not turn.is_right]
    st.markdown("## " + ("The network misread these" if misread else "It read every one of them"))
    with st.container(horizontal=True, gap="small"):
        for turn in misread or game.turns:
            with st.container(width=104, gap=None):
                st.image(enlarge(turn.image, 3), width=96, alt=f"Your {turn.asked}")
                asked = "" if turn.is_right else f"{turn.asked} → "
                st.caption(f"{asked}**{turn.read}** {confidence(turn.confidence, 1)}")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Play again", type="primary", icon=":material/replay:", key="game_again", on_click=start
        )
        st.button(
            "Keep all ten in My digits",
            icon=":material/bookmark_add:",
            key="game_keep",
            on_click=_keep,
            args=(game,),
            disabled=game.kept,
        )
    with st.expander("What was asked and what was read"):
        st.dataframe(
            [
                {
                    "Asked": turn.asked,
                    "Read": turn.read,
                    "Confidence": turn.confidence,
                    "Seconds": round(turn.seconds, 1),
                }
                for turn in game.turns
            ],
            hide_index=True,
            column_config={"Confidence": st.column_config.NumberColumn(format="percent")},
            alt="What was asked and what was read, turn by turn",
        )


def _keep(game: Game) -> None:
    try:
        my_digits.add(
            [
                my_digits.drawing_of({"label": turn.asked, "strokes": turn.strokes})
                for turn in game.turns
            ]
        )
        game.kept = True
    except my_digits.CollectionError as error:
        shared.get().notice = plain(error)
