"""The picture of the network: well-formed, complete, to scale, and no wider than it may be."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn.figures.colours import LAYER_GROUPS
from cnn.figures.network import network_svg, row_text
from cnn.network import Architecture
from cnn.network.layers import HIDDEN_LAYERS, Conv2d, Flatten, Linear, MaxPool2d
from cnn.presets import PRESETS

SVG = "{http://www.w3.org/2000/svg}"


def blocks(svg: str) -> list[ET.Element]:
    return [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("data-layer")]


def front(block: ET.Element) -> tuple[float, float]:
    """Width and height of a block's front face."""
    path = block.findall(f"{SVG}path")[2].get("d") or ""
    found = re.fullmatch(r"M[\d.]+ [\d.]+h([\d.]+)v([\d.]+)h-[\d.]+z", path)
    assert found, path
    return float(found[1]), float(found[2])


@pytest.mark.parametrize("name", list(PRESETS))
@pytest.mark.parametrize("width", [350, 1040])
def test_every_layer_of_every_preset_has_its_block(name, width):
    rows = PRESETS[name].architecture.table()
    found = blocks(network_svg(rows, width))
    assert [int(block.get("data-layer") or 0) for block in found] == [row.number for row in rows]
    assert [block.get("aria-label") for block in found] == [row_text(row) for row in rows]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(HIDDEN_LAYERS), max_size=40),
    st.lists(st.booleans(), min_size=40, max_size=40),
    st.sampled_from([350, 1040]),
)
def test_any_network_is_drawn_within_its_width(types, on, width):
    layers = tuple(kind(enabled=e) for kind, e in zip(types, on, strict=False))
    rows = Architecture(layers=layers).table()
    svg = network_svg(rows, width, selected=1)
    root = ET.fromstring(svg)
    assert len(blocks(svg)) == len(rows)
    assert float(root.get("width") or 0) <= width + 40  # a single group may be a little wider


def test_heights_are_to_scale_and_thickness_follows_the_root_of_the_channels():
    layers = (Conv2d(filters=16), MaxPool2d(), Conv2d(filters=64), Flatten())
    conv, pool, wide, flat, _ = map(front, blocks(network_svg(Architecture(layers=layers).table())))
    assert conv[1] == pytest.approx(2 * pool[1], abs=0.2)
    assert wide[1] == pool[1]
    assert wide[0] == pytest.approx(2 * conv[0], abs=0.2)
    assert flat[1] > conv[1]


def test_what_cannot_work_is_marked_and_what_waits_is_said():
    rows = Architecture(layers=(Linear(), Conv2d(), Flatten())).table()
    found = blocks(network_svg(rows))
    assert "cannot work" in (found[0].get("aria-label") or "")
    assert any(text.text == "!" for text in found[0].iter(f"{SVG}text"))
    assert "waits for the layer above" in (found[1].get("aria-label") or "")


def test_the_legend_names_the_kinds_that_are_there():
    svg = network_svg(PRESETS["tutorial"].architecture.table())
    assert re.findall(r'rx="2" fill="(#\w+)"', svg) == [LAYER_GROUPS["Classification"].code]
    assert ">Classification</text>" in svg
