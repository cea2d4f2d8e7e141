"""What the lessons compute in the browser is what PyTorch computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser
from scipy import ndimage
from scipy.spatial.distance import braycurtis
from torch import Tensor, nn

from cnn import lessons, runs
from cnn.lessons.material import COMPACT, TUTORIAL, packed_images
from cnn.runs.weights import load_model
from tests.browsing import ROOT

Evaluate = Callable[[str, Any], Any]
SCRIPTS = (
    "ui/shared/painting.js",
    "ui/learn/numbers.js",
    "ui/learn/kit.js",
    "ui/learn/views.js",
)


@pytest.fixture(scope="module")
def js(browser: Browser) -> Iterator[Evaluate]:
    """Evaluates a function of one argument beside the lessons' scripts."""
    page = browser.new_page()
    page.add_script_tag(content="\n".join((ROOT / name).read_text() for name in SCRIPTS))
    yield page.evaluate
    page.close()


def close(found: Any, expected: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(
        torch.tensor(found, dtype=torch.float64),
        expected.double().flatten(),
        atol=tolerance,
        rtol=tolerance,
    )


LAYER = """({ layer, x, shape, gradient }) => {
  for (const name of ["weight", "bias"])
    if (layer[name]) layer[name] = Float64Array.from(layer[name]);
  const steps = forward([layer], x, shape);
  const [dx] = backward([layer], steps, gradient);
  const own = layer.gradients ?? {};
  return [steps[1].values, dx, own.weight ?? [], own.bias ?? []].map((v) => Array.from(v));
}"""


@pytest.mark.parametrize(
    ("k", "stride", "padding", "dilation"),
    [(3, 1, 0, 1), (5, 1, 2, 1), (3, 2, 1, 1), (3, 3, 2, 2), (3, 1, 2, 3), (5, 2, 0, 2)],
)
def test_convolution_forwards_and_backwards(js, k, stride, padding, dilation):
    torch.manual_seed(k + stride)
    conv = nn.Conv2d(2, 3, k, stride, padding, dilation).double()
    x = torch.randn(1, 2, 12, 11, dtype=torch.float64, requires_grad=True)
    y = conv(x)
    gradient = torch.randn_like(y)
    y.backward(gradient)
    layer = {
        "kind": "conv",
        "out": 3,
        "k": k,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "weight": conv.weight.flatten().tolist(),
        "bias": conv.bias.tolist(),
    }
    asked = {"layer": layer, "x": x.flatten().tolist(), "shape": [2, 12, 11]}
    found = js(LAYER, {**asked, "gradient": gradient.flatten().tolist()})
    for values, expected in zip(found, (y, x.grad, conv.weight.grad, conv.bias.grad), strict=True):
        close(values, expected.detach())


@pytest.mark.parametrize("how", ["max", "avg", "sum"])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_pooling_forwards_and_backwards(js, how, size):
    x = torch.randn(1, 2, 13, 12, dtype=torch.float64, requires_grad=True)
    y = F.max_pool2d(x, size) if how == "max" else F.avg_pool2d(x, size)
    if how == "sum":
        y = y * size * size
    gradient = torch.randn_like(y)
    y.backward(gradient)
    layer = {"kind": "pool", "how": how, "k": size, "stride": size}
    asked = {"layer": layer, "x": x.flatten().tolist(), "shape": [2, 13, 12]}
    values, dx, *_ = js(LAYER, {**asked, "gradient": gradient.flatten().tolist()})
    close(values, y.detach())
    close(dx, x.grad)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("relu", F.relu),
        ("leaky_relu", F.leaky_relu),
        ("gelu", F.gelu),
        ("tanh", torch.tanh),
        ("sigmoid", torch.sigmoid),
    ],
)
def test_activations_and_their_slopes(js, name, function):
    x = torch.linspace(-9, 9, 101, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.sum().backward()
    layer = {"kind": "activation", "function": name}
    asked = {"layer": layer, "x": x.tolist(), "shape": [101], "gradient": [1.0] * 101}
    values, slopes, *_ = js(LAYER, asked)
    close(values, y.detach())
    close(slopes, x.grad)


def test_fully_connected_layer_and_the_loss(js):
    dense = nn.Linear(7, 4).double()
    x = torch.randn(7, dtype=torch.float64, requires_grad=True)
    scores = dense(x)
    loss = F.cross_entropy(scores[None], torch.tensor([2]))
    loss.backward()
    script = """({ layer, x }) => {
      for (const name of ["weight", "bias"]) layer[name] = Float64Array.from(layer[name]);
      const steps = forward([layer], x, [7]);
      const { loss, probabilities, gradient } = crossEntropy(steps[1].values, 2);
      const [dx] = backward([layer], steps, gradient);
      const own = layer.gradients;
      return [[loss], probabilities, dx, own.weight, own.bias].map((v) => Array.from(v));
    }"""
    layer = {"kind": "dense", "out": 4, "weight": dense.weight.flatten().tolist()}
    found = js(script, {"layer": {**layer, "bias": dense.bias.tolist()}, "x": x.tolist()})
    expected = (loss, scores.softmax(0), x.grad, dense.weight.grad, dense.bias.grad)
    for values, want in zip(found, expected, strict=True):
        close(values, want.detach())


def test_softmax_with_a_temperature(js):
    scores = torch.randn(10, dtype=torch.float64) * 8
    for temperature in (0.1, 1.0, 5.0):
        found = js("([s, t]) => softmax(s, t)", [scores.tolist(), temperature])
        close(found, (scores / temperature).softmax(0))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sgd", lambda w: torch.optim.SGD([w], 0.1)),
        ("momentum", lambda w: torch.optim.SGD([w], 0.1, momentum=0.9)),
        ("adam", lambda w: torch.optim.Adam([w], 0.1)),
    ],
)
def test_optimisers_take_the_steps_of_pytorchs(js, name, make):
    start = [2.4, -1.3, 0.2]
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make(w)
    for _ in range(25):
        optimizer.zero_grad()
        (torch.tensor([1.0, 5.0, 0.3]) * w**2).sum().backward()
        optimizer.step()
    script = """([name, start]) => {
      const [w, memory, c] = [Float64Array.from(start), {}, [1, 5, Math.fround(0.3)]];
      for (let i = 0; i < 25; i++)
        OPTIMIZERS[name](w, w.map((v, j) => 2 * c[j] * v), 0.1, memory);
      return Array.from(w);
    }"""
    close(js(script, [name, start]), w.detach(), 1e-7)


@pytest.mark.parametrize("name", [COMPACT, TUTORIAL])
def test_the_networks_that_come_with_the_app(js, examples, name):
    """Their answers to ten real digits."""
    config, images = runs.Run(examples / name).config, torch.from_numpy(lessons.digits())
    x = (images.float() / 255 - config.mean) / config.std
    scores = load_model(runs.Run(examples / name))(x[:, None]).detach()
    shares = scores.exp() if name == TUTORIAL else scores.softmax(1)  # its scores: log(sigmoid)
    script = """([handed, packed]) => {
      const network = loaded(handed);
      return imagesOf(packed).map((image) => sharesOf(network, asked(network, image)));
    }"""
    handed = {"layers": lessons.network(name), "mean": config.mean, "std": config.std}
    found = js(script, [handed, packed_images(lessons.digits())])
    close([share for row in found for share in row], shares, 1e-4)


def test_the_nudge_is_the_gradient_of_the_whole_network(js, examples):
    """Rounding may turn a maximum here and there: the direction is the same."""
    run = runs.Run(examples / COMPACT)
    x = torch.from_numpy(lessons.digits()).double()[:, None] / 255
    x = ((x - run.config.mean) / run.config.std).requires_grad_()
    F.cross_entropy(load_model(run).double()(x), torch.arange(10), reduction="sum").backward()
    script = """([layers, images]) => {
      const network = networkOf(layers);
      return images.map((image, label) => {
        const steps = forward(network, image, [1, 28, 28]);
        const { gradient } = crossEntropy(steps.at(-1).values, label);
        return Array.from(backward(network, steps, gradient)[0]);
      });
    }"""
    found = js(script, [lessons.network(COMPACT), x.detach().flatten(1).tolist()])
    alike = F.cosine_similarity(torch.tensor(found).double(), x.grad.flatten(1))
    assert alike.min() > 0.99


def test_a_moved_image(js):
    image = torch.rand(5, 6, dtype=torch.float64)
    found = js("(x) => Array.from(moved(x, [5, 6], 1, -2))", image.flatten().tolist())
    close(found, F.pad(image, (0, 2, 1, 0))[:5, 2:])


def of_toy(js: Evaluate, lesson: str, expression: str, given: object = None) -> Any:
    """An expression with a lesson's own functions, and `given`, in scope."""
    script = (ROOT / f"ui/learn/toys/{lesson}.js").read_text().split("export default")[0]
    return js(f"(given) => {{ {script}; return {expression}; }}", given)


def test_what_stays_of_a_moved_map(js):
    before, after = (torch.rand(49, generator=torch.manual_seed(s)).tolist() for s in (1, 2))
    found = of_toy(js, "pooling", "staying(given[0], given[1])", [before, after])
    assert found == pytest.approx(1 - braycurtis(before, after))
    assert of_toy(js, "pooling", "staying([0, 0], [0, 0])") == 1


@pytest.mark.parametrize("degrees", [0, 35, 90, 180])
def test_a_turned_image(js, examples, degrees):
    image = lessons.digits()[4] / 255
    found = of_toy(js, "limits", "Array.from(turned(...given))", [image.ravel().tolist(), degrees])
    turned = ndimage.rotate(image, -degrees, reshape=False, order=1)
    np.testing.assert_allclose(found, turned.ravel(), atol=1e-9)


def test_what_part_of_the_image_a_value_sees(js, examples):
    fields = of_toy(js, "objects", "receptiveFields(given)", lessons.material.network(COMPACT))
    model = load_model(runs.open_run(COMPACT)).double()
    for field in fields:
        x = torch.rand(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
        y = x
        for module in model[: field["step"]]:
            if isinstance(module, nn.MaxPool2d):  # whose gradient is of one pixel only
                module = nn.AvgPool2d(module.kernel_size, module.stride, module.padding)
            y = y if isinstance(module, nn.ReLU) else module(y)
        row = y.shape[2] // 2  # in the middle, where nothing is cut off
        (slope,) = torch.autograd.grad(y[0, :, row, row].sum(), x)
        lit = slope[0, 0].abs().sum(1).nonzero().flatten()
        first = row * field["jump"] + field["start"]
        assert (lit.min(), lit.max()) == (max(0, first), min(27, first + field["side"] - 1))
