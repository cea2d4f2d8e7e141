"""The app's own routes: a run's live stream, and Plotly's script from the installed package."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import logging
import signal
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from importlib import metadata, util
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from cnn import runs
from cnn.runs import ending, standby
from ui.live import subjects
from ui.live.feed import Feeds
from ui.live.keys import key_of, open_stream

PLOTLY_VERSION = metadata.version("plotly")
_HEADERS = {
    "Cache-Control": "no-cache, no-transform",  # a proxy that compresses would hold events back
    "X-Accel-Buffering": "no",
}


MOST_WATCHERS = 400  # a process may usually have 1,024 files and connections open
MOST_OF_ONE = 40  # of them with one key: one visitor keeps nobody else out


class Routes:
    """The routes below `base`, and the feeds that answer them."""

    def __init__(self, base: str = ""):
        prefix = f"/{base.strip('/')}" if base.strip("/") else ""
        self.feeds, self.ending = Feeds(), False
        self.of_key: Counter[str] = Counter()  # how many streams are open
        self.routes = [
            Route(f"{prefix}/live/{{name}}", self._stream),
            Route(f"{prefix}/script/{{version}}/plotly.min.js", _plotly),
        ]

    async def _stream(self, request: Request) -> Response:
        """The run's events after the id that the browser knows."""
        try:
            run = open_stream(request.path_params["name"])
        except runs.RunError:
            return PlainTextResponse(
                "There is no such run here.", 404, headers={"Cache-Control": "no-store"}
            )
        key = key_of(request.path_params["name"])
        if self.feeds.watchers >= MOST_WATCHERS or self.of_key[key] >= MOST_OF_ONE:
            return PlainTextResponse("Too many watch at once.", 503, headers={"Retry-After": "10"})
        # A browser sends the header when it reconnects by itself, the page the other.
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        keys = request.query_params.get("watch", "").split(",")
        events = self.feeds.of(run).events(last[:80], subjects.known(keys))
        counted = self._counted(events, key) if key else events
        return StreamingResponse(counted, media_type="text/event-stream", headers=_HEADERS)

    async def _counted(self, events: AsyncGenerator[bytes, None], key: str) -> AsyncIterator[bytes]:
        """The same events; the stream counts for its key while they come."""
        self.of_key[key] += 1
        try:
            async with contextlib.aclosing(events):
                async for event in events:
                    yield event
        finally:
            self.of_key[key] -= 1
            if not self.of_key[key]:
                del self.of_key[key]

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[dict[str, object] | None]:
        """End the streams as soon as the server is asked to end: it waits for them; and at last the
        worker in standby, and the trainings where they are to end with the server."""
        log = logging.getLogger(__name__)
        log.info("the server is ready")
        with _called_at_exit(self._end):
            yield None
        self._end()
        if ending.wanted() and (left := await asyncio.to_thread(ending.wait)):
            log.warning("still training as the server ends: %s", ", ".join(left))
        standby.end()
        log.info("the server ends")

    def _end(self) -> None:
        self.feeds.close()
        if ending.wanted() and not self.ending:
            self.ending = True
            threading.Thread(target=ending.ask_all_to_stop).start()


@contextlib.contextmanager
def _called_at_exit(call: Callable[[], None]) -> Iterator[None]:
    """Call it when the process is asked to end, before the handler that stands now is.

    The server first waits for all connections, and only then ends its lifespan: streams that ended
    with that would keep it waiting for ever.
    """
    if threading.current_thread() is not threading.main_thread():  # signals go to another
        yield
        return
    loop, before = asyncio.get_running_loop(), dict[signal.Signals, Any]()

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for caught in (signal.SIGTERM, signal.SIGINT):
        before[caught] = signal.signal(caught, on_signal)
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)


@functools.cache
def plotly_script() -> bytes:
    """Plotly's script as the installed package has it, compressed."""
    package = util.find_spec("plotly")
    assert package is not None and package.origin is not None
    return gzip.compress(
        (Path(package.origin).parent / "package_data/plotly.min.js").read_bytes(), 6
    )


async def _plotly(request: Request) -> Response:
    """It never changes under its version's address."""
    script = await asyncio.to_thread(plotly_script)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Encoding": "gzip",
        "Vary": "Accept-Encoding",
    }
    if "gzip" not in request.headers.get("accept-encoding", ""):
        script = gzip.decompress(script)
        del headers["Content-Encoding"]
    return Response(script, media_type="text/javascript", headers=headers)
