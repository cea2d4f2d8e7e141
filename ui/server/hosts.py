"""The names under which this server is known, so that nobody reaches it by another."""

from __future__ import annotations

import socket

import psutil
import streamlit as st
from streamlit import config

OPTION = "server.allowedHosts"


def allow_own_names() -> None:
    """Add this machine's own names and addresses to `server.allowedHosts`, where that names any.

    A class opens the address that the teacher's machine shows. What is kept out are other names
    that somebody made to mean this machine (DNS rebinding); an address or its own name is none.
    """
    listed = list(st.get_option(OPTION) or [])
    if listed and "*" not in listed:
        config.set_option(OPTION, [*listed, *(name for name in own_names() if name not in listed)])


def own_names() -> list[str]:
    """This machine's name, as itself and in its network, and its addresses."""
    name = socket.gethostname().lower()
    families = (socket.AF_INET, socket.AF_INET6)
    addresses = [
        one.address.partition("%")[0]
        for found in psutil.net_if_addrs().values()
        for one in found
        if one.family in families
    ]
    return [name, f"{name}.local", *addresses]
