"""The guard before every request: known hosts, bounded uploads, no metrics for visitors, headers;
and the way to a page whose name was written with capitals.

Streamlit checks `server.allowedHosts` for its web socket alone; a page of somebody else's whose
name was made to mean this server (DNS rebinding) could still read `/live/` and upload. It bounds
one upload, not those of a session. So this middleware checks whatever comes in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

import streamlit as st
from humanize import naturalsize
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from cnn.common.paths import PROJECT
from cnn.common.server import ServerError, server_settings

MOST_UPLOADS = 30  # files that a session holds at once
MOST_UPLOADED = 60_000_000  # bytes of them all
OVERHEAD = 16_000  # bytes that a form lays around a file
PAGES = frozenset(path.stem for path in (PROJECT / "pages").glob("[a-z]*.py"))
FRONT = "play"  # the page that stands at the server's own address
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}

# How much each session holds: by its files' ids, their bytes.
Held = Callable[[str], Mapping[str, int]]


def held_by(session: str) -> Mapping[str, int]:
    """The bytes of each file that Streamlit keeps for a session, by the file's id."""
    manager = get_instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    return {name: len(file.data) for name, file in manager.file_storage.get(session, {}).items()}


class Guard:
    """An ASGI app before another, below the server's base path."""

    def __init__(self, app: ASGIApp, held: Held = held_by):
        self.app, self.held = app, held
        base = (st.get_option("server.baseUrlPath") or "").strip("/")
        core = f"/{base}/_stcore" if base else "/_stcore"
        self.base = f"/{base}/" if base else "/"
        self.uploads, self.metrics = f"{core}/upload_file/", f"{core}/metrics"
        self.health = f"{core}/health"  # whoever watches over a container asks by its address
        self.coming: dict[str, dict[str, int]] = {}  # on their way: bytes by session and file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; hand everything else on."""
        if scope["type"] != "http":  # a web socket's host is checked by Streamlit
            await self.app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found.setdefault(name, value)
            await send(message)

        async def refuse(status: int, why: str) -> None:
            await PlainTextResponse(why, status)(scope, receive, with_headers)

        if path != self.health and not is_host_allowed(headers.get("host")):
            await refuse(421, "This server does not answer to that name (server.allowedHosts).")
        elif path.rstrip("/") == self.metrics:
            await refuse(404, "Not Found")
        elif scope["method"] == "PUT" and path.startswith(self.uploads):
            await self._upload(scope, receive, with_headers, refuse)
        elif (page := self._page_meant(path)) is not None:
            asked = scope.get("query_string", b"").decode("ascii", "ignore")
            way = RedirectResponse(f"{self.base}{page}?{asked}".rstrip("?"))
            await way(scope, receive, with_headers)
        else:
            await self.app(scope, receive, with_headers)

    def _page_meant(self, path: str) -> str | None:
        """The page that an address means which Streamlit does not know: `/Learn`, and `/play` for
        the front page, whose own address is empty. None for any other address."""
        name = path.removeprefix(self.base).rstrip("/")
        if name.lower() == FRONT:
            return ""
        return name.lower() if name.lower() in PAGES and name != name.lower() else None

    async def _upload(self, scope: Scope, receive: Receive, send: Send, refuse: Callable) -> None:
        """Let a file through where its session has room for it, by the length it says it has; a
        request that says none is refused."""
        session, _, file = scope["path"].removeprefix(self.uploads).partition("/")
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            await refuse(411, "An upload has to say how long it is.")
            return
        coming = self.coming.setdefault(session, {})
        others = {**self.held(session), **coming}
        others.pop(file, None)
        each, count = _limits()
        if each is not None and int(length) > each + OVERHEAD:
            await refuse(413, f"A file may have {naturalsize(each)} here.")
        elif len(others) >= count:
            await refuse(413, f"A visit holds at most {count} files: remove one first.")
        elif sum(others.values()) + int(length) > MOST_UPLOADED + OVERHEAD:
            most = f"{MOST_UPLOADED // 1_000_000} MB"
            await refuse(413, f"The files of a visit take at most {most}: remove one first.")
        else:
            coming[file] = int(length)
            try:
                await self.app(scope, receive, send)
            finally:
                coming.pop(file, None)
        if not coming:
            self.coming.pop(session, None)


def _limits() -> tuple[int | None, int]:
    """The most bytes of a file, None where Streamlit's own limit is all, and files of a session."""
    with contextlib.suppress(ServerError):  # the pages say what is wrong with the settings
        settings = server_settings()
        return settings.max_upload_bytes, min(settings.max_uploads or MOST_UPLOADS, MOST_UPLOADS)
    return None, MOST_UPLOADS
