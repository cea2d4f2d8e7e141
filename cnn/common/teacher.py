"""The teacher's secret, and the keys that stand for it in a browser: signed by this server, good
for some hours, and for nothing any more once the secret is another.

The secret itself is typed once; it would be read off a projector otherwise.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from cnn.common import workspaces
from cnn.common.server import server_settings

SECONDS = 12 * 3600  # a school day
_LONGEST = 80  # characters of a key


def is_secret(given: str) -> bool:
    """Whether it is the teacher's secret (`CNN_TEACHER`); never where there is none."""
    secret = server_settings().teacher
    return bool(secret) and hmac.compare_digest(_bytes(given), _bytes(secret or ""))


def new_key() -> str:
    """A key for the teacher's browser: when it ends, and the signature of that."""
    until = f"{int(time.time()) + SECONDS:x}"
    return f"{until}.{_signature(until)}"


def is_key(given: str) -> bool:
    """Whether this server has made that key for the secret of today, and it has not ended."""
    until, dot, signature = given[:_LONGEST].partition(".")
    if not dot or not server_settings().teacher:
        return False
    if not hmac.compare_digest(_bytes(signature), _bytes(_signature(until))):
        return False
    return time.time() < int(until, 16)  # it is ours, so it is a number


def _signature(until: str) -> str:
    secret = hashlib.sha256(_bytes(server_settings().teacher or "")).hexdigest()
    return workspaces.signature(f"teacher {until} {secret}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
