"""Fragments that refresh themselves, a beat at a time and never into a run that is under way.

Streamlit has `run_every` for this. But where its timer asks while another fragment runs, the
server may mark that fragment's end as cut short (`streamlit/runtime/forward_msg_queue.py`), and
what it no longer shows stays on the page: choose a small network while a run trains, and the rows
of the large one stand below it. So the beat is a component's, which waits until the page is idle
and what the visitor last did has reached the server, and rests while nobody sees the tab.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

_JS = """
// Milliseconds: how often the clock is read, between two beats, and after what a visitor does:
// that is on its way to the server for a while before the page says that it runs.
const LOOK = 40, APART = 100, CALM = 500;
const beats = new WeakMap();

if (!window.heart) {
  const heart = window.heart = { last: 0, touched: 0, trip: CALM };
  const touch = () => { heart.touched = performance.now(); };
  for (const kind of ["pointerdown", "pointerup", "keydown", "keyup", "input", "change"])
    addEventListener(kind, touch, { capture: true, passive: true });
  addEventListener("message", (event) => {  // the canvas lives in a frame of its own
    if (event.data?.type === "streamlit:setComponentValue") touch();
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const heart = window.heart;
  const beat = beats.get(parentElement) ?? { last: performance.now() };
  beats.set(parentElement, beat);
  if (beat.asked) heart.trip = performance.now() - beat.asked;  // how long an answer takes here
  beat.asked = 0;
  clearInterval(beat.timer);
  beat.timer = setInterval(() => {
    const now = performance.now();
    if (document.hidden || now - beat.last < 1000 * data.seconds) return;
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    if (state && state !== "notRunning") return;
    if (now - heart.last < APART || now - heart.touched < Math.max(CALM, 3 * heart.trip)) return;
    beat.last = beat.asked = heart.last = now;
    setTriggerValue("beat", now);
  }, LOOK);
  return () => clearInterval(beat.timer);
}
"""
_component = st.components.v2.component("pulse", js=_JS)


def refreshing(
    function: Callable[..., None], seconds: float | None, name: str
) -> Callable[..., None]:
    """`function` as a fragment that runs again `seconds` after its last beat; None: never.

    `name` tells its beat from others on the page.
    """

    @functools.wraps(function)
    def body(*args: Any) -> None:
        function(*args)
        if seconds is not None:
            _component(
                key=f"pulse_{name}",
                data={"seconds": seconds, "answered": time.monotonic()},
                on_beat_change=_nothing,
            )

    return st.fragment(body)


def _nothing() -> None:
    """A beat carries no value: that the fragment runs again is all."""
