"""A browser that is slow to be told, and a fragment that runs again meanwhile."""

from __future__ import annotations

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from ui.server import deliveries


def drawn(text: str, fragment: str = "desk") -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path[:] = [0, 1]
    message.delta.fragment_id = fragment
    message.delta.new_element.text.body = text
    return message


def ended(how: ForwardMsg.ScriptFinishedStatus.ValueType) -> ForwardMsg:
    message = ForwardMsg()
    message.script_finished = how
    return message


def told(queue: ForwardMsgQueue) -> list[str]:
    return [
        message.delta.new_element.text.body
        if message.HasField("delta")
        else ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
        for message in queue.flush()
    ]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> ForwardMsgQueue:
    """A page's run to its end, of which the browser has been told nothing yet."""
    monkeypatch.setattr(ForwardMsgQueue, "clear", ForwardMsgQueue.clear)
    deliveries.keep_all()
    made = ForwardMsgQueue()
    made.enqueue(drawn("by the page"))
    made.enqueue(ended(ForwardMsg.FINISHED_SUCCESSFULLY))
    return made


def test_a_fragment_that_runs_again_takes_nothing_from_a_page_that_ended(queue):
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["desk"])
    queue.enqueue(drawn("by the fragment"))
    assert told(queue) == ["by the page", "FINISHED_SUCCESSFULLY", "by the fragment"]


def test_a_page_that_runs_again_takes_the_place_of_all_before_it(queue):
    queue.clear(retain_lifecycle_msgs=True)
    queue.enqueue(drawn("by the next"))
    assert told(queue) == ["FINISHED_EARLY_FOR_RERUN", "by the next"]
    queue.enqueue(drawn("more"))
    queue.clear()
    assert queue.is_empty()
