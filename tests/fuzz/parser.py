"""What a parser is to the fuzzers, and inputs of its own: whole ones that were cut, spliced and
given other values (`mutated`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True)
class Parser:
    """`parse` takes bytes and may raise `errors`, no others. `seeds`: whole inputs."""

    name: str
    parse: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], list[bytes]]


NASTY = [
    *(b"true", b"null", b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"[]", b"{}", b'""', b"1.5"),
    *(b"9" * 400, b"1e308", b'"\\ud800"', b"[" * 150, b'{"a":' * 150, b"\x00", b"\xff\xfe"),
    *(b"../../etc/passwd", b"\n", b"\r\n", b"..", b"=", b",", b"," * 40, b"\xe2\x80\xae"),
]


def mutated(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """Whole inputs with up to five changes, and now and then bytes that are none of ours."""
    change = st.tuples(
        st.sampled_from(["put", "replace", "cut", "copy", "token"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.one_of(st.sampled_from(NASTY), st.binary(max_size=8)),
    )
    whole = st.sampled_from(seeds)
    return st.one_of(st.builds(_change, whole, st.lists(change, max_size=5)), st.binary())


def _change(data: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    for what, share, length, put in changes:
        at = int(share * (len(data) + 1))
        if what == "put":
            data = data[:at] + put + data[at:]
        elif what == "replace":
            data = data[:at] + put + data[at + max(1, len(put)) :]
        elif what == "cut":
            data = data[:at] + data[at + length :]
        elif what == "copy":
            data = data[:at] + data[at // 2 : at // 2 + 4 * length] + data[at:]
        else:  # another value in the place of one
            begin = data.find(b":", at) + 1
            ends = [place for end in b",}]" if (place := data.find(bytes([end]), begin)) > 0]
            data = data[:begin] + put + data[min(ends, default=len(data)) :]
    return data
