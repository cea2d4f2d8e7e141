"""Images that pages want to see on their way through a network in training, known by their keys.

A page's script registers them and hands the key to its component; the browser names the key when it
opens the stream. Both live in the server's one process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from cnn.runs.watching import MOST_SUBJECTS, Subject

KEPT = 256

_lock = threading.Lock()
_subjects: OrderedDict[str, Subject] = OrderedDict()


def register(subject: Subject) -> str:
    """Its key, under which a stream can be asked for it from now on."""
    with _lock:
        _subjects[subject.key] = subject
        _subjects.move_to_end(subject.key)
        while len(_subjects) > KEPT:
            _subjects.popitem(last=False)
    return subject.key


def known(keys: Iterable[str]) -> list[Subject]:
    """Those of the keys that were registered."""
    with _lock:
        return [_subjects[key] for key in list(keys)[:MOST_SUBJECTS] if key in _subjects]
