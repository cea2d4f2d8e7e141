"""One reader of a run for all who watch it: each event is encoded once, and sent to each in its own
time.

Nobody has a queue. A watcher knows how far along the curve it is and which version of each part it
has seen; when it can take more, it gets all points since then and the newest of each part. So a
slow one loses pictures, never points, and costs no memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cnn import runs
from cnn.runs.watching import Subject, still_watching, watch
from ui.live.reader import Reader

IDLE_SECONDS = 5.0  # that a feed lives on without a watcher: a reload, a tab seen again
LOOK_SECONDS = 0.05  # between two looks at the folder's times
COMMENT_SECONDS = 15.0  # a proxy closes what is silent for longer
TOUCH_SECONDS = 1.0  # between two words to the worker that somebody still watches
RETRY_MS = 1000  # after which a browser asks again

PARTS = ("status", "images", "epochs", "start", "live", "check", "accuracies")


def encode(event: str, data: object, identity: str = "") -> bytes:
    """A server-sent event; `data` becomes JSON on one line, numbers that are none become null."""
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(data), separators=(",", ":"))
    return event_bytes(event, text.encode(), identity)


def event_bytes(event: str, line: bytes, identity: str = "") -> bytes:
    """A server-sent event of a line that is JSON already."""
    name = f"id: {identity}\n" if identity else ""
    return f"{name}event: {event}\ndata: ".encode() + line + b"\n\n"


def _finite(data: object) -> object:
    """The same without NaN and infinity, which are no JSON."""
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


@dataclass
class _Watcher:
    """What one browser has been sent."""

    subjects: dict[str, Subject]  # whose way through the network it wants to see, by key
    last_id: str  # where it had come to before this connection
    begin: int | None = None  # the first point it lacks; None: it needs the whole curve
    curve: int | None = None  # which curve these points are of, by `told_anew`
    versions: dict[str, int | None] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Feed:
    """The events of one run. Ends by itself when the run does, or when nobody watches."""

    def __init__(self, run: runs.Run):
        self.reader = Reader(run)
        self.encodings = 0  # how often something was put into bytes: once for all watchers
        self._watchers: list[_Watcher] = []
        self._asked: set[str] = set()  # the keys of the subjects that the worker knows of
        self._touched = 0.0
        self._encoded: dict[tuple[str, int | None], bytes] = {}
        self._reading = asyncio.Lock()  # the story is not told while it is being written
        self._closed = False
        self._task = asyncio.create_task(self._read_on())

    @property
    def watchers(self) -> int:
        """How many watch this run now."""
        return len(self._watchers)

    @property
    def done(self) -> bool:
        """Whether it can take no more watchers."""
        return self._closed or self._task.done()

    async def _read_on(self) -> None:
        nobody_since = time.monotonic()
        try:
            while not self._closed:
                if self.reader.changed():
                    async with self._reading:
                        await asyncio.to_thread(self.reader.read)
                        self._encoded.clear()
                    self._wake()
                if self.reader.story.ended:
                    return
                self._ask()
                await asyncio.sleep(LOOK_SECONDS)
                if self._watchers:
                    nobody_since = time.monotonic()
                elif time.monotonic() - nobody_since > IDLE_SECONDS:
                    return
        except Exception:
            logging.getLogger(__name__).exception("%s can no longer be watched", self.reader.run.id)
        finally:
            if self._asked:
                watch(self.reader.run, ())
            if not self.reader.story.ended:
                self.close()

    def _ask(self) -> None:
        """Tell the worker what is watched, where that changed, and each second that it still is."""
        subjects = {k: s for watcher in self._watchers for k, s in watcher.subjects.items()}
        now = time.monotonic()
        if set(subjects) != self._asked:
            self._asked, self._touched = set(subjects), now
            watch(self.reader.run, reversed(subjects.values()))  # the newest first
        elif subjects and now - self._touched > TOUCH_SECONDS:
            self._touched = now
            still_watching(self.reader.run)

    def _wake(self) -> None:
        for watcher in self._watchers:
            watcher.woken.set()

    def close(self) -> None:
        """End every stream without a word: the browsers will ask again."""
        self._closed = True
        self._wake()

    async def events(
        self, last_id: str = "", subjects: Iterable[Subject] = ()
    ) -> AsyncGenerator[bytes, None]:
        """Everything that is new after `last_id`, as it comes, until the run ends; with frames of
        `subjects`."""
        watcher = _Watcher({subject.key: subject for subject in subjects}, last_id)
        self._watchers.append(watcher)
        story = self.reader.story
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            while not self._closed:
                async with self._reading:
                    watcher.woken.clear()
                    if self._closed:  # between the look above and this
                        return
                    news, ended = self._news(watcher), story.ended
                if news:
                    yield news
                if ended:
                    state = "deleted" if story.deleted else story.state
                    yield encode("ended", {"state": state}, story.place)
                    return
                try:
                    await asyncio.wait_for(watcher.woken.wait(), COMMENT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._watchers.remove(watcher)

    def _news(self, watcher: _Watcher) -> bytes:
        """All points that the watcher lacks and the newest of each part it has not seen."""
        story, news = self.reader.story, []
        if not story.parts:  # nothing is read yet, or the folder is gone
            return b""
        if watcher.curve != story.told_anew:
            begun = watcher.curve is not None
            watcher.begin = None if begun else story.index_after(watcher.last_id)
            watcher.curve = story.told_anew
        if watcher.begin != len(story.points):
            news.append(self._bytes("points", watcher.begin))
            watcher.begin = len(story.points)
        for name in (*PARTS, *(f"frame {key}" for key in watcher.subjects)):
            version = story.version.get(name)
            if version != watcher.versions.get(name):
                watcher.versions[name] = version
                news.append(self._bytes(name))
        return b"".join(news)

    def _bytes(self, name: str, begin: int | None = None) -> bytes:
        """A part, or the points from `begin` on, as an event: the same bytes for all."""
        story, key = self.reader.story, (name, begin)
        if key not in self._encoded:
            self.encodings += 1
            event, _, subject = name.partition(" ")
            if subject:
                made = event_bytes(event, story.frames[subject], story.place)
            elif event == "points":
                made = encode(event, story.points_from(begin), story.place)
            else:
                made = encode(event, story.parts[event], story.place)
            self._encoded[key] = made
        return self._encoded[key]


class Feeds:
    """The feeds of all runs that somebody watches."""

    def __init__(self) -> None:
        self._feeds: dict[Path, Feed] = {}

    def of(self, run: runs.Run) -> Feed:
        """The run's feed, begun where there is none."""
        for path in [path for path, feed in self._feeds.items() if feed.done]:
            del self._feeds[path]
        if run.path not in self._feeds:
            self._feeds[run.path] = Feed(run)
        return self._feeds[run.path]

    @property
    def watchers(self) -> int:
        """How many browsers watch some run now."""
        return sum(feed.watchers for feed in self._feeds.values())

    def close(self) -> None:
        """End every stream, as the server ends."""
        for feed in self._feeds.values():
            feed.close()
