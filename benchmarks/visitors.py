"""Visitors who speak Streamlit's protocol: what a browser sends and receives, without the browser.

A rerun begins with the message that asks for it and ends with the one that says the script has
finished, all that it shows received and decoded. Loopback only.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

MOST_SECONDS = 60.0  # for one rerun
BYTES = 100_000_000  # of one message
ENDED = {
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
}


@dataclass
class Shown:
    """One element that the last rerun showed."""

    kind: str
    id: str
    label: str
    fragment: str
    element: Message


@dataclass
class Visitor:
    """One session. `errors` are exceptions that a page showed and connections that broke."""

    url: str
    query: str = ""
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)  # hashes by their path
    page: str = ""
    states: dict[str, WidgetState] = field(default_factory=dict)
    socket: ClientConnection | None = None

    async def enter(self) -> None:
        """Open the connection and the first page."""
        parts = urlsplit(self.url)
        if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("Only a server on this very machine is measured.")
        address = f"ws://{parts.netloc}/_stcore/stream"
        self.socket = await connect(
            address, subprotocols=["streamlit"], origin=self.url, max_size=BYTES
        )
        await self._rerun()

    async def leave(self) -> None:
        """Close the tab."""
        if self.socket:
            await self.socket.close()

    async def go(self, page: str) -> None:
        """Another page of the navigation, by its path."""
        self.page, self.states = page, {}
        await self._rerun()

    async def rerun(self) -> None:
        """The same page once more."""
        await self._rerun()

    async def press(self, label: str) -> None:
        """A button whose label begins so."""
        if found := self._find("button", label):
            await self._rerun(WidgetState(id=found.id, trigger_value=True), found.fragment)

    async def draw(self, drawing: dict[str, object]) -> None:
        """Report a drawing as the canvas does."""
        if found := self._find("bidi_component", "streamlit-drawable-canvas"):
            value = json.dumps({"drawing": {"raw": drawing}})
            self.states[found.id] = WidgetState(id=found.id, json_value=value)
            await self._rerun(None, found.fragment)

    def _find(self, kind: str, label: str) -> Shown | None:
        """The newest element of that kind and label; its absence is an error."""
        for one in reversed(self.shown):
            if one.kind == kind and one.label.startswith(label):
                return one
        self.errors.append(f"{self.page}: no {kind} '{label}'")
        return None

    async def _rerun(self, trigger: WidgetState | None = None, fragment: str = "") -> None:
        assert self.socket
        message = BackMsg()
        ask = message.rerun_script
        ask.query_string, ask.fragment_id = self.query, fragment
        ask.page_script_hash = self.pages.get(self.page, "")
        ask.context_info.url = f"{self.url}/{self.page}?{self.query}"
        ask.context_info.timezone = "UTC"
        states = [*self.states.values(), *([trigger] if trigger else [])]
        ask.widget_states.widgets.extend(states)
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        self.shown = [one for one in self.shown if fragment and one.fragment != fragment]
        try:
            async with asyncio.timeout(MOST_SECONDS):
                while not self._take(ForwardMsg.FromString(await self.socket.recv())):
                    pass
        except TimeoutError:
            self.errors.append(f"{self.page}: no answer within {MOST_SECONDS:g} s")
        self.seconds.append(time.perf_counter() - began)

    def _take(self, told: ForwardMsg) -> bool:
        """Note what a message shows; whether it ends the rerun."""
        kind = told.WhichOneof("type")
        if kind == "navigation":
            found = told.navigation.app_pages
            self.pages = {one.url_pathname: one.page_script_hash for one in found}
            self.pages[""] = next(one.page_script_hash for one in found if one.is_default)
        elif kind == "page_info_changed":
            self.query = told.page_info_changed.query_string
        elif kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            element = told.delta.new_element
            name = element.WhichOneof("type") or ""
            one = getattr(element, name, None)
            if name == "exception":
                self.errors.append(f"{self.page}: {one.type}: {one.message}")
            label = getattr(one, "label", "") or getattr(one, "component_name", "")
            self.shown.append(
                Shown(name, getattr(one, "id", ""), label, told.delta.fragment_id, element)
            )
        elif told.session_event.WhichOneof("type") == "script_compilation_exception":
            self.errors.append(f"{self.page}: the script cannot be compiled")
        return kind == "script_finished" and told.script_finished in ENDED


async def watch(url: str, run_id: str, leave: asyncio.Event) -> int:
    """Read a run's live stream until `leave`; returns how many events came."""

    def read() -> int:
        events = 0
        address = f"{url}/live/{run_id}?{urlencode({'after': ''})}"
        with urllib.request.urlopen(address, timeout=MOST_SECONDS) as answer:
            while not leave.is_set() and (line := answer.readline()):
                events += line.startswith(b"data:")
        return events

    return await asyncio.to_thread(read)
