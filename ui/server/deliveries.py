"""What a browser has not been sent yet is still sent when a fragment runs again.

Streamlit drops it (`streamlit/runtime/forward_msg_queue.py`, 1.67, `clear`): of a page that has
just run to its end it keeps that it ended, and drops what its fragment drew. A browser that is told
so takes the fragment's widgets for gone, forgets their values and makes them anew with what stood
there before: a knob that was just turned goes back. It takes a machine that is busy, as while
PyTorch is loaded. A run of the whole page still takes the place of all before it.
"""

from __future__ import annotations

import functools
import inspect
import logging

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

PARAMETERS = {"self", "retain_lifecycle_msgs", "fragment_ids_this_run"}  # of its `clear`


def keep_all() -> None:
    """From now on, in this process. Once is enough. With a Streamlit that is built otherwise
    nothing changes, and the log says so."""
    clear = ForwardMsgQueue.clear
    if hasattr(clear, "__wrapped__"):
        return
    if set(inspect.signature(clear).parameters) != PARAMETERS:
        logging.getLogger(__name__).warning("This Streamlit's messages cannot be kept.")
        return

    @functools.wraps(clear)
    def unless_of_a_fragment(
        self: ForwardMsgQueue,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        if retain_lifecycle_msgs and fragment_ids_this_run is not None:
            # What is drawn next comes after what is there, and not in its place.
            self._delta_index_map = {}
        else:
            clear(self, retain_lifecycle_msgs, fragment_ids_this_run)

    ForwardMsgQueue.clear = unless_of_a_fragment  # type: ignore[method-assign]
