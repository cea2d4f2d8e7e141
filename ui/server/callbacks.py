"""What a click asks for is done whole, and one click's after another's.

Streamlit ends a script's run at its next "yield point" when another click arrives, and each look
into `st.session_state` is one, in a widget's callback too: the callback dies half way. A run is
then begun that no page knows, or a knob's value is taken by Streamlit and not by us, and its
callback is never called again (`streamlit/runtime/state/session_state.py`, 1.67,
`_run_callback_and_record_rerun`). Besides, with `runner.fastReruns` the new click's callbacks run
in a thread of their own while the old click's are still at work, on the same objects.

So here: no yield points while callbacks run; a session's clicks wait for one another; and whoever
was overtaken by a newer click, which carries newer values of all widgets, ends before its own are
applied. A run of the page itself is interrupted as before.
"""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any
from weakref import WeakValueDictionary

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState


class _Turn:
    """A session's: who of its script threads may apply a click now. They are counted as they are
    made; `applied` is the newest that has."""

    def __init__(self, session: SessionState) -> None:
        self.session = session  # kept, so that no other takes its id
        self.lock = threading.RLock()
        self.made = self.applied = 0


_turns: WeakValueDictionary[int, _Turn] = WeakValueDictionary()
_thread = threading.local()


def keep_whole() -> None:
    """Let callbacks of this process run to their end, from now on. Once is enough. With a Streamlit
    that is built otherwise nothing changes, and the log says so."""
    heed_requests = getattr(ScriptRunner, "_maybe_handle_execution_control_request", None)
    apply = getattr(SafeSessionState, "on_script_will_rerun", None)
    known = "_yield_callback" in SafeSessionState.__annotations__
    if heed_requests is None or apply is None or not known:
        logging.getLogger(__name__).warning("This Streamlit's callbacks cannot be kept whole.")
        return
    if hasattr(apply, "__wrapped__"):
        return
    make = SafeSessionState.__init__

    @functools.wraps(make)
    def made(self: SafeSessionState, state: SessionState, *args: Any, **named: Any) -> None:
        make(self, state, *args, **named)
        turn = _turns.get(id(state))
        if turn is None:
            turn = _turns[id(state)] = _Turn(state)
        turn.made += 1
        vars(self).update(_turn=turn, _place=turn.made)  # its __setattr__ writes widgets' values

    @functools.wraps(apply)
    def applied(self: SafeSessionState, *args: Any, **named: Any) -> None:
        turn, place = vars(self)["_turn"], vars(self)["_place"]
        with turn.lock:
            if place < turn.applied:
                self._yield_callback()  # overtaken, and told to stop: this raises
            turn.applied = place
            _thread.applies = True
            try:
                apply(self, *args, **named)
            finally:
                _thread.applies = False

    @functools.wraps(heed_requests)
    def heed_between(self: ScriptRunner) -> None:
        if not getattr(_thread, "applies", False):
            heed_requests(self)

    SafeSessionState.__init__ = made  # type: ignore[method-assign]
    SafeSessionState.on_script_will_rerun = applied  # type: ignore[method-assign]
    ScriptRunner._maybe_handle_execution_control_request = heed_between  # type: ignore[method-assign]
