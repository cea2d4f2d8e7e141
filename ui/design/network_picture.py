"""The picture of the network on the page: hover tells, a click chooses, and it can be kept.

A component of our own, because the picture is SVG that we write ourselves and a click must come
back. Its script puts nothing on the page but that SVG, parsed as XML, and plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from cnn.figures.network import network_svg

_HTML = """
<div class="net">
  <div class="picture"></div>
  <div class="tip" hidden></div>
  <div class="keep">
    <button type="button" class="svg" title="Save the picture as SVG">SVG</button>
    <button type="button" class="png" title="Save the picture as PNG">PNG</button>
  </div>
</div>
"""
_CSS = """
.net { position: relative; color: var(--st-text-color); font-family: var(--st-font); }
.picture svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.block { cursor: pointer; outline: none; }
.block:hover path, .block:focus-visible path { filter: brightness(1.14) saturate(1.15); }
.block:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.tip {
  position: absolute; z-index: 5; pointer-events: none; max-width: 17rem; padding: .45rem .65rem;
  background: var(--st-secondary-background-color); color: var(--st-text-color);
  border: 1px solid var(--st-border-color); border-radius: .5rem; font-size: .8rem;
  line-height: 1.45; white-space: pre-line; box-shadow: 0 4px 14px rgba(0,0,0,.18);
}
.tip::first-line { font-weight: 650; }
.keep { position: absolute; right: 0; top: -2px; display: flex; gap: .25rem; }
.keep button {
  font: inherit; font-size: .72rem; padding: .1rem .45rem; cursor: pointer; opacity: .75;
  color: inherit; background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: .4rem;
}
.keep button:hover, .keep button:focus-visible {
  opacity: 1; border-color: var(--st-primary-color); }
@media (max-width: 640px) { .keep { position: static; justify-content: flex-end; } }
"""
_JS = """
const parse = (text) =>
  new DOMParser().parseFromString(text, "image/svg+xml").documentElement;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 2000);
}

// The picture as a file of its own: grey text, no mark, and every block's words as its title.
function standalone(text) {
  const svg = parse(text);
  svg.setAttribute("color", "#8b93a1");
  svg.querySelectorAll(".chosen").forEach((mark) => mark.remove());
  svg.querySelectorAll(".block").forEach((block) => {
    const title = document.createElementNS(svg.namespaceURI, "title");
    title.textContent = block.getAttribute("aria-label");
    block.prepend(title);
  });
  return new XMLSerializer().serializeToString(svg);
}

function savePng(text, name, background) {
  const source = parse(text);
  const scale = 2, w = source.width.baseVal.value, h = source.height.baseVal.value;
  const image = new Image();
  image.onload = () => {
    const sheet = document.createElement("canvas");
    sheet.width = w * scale; sheet.height = h * scale;
    const pen = sheet.getContext("2d");
    pen.fillStyle = background;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(image, 0, 0, sheet.width, sheet.height);
    sheet.toBlob((blob) => save(blob, name + ".png"));
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".net");
  const picture = root.querySelector(".picture"), tip = root.querySelector(".tip");
  let shown = null;

  const draw = () => {
    const text = root.clientWidth < 640 ? data.narrow : data.wide;
    if (text === shown) return;
    shown = text;
    const active = root.getRootNode().activeElement;
    const focused = active && active.dataset && active.dataset.layer;
    picture.replaceChildren(document.importNode(parse(text), true));
    tip.hidden = true;
    if (focused) picture.querySelector(`[data-layer="${focused}"]`)?.focus({ preventScroll: true });
  };
  const block = (event) => event.target.closest && event.target.closest(".block");
  const tell = (event) => {
    const found = block(event);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.getAttribute("aria-label").replaceAll(" · ", "\\n");
    const frame = root.getBoundingClientRect(), at = found.getBoundingClientRect();
    const left = at.left - frame.left + at.width / 2 - tip.offsetWidth / 2;
    tip.style.left = Math.max(0, Math.min(left, frame.width - tip.offsetWidth)) + "px";
    tip.style.top = at.bottom - frame.top + 6 + "px";
  };
  const choose = (event) => {
    const found = block(event);
    if (!found) return;
    setTriggerValue("chosen", Number(found.dataset.layer));
    // once its card is open, bring it into sight
    setTimeout(() => document.querySelector('.st-key-layer-list [class*="_chosen_"]')
      ?.scrollIntoView({ block: "nearest", behavior: "smooth" }), 500);
  };
  picture.onmouseover = tell;
  picture.onfocusin = tell;
  picture.addEventListener("focusin", tell);
  picture.onmouseleave = () => { tip.hidden = true; };
  picture.onclick = choose;
  picture.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(event); }
  };
  const name = data.name;
  root.querySelector(".svg").onclick = () =>
    save(new Blob([standalone(data.wide)], { type: "image/svg+xml" }), name + ".svg");
  root.querySelector(".png").onclick = () =>
    savePng(standalone(data.wide), name,
            getComputedStyle(root).getPropertyValue("--st-background-color"));

  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); picture.removeEventListener("focusin", tell); };
}
"""
_component = st.components.v2.component("network_picture", html=_HTML, css=_CSS, js=_JS)


def network_view(
    rows: Sequence[Any], selected: int | None, name: str, choose: Callable[[int], None]
) -> None:
    """Draw the network; `choose(number)` is called when a block is clicked.

    `name` is what a saved picture's file is called, without its ending.
    """
    key = "network_picture"

    def clicked() -> None:
        number = st.session_state[key].get("chosen")
        if number is not None:
            choose(int(number))

    with st.container(key="network-picture"):
        _component(
            key=key,
            data={
                "wide": network_svg(rows, 1040, selected),
                "narrow": network_svg(rows, 350, selected),
                "name": name,
            },
            on_chosen_change=clicked,
        )
