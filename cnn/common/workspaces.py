"""Workspaces: whose runs, digits, measurements and sweeps.

On one's own machine there is one, the runs' folder itself (`current` is None). On a class server
each visitor has one, a folder in `.workspaces` there: `v…`, whose name is its key, issued by this
server, and stands in the visitor's address, or `n…`, made of the name by which somebody is logged
in. Everybody reads what is in `class`; the teacher works in it.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

from cnn.common.paths import PROJECT
from cnn.common.server import ServerError, server_settings

FOLDER = ".workspaces"
CLASS = "class"
NOBODY = "nobody"  # of whom no workspace is known: there is nothing in it, nor can there be
VARIABLE = "CNN_WORKSPACE"  # by which a worker process is told
SECRET = ".secret"  # beside the workspaces: what the keys are signed with
MARK = 11  # characters of a key's signature: 66 bits
# Keys of earlier versions have none: they open what is there already.
_VISITOR = re.compile(rf"v[A-Za-z0-9_-]{{22}}(?:[A-Za-z0-9_-]{{{MARK}}})?")
_NAMED = re.compile(r"n[0-9a-f]{32}")

_chosen: ContextVar[str | None] = ContextVar("workspace")
_provider: list[Callable[[], str | None]] = []


def root() -> Path:
    """The folder of all runs, and of what all workspaces share: `CNN_RUNS_DIR`, or `runs` beside
    the app."""
    return Path(os.environ.get("CNN_RUNS_DIR") or PROJECT / "runs")


def new_visitor() -> str:
    """A workspace that nobody can guess (128 random bits), signed by this server."""
    name = f"v{secrets.token_urlsafe(16)}"
    return name + signature(name)[:MARK]


def is_visitor(text: str) -> bool:
    """Whether it looks like such a workspace."""
    return _VISITOR.fullmatch(text) is not None


def is_issued(text: str) -> bool:
    """Whether it is a visitor's workspace that this server has issued, or that is there already: no
    other is opened by an address, so that nobody chooses another's key."""
    if not is_visitor(text):
        return False
    name, mark = text[:-MARK], text[-MARK:]
    return hmac.compare_digest(mark, signature(name)[:MARK]) or folder(text).is_dir()


def signature(text: str) -> str:
    """This server's signature of a text, 43 characters: nobody else can make it."""
    secret = _secret(root() / FOLDER / SECRET)
    digest = hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@functools.lru_cache(maxsize=16)
def _secret(file: Path) -> bytes:
    """The server's secret, made where there is none yet; where none can be kept, this process's."""
    made = secrets.token_bytes(32)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_name(f"{SECRET}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(
                os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as new:
                new.write(made)
            with contextlib.suppress(FileExistsError):
                os.link(whole, file)  # another process may have been first: then its counts
        finally:
            whole.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        kept = file.read_bytes()
        if len(kept) == len(made):
            return kept
    return made


def named(name: str) -> str:
    """The workspace of whoever is logged in under that name. No address opens it."""
    digest = hashlib.sha256(name.strip().casefold().encode("utf-8", "surrogatepass"))
    return f"n{digest.hexdigest()[:32]}"


def is_workspace(text: str) -> bool:
    """Whether it names a workspace: only then may it be part of a path."""
    return is_visitor(text) or bool(_NAMED.fullmatch(text)) or text in (CLASS, NOBODY)


def provide(provider: Callable[[], str | None]) -> None:
    """Let `provider` say which workspace is meant where nothing else does: the session's."""
    _provider[:] = [provider]


@contextlib.contextmanager
def working_in(workspace: str | None) -> Iterator[None]:
    """Work in that workspace, in this thread or task, whatever the session says."""
    before = _chosen.set(workspace)
    try:
        yield
    finally:
        _chosen.reset(before)


def current() -> str | None:
    """The workspace meant here: that of `working_in`, of the session, or of this process; None: the
    runs' folder itself. Raises ServerError where the process was given none that there can be."""
    with contextlib.suppress(LookupError):
        return _chosen.get()
    for provider in _provider:
        if (workspace := provider()) is not None:
            return workspace
    workspace = os.environ.get(VARIABLE) or None
    if workspace is not None and not is_workspace(workspace):
        raise ServerError(f"{VARIABLE}: this names no workspace.")
    return workspace


def folder(workspace: str | None) -> Path:
    """Where a workspace's runs lie."""
    if workspace is None:
        return root()
    if not is_workspace(workspace):
        raise ValueError("This names no workspace.")
    return root() / FOLDER / workspace


def of(path: Path) -> str | None:
    """The workspace in whose folder `path` lies; None: in none."""
    parent = path.parent
    return parent.name if parent.parent.name == FOLDER else None


def may_begin(workspace: str | None) -> bool:
    """Whether something may be put into that workspace: it has a folder already, or this server may
    have one more."""
    most = server_settings().max_workspaces
    if most is None or workspace in (None, CLASS) or folder(workspace).exists():
        return True
    return len(existing()) < most


def existing() -> list[str]:
    """Every visitor's workspace that has a folder, the class's not."""
    with contextlib.suppress(OSError):
        return sorted(
            path.name
            for path in (root() / FOLDER).iterdir()
            if is_workspace(path.name) and path.name != CLASS and path.is_dir()
        )
    return []
