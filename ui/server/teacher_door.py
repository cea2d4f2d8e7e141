"""Where the teacher comes in: `/?teacher=SECRET` is answered by a cookie and an address without it.

The cookie holds a signed key (`cnn.common.teacher`), is kept from scripts, and goes to this server
alone. So pages, a reload and a second tab are the teacher's, and a projector shows nothing.
"""

from __future__ import annotations

import contextlib
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cnn.common import teacher
from cnn.common.server import ServerError, server_settings

PARAMETER = "teacher"  # in the address
COOKIE = "cnn_teacher"
ACCEPTED = "on"  # what stands in the secret's place; the page takes it away


class TeacherDoor:
    """An ASGI app before another, below the server's base path."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self.path = f"/{(st.get_option('server.baseUrlPath') or '').strip('/')}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer who brings the secret, or gives the key back; hand everything else on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            given = dict(query).get(PARAMETER)
            if given is not None and (cookie := self._answer(given, scope)):
                rest = [pair for pair in query if pair[0] != PARAMETER]
                if given:
                    rest.append((PARAMETER, ACCEPTED))
                # Relative to the address as the browser has it, whatever proxies make of that.
                headers = {"Location": f"?{urlencode(rest)}", "Cache-Control": "no-store"}
                answer = Response(status_code=303, headers=headers)
                answer.headers["Set-Cookie"] = cookie
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _answer(self, given: str, scope: Scope) -> str:
        """The cookie to set: with a key for the secret, an empty one for nothing; "" for others."""
        with contextlib.suppress(ServerError):  # the pages say what is wrong with the settings
            if server_settings().class_ and (not given or teacher.is_secret(given)):
                return self._cookie(teacher.new_key() if given else "", scope)
        return ""

    def _cookie(self, value: str, scope: Scope) -> str:
        cookie: SimpleCookie = SimpleCookie({COOKIE: value})
        attributes = cookie[COOKIE]
        attributes["path"], attributes["httponly"] = self.path, True
        attributes["samesite"] = "Strict"
        attributes["max-age"] = teacher.SECONDS if value else 0
        forwarded = Headers(scope=scope).get("x-forwarded-proto", "")
        attributes["secure"] = "https" in (scope.get("scheme"), forwarded)
        return cookie[COOKIE].OutputString()
