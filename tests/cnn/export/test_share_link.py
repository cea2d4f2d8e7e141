"""Share links: short, checked, and of no use to an attacker."""

import base64
import hashlib
import json
import re
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.export import share_link
from cnn.export.share_link import SharingError, from_link, to_link
from cnn.network import Architecture
from cnn.network.layers import AvgPool2d, Conv2d
from cnn.presets import PRESETS
from cnn.training import Settings
from tests import strategies

TOKEN = to_link(PRESETS["compact"].architecture, Settings(), "mnist")


def forged(value: object, text: bytes | None = None) -> str:
    """A token with a right checksum and whatever inside."""
    text = json.dumps(value).encode() if text is None else text
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=share_link._DICTIONARY)
    packed = packer.compress(text) + packer.flush()
    return (
        base64.urlsafe_b64encode(share_link.FORMAT + share_link._checksum(packed) + packed)
        .rstrip(b"=")
        .decode()
    )


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_every_preset_fits_and_returns(preset):
    link = to_link(preset.architecture, preset.settings, "mnist", {"dataset"}, {"architecture"})
    assert re.fullmatch(r"[A-Za-z0-9_-]+", link)
    assert len(link) < 500
    shared = from_link(link)
    assert shared.architecture == preset.architecture and shared.settings == preset.settings


@settings(max_examples=60, deadline=None)
@given(st.lists(strategies.layers(small=False), min_size=15, max_size=15), strategies.classifiers())
def test_fifteen_layers_of_any_kind_stay_below_2000_characters(layers, head):
    architecture = Architecture(layers=tuple(layers), head=head)
    every = list(share_link.CONTROLS)
    assert len(to_link(architecture, Settings(seed=2**31 - 1), "mnist", every, every)) < 2000


def test_sixty_layers_with_every_field_changed_can_still_be_read():
    same = {"stride": 2, "padding": "valid", "bias": False, "dilation": 3, "init": "orthogonal"}

    def layer(i: int):
        if i % 2 == 0:
            return AvgPool2d(kernel_size=i % 7 + 1, stride=i % 5 + 1)
        sizes = {"filters": i % 256 + 1, "kernel_size": i % 11 + 1, "groups": i % 7 + 1}
        return Conv2d(**sizes, **same, enabled=False)

    architecture = Architecture(layers=tuple(map(layer, range(60))))
    assert from_link(to_link(architecture, Settings())).architecture == architecture


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_"))
@settings(max_examples=100, deadline=None)
def test_an_edited_link_is_refused(place, letter):
    edited = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if edited == TOKEN:
        return
    try:
        shared = from_link(edited)
    except SharingError:
        return
    # Base64's last letter holds bits that no byte uses: the same bytes, the same network.
    assert place == len(TOKEN) - 1
    assert shared == from_link(TOKEN)


@pytest.mark.parametrize("length", range(0, len(TOKEN), 7))
def test_a_cut_link_is_refused(length):
    with pytest.raises(SharingError):
        from_link(TOKEN[:length])


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_anything_else_is_refused(text):
    with pytest.raises(SharingError):
        from_link(text)


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("A" * 9_000, "longer than 8,000 characters"),
        ("!!!!", "not a share link"),
        (base64.urlsafe_b64encode(b"\x09" + b"x" * 40).decode(), "newer version"),
        (forged(None, b" " * 200_000 + b"{}"), "holds more than a network"),
        (forged(None, b"not json"), "checksum"),
        (forged([1]), "checksum"),
        (forged({"architecture": {"layers": [{"kind": "worm"}]}}), "worm.+ is of no known kind"),
        (forged({"architecture": {}, "settings": {"epochs": 10**9}}), "epochs"),
        (forged({"architecture": {}, "dataset": "../etc/passwd"}), "unknown here"),
        (forged({"architecture": {}, "dataset": 3}), "unknown here"),
        (forged({"architecture": {}, "hidden": ["password"]}), "no control 'password'"),
        (forged({"architecture": {}, "fixed": "seed"}), "not a list"),
        (forged({"architecture": {}, "hidden": [[]]}), "not a list"),
        (forged(None, b'{"architecture":' + b"[" * 990 + b"]" * 990 + b"}"), "checksum"),
        (forged({"architecture": {}, "dataset": "\u202e\ud800"}), r"\\u202e\\ud800', unknown"),
        (forged({"architecture": {}, "hidden": ["\x1b" * 3000]}), r"no control '(\\x1b)+…'"),
    ],
)
def test_a_foreign_link_says_what_is_wrong(token, says):
    with pytest.raises(SharingError, match=says):
        from_link(token)


def test_only_known_controls_and_data_sets_can_be_linked():
    architecture = PRESETS["compact"].architecture
    with pytest.raises(SharingError, match="no control 'colour'"):
        to_link(architecture, Settings(), hidden={"colour"})
    with pytest.raises(SharingError, match="no data set"):
        to_link(architecture, Settings(), "cifar")


def test_the_dictionary_never_changes_within_a_format():
    """Links already sent to a class must stay readable: change FORMAT if this must change."""
    assert hashlib.sha256(share_link._DICTIONARY).hexdigest()[:16] == "e6488b8b7fd9abbe"
    old = (
        "AWrZ9ZNDsERrqyZWGe7wRQ9eMlIB9uQKtws9-qiQ7rDbCE9R-JKgARnWoZti"
        "YUK0IbE4UhcoGYMTLCRYQMkcM70ZGOtgSXK1eBMY0DZg6kJKZnDFsbUA"
    )
    assert from_link(old).architecture == PRESETS["lenet5"].architecture


@pytest.mark.parametrize(
    "value",
    [
        {"settings": {"epochs": True}},
        {"settings": {"epochs": "3"}},
        {"architecture": {"version": 1, "layers": [{"kind": "conv2d", "filters": True}]}},
    ],
)
def test_a_value_of_another_kind_is_not_taken_for_a_number(value):
    whole = {"architecture": {"version": 1, "layers": [{"kind": "flatten"}]}, "settings": {}}
    from_link(forged(whole))
    with pytest.raises(SharingError, match="wrong kind"):
        from_link(forged({**whole, **value}))
