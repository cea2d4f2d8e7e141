"""How fast Inspect answers to another image, another layer and another question.

    python -m benchmarks.inspect_latency             the engine alone
    python -m benchmarks.inspect_latency --page      and the page, in a headless browser

Measured on the sample's test images with untrained networks (time does not depend on what was
learned): Compact CNN and the preset with the most multiply-adds. The page's figures are from the
click to the first frame that shows another picture. It fails (exit code 1) where the page's
medians are above the limits: 400 ms with Compact CNN, 1 s with the largest.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cnn import datasets, runs
from cnn.common.files import write_tensors
from cnn.inspection import attribution, features, surgery
from cnn.inspection.activation_maximisation import maximise_activation
from cnn.inspection.activations import layer_outputs
from cnn.inspection.arithmetic import Explainer
from cnn.inspection.filters import conv_layers
from cnn.inspection.top_activations import top_activations
from cnn.network import Architecture
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.training.devices import use_few_threads

ROOT = Path(__file__).parent.parent
LIMITS = {"compact": 0.4}
LARGEST_LIMIT = 1.0
REPEATS, WARM_UP = 15, 3

# Clicks `button` and waits until the canvas `inner` in the element `outer` shows another picture.
# Components live in shadow roots and may be made anew: the canvas is sought at every frame.
CLICK_AND_WAIT = """
([button, outer, inner]) => new Promise((resolve) => {
  const within = (root) => {
    if (!root) return null
    const found = root.querySelector(inner)
    if (found) return found
    for (const element of root.querySelectorAll('*')) {
      const deeper = element.shadowRoot && within(element.shadowRoot)
      if (deeper) return deeper
    }
    return null
  }
  const picture = () => {
    const canvas = within(document.querySelector(outer))
    return canvas && canvas.width > 0 ? canvas.toDataURL() + canvas.ariaLabel : null
  }
  const before = picture()
  const began = performance.now()
  const look = () => {
    const now = picture()
    if (now && now !== before) resolve((performance.now() - began) / 1000)
    else if (performance.now() - began > 30000) resolve(null)
    else requestAnimationFrame(look)
  }
  button.click()
  requestAnimationFrame(look)
})
"""


def presets() -> list[str]:
    """The default network, and the one that computes most."""
    largest = max(PRESETS, key=lambda name: PRESETS[name].architecture.multiply_adds)
    return list(dict.fromkeys([DEFAULT_PRESET, largest]))


def timed(work: Callable[[int], Any], repeats: int) -> list[float]:
    """Seconds of each of `repeats` calls, after some that are not counted."""
    seconds = []
    for index in range(repeats + WARM_UP):
        began = time.perf_counter()
        work(index)
        seconds.append(time.perf_counter() - began)
    return seconds[WARM_UP:]


def report(network: str, what: str, seconds: list[float]) -> float:
    """Print one line of the table; returns the median."""
    median = statistics.median(seconds)
    print(f"{network:16} {what:34} {median * 1000:9.1f} {max(seconds) * 1000:9.1f}", flush=True)
    return median


def engine(name: str) -> None:
    """Print what a change on the page asks of the engine, for one preset."""
    use_few_threads()  # as the app does
    torch.manual_seed(0)
    architecture, label = PRESETS[name].architecture, PRESETS[name].label
    preprocessing = datasets.preprocessing_for("mnist-sample", "standardised")
    network = (architecture.build().eval(), architecture, preprocessing)
    for what, work, repeats in questions(*network):
        report(label, what, timed(work, repeats))


def questions(
    model: nn.Sequential, architecture: Architecture, preprocessing: datasets.Preprocessing
) -> Iterator[tuple[str, Callable[[int], Any], int]]:
    """Every question: what it is, the work of its `index`th asking, and how often to ask it."""
    network = (model, architecture, preprocessing)
    sample = datasets.load("mnist-sample")
    images, labels = sample.test_images, sample.test_labels
    explainer = Explainer(model, architecture, preprocessing(images[:1]))

    def image(index: int) -> None:
        x = preprocessing(images[index : index + 1])
        for output in layer_outputs(model, architecture, x):
            _ = output.order, output.dead
        Explainer(model, architecture, x).explain(1, 0, 14, 14)

    def layer(index: int) -> None:
        number = 1 + index % len(architecture.all_layers)
        for operation in explainer.operations(number):
            explainer.explain(number, operation=operation.name)

    yield "another image, all layers", image, REPEATS
    yield "another layer, its arithmetic", layer, REPEATS
    for name, method in attribution.METHODS.items():
        if conv_layers(architecture) or not method.needs_layer:
            ask = functools.partial(attribution.attribute, name, *network)
            yield method.label, lambda i, ask=ask: ask(images[i], i % 10), 5
    edits = [surgery.SwitchOff(conv_layers(architecture)[0], 0)]

    def cut(_: int) -> None:
        surgery.accuracy(surgery.apply(model, edits), preprocessing, images, labels)

    yield "surgery, 1,000 images scored", cut, 3
    yield "top nine of 1,000 images", lambda _: top_activations(*network, images, 1), 3
    yield "an image made for a filter", lambda i: maximise_activation(*network, 1, i % 4), 2
    ask = functools.partial(features.penultimate, model, preprocessing, images)
    yield "features of 1,000 images", lambda _: ask(), 3


def make_run(name: str) -> runs.Run:
    """A finished run of an untrained network."""
    preset = PRESETS[name]
    run = runs.new(preset.architecture, preset.settings, "mnist-sample", "cpu", name)
    torch.manual_seed(0)
    state = preset.architecture.build().state_dict()
    write_tensors(run.files.checkpoint(0), state)
    write_tensors(run.files.weights, state)
    run.write_status(state="finished", epoch=0, epochs=preset.settings.epochs)
    return run


def page(names: list[str]) -> bool:
    """Another image and another map, by mouse clicks; whether all medians are within limits."""
    from playwright.sync_api import sync_playwright

    from tests.browsing import ARGUMENTS, served
    from tests.get_browser import find_browser

    within, chromium = True, find_browser()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        os.environ["CNN_RUNS_DIR"] = place
        made = {name: make_run(name) for name in names}
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        with served(Path(place) / "app.log", CNN_RUNS_DIR=place) as url:
            for name, run in made.items():
                window = browser.new_page(viewport={"width": 1440, "height": 1000})
                window.set_default_timeout(120_000)
                window.goto(f"{url}/inspect?run={run.id}")
                for what, seconds in clicks(window).items():
                    median = report(PRESETS[name].label, f"page: {what}", seconds)
                    within = within and median <= LIMITS.get(name, LARGEST_LIMIT)
                window.close()
        browser.close()
    return within


def clicks(window: Any) -> dict[str, list[float]]:
    """Seconds from click to picture: another image, then maps of ever another layer."""
    flow = window.locator(".st-key-inspect_flow")
    flow.get_by_role("button", name="The image", exact=True).locator("canvas").wait_for()
    window.locator(".st-key-map_pixels canvas").first.wait_for()

    def seconds(button: Any, outer: str, inner: str) -> float:
        window.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
        found = window.evaluate(CLICK_AND_WAIT, [button.element_handle(), outer, inner])
        if found is None:
            raise SystemExit(f"The page did not answer within 30 s ({outer}).")
        return found

    images, layers = [], []
    for _ in range(WARM_UP + REPEATS):
        button = window.locator(".st-key-inspect_next button").first
        images.append(
            seconds(button, ".st-key-inspect_flow", "button[aria-label='The image'] canvas")
        )
    tiles = flow.locator("button.tile:not(.dead)[data-layer]")
    numbers = [int(n) for n in tiles.evaluate_all("tiles => tiles.map(t => t.dataset.layer)")]
    order = [n for n in dict.fromkeys(numbers) if n > 0]
    for index in range(WARM_UP + REPEATS):
        number = order[index % len(order)]
        tile = flow.locator(f"button.tile:not(.dead):not(.chosen)[data-layer='{number}']").first
        layers.append(seconds(tile, ".st-key-map_pixels", "canvas"))
    return {"another image": images[WARM_UP:], "another layer": layers[WARM_UP:]}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--page", action="store_true", help="measure the page, too")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start; milliseconds\n")
    print(f"{'network':16} {'what':34} {'median':>9} {'worst':>9}")
    names = presets()
    for name in names:
        engine(name)
    if arguments.page and not page(names):
        print("\nA median is above its limit.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
