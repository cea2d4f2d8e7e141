"""Fragments that run again at intervals, but never while the page itself is running.

Streamlit has `run_every` for this. But where its timer fires while another fragment runs, the
server may mark that fragment's end as cut short (`streamlit/runtime/forward_msg_queue.py`), and
what it no longer shows stays on the page: choose a small network while a run trains, and the rows
of the large one stand below it. So the timer is a component's, which waits until the page is idle
and what the visitor last did has reached the server, and rests while the tab is hidden.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")

_JS = """
// Milliseconds: how often the clock is read, between two refreshes, and after what a visitor does:
// that is on its way to the server for a while before the page says that it runs.
const LOOK = 40, APART = 100, CALM = 500;
const timers = new WeakMap();

if (!window.refreshes) {
  const all = window.refreshes = { last: 0, touched: 0, trip: CALM };
  const touch = () => { all.touched = performance.now(); };
  for (const kind of ["pointerdown", "pointerup", "keydown", "keyup", "input", "change"])
    addEventListener(kind, touch, { capture: true, passive: true });
  addEventListener("message", (event) => {  // the canvas lives in a frame of its own
    if (event.data?.type === "streamlit:setComponentValue") touch();
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const all = window.refreshes;
  const own = timers.get(parentElement) ?? { last: performance.now() };
  timers.set(parentElement, own);
  if (own.asked) all.trip = performance.now() - own.asked;  // how long an answer takes here
  own.asked = 0;
  clearInterval(own.timer);
  own.timer = setInterval(() => {
    const now = performance.now();
    if (document.hidden || now - own.last < 1000 * data.seconds) return;
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    if (state && state !== "notRunning") return;
    if (now - all.last < APART || now - all.touched < Math.max(CALM, 3 * all.trip)) return;
    own.last = own.asked = all.last = now;
    setTriggerValue("refresh", now);
  }, LOOK);
  return () => clearInterval(own.timer);
}
"""
_component = st.components.v2.component("refresh", js=_JS)


def refreshing(function: Callable[P, None], seconds: float | None, name: str) -> Callable[P, None]:
    """`function` as a fragment that runs again every `seconds` (None: never).

    `name` tells its timer from others on the page.
    """

    @functools.wraps(function)
    def body(*args: P.args, **named: P.kwargs) -> None:
        function(*args, **named)
        if seconds is not None:
            # A new value at each run, so that the component is told that its answer has come.
            data = {"seconds": seconds, "answered": time.monotonic()}
            _component(key=f"refresh_{name}", data=data, on_refresh_change=lambda: None)

    return st.fragment(body)
