"""What must hold of every architecture that anyone can put together."""

import os
import re
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from cnn.datasets import Preprocessing
from cnn.export.codegen import keras, model_source, pytorch
from cnn.export.share_link import from_link, to_link
from cnn.network import (
    MAX_PARAMETERS,
    Architecture,
    ArchitectureError,
    from_dict,
    from_json,
    suggest_fixes,
    to_json,
)
from cnn.network.layers import HIDDEN_LAYERS, Conv2d, Flatten, Linear
from cnn.training import Settings
from tests import strategies

MNIST = Preprocessing(0.1307, 0.3081)
# CNN_EXAMPLES=500 tries more than a usual run has time for.
EXAMPLES = int(os.environ.get("CNN_EXAMPLES", "80"))
many = settings(max_examples=EXAMPLES, deadline=None)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Networks this small only get slower by sharing them out."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run_source(source: str) -> dict:
    """The names that a generated script defines, without running its main()."""
    names: dict = {"__name__": "script"}
    exec(compile(source, "script", "exec"), names)
    return names


@many
@given(strategies.working())
def test_a_working_architecture_is_what_torch_says_it_is(architecture: Architecture):
    assert architecture.problem() is None and suggest_fixes(architecture) == []
    torch.manual_seed(0)
    model, rows = architecture.build(), architecture.table()
    x = torch.randn(2, 1, 28, 28)

    # Forward and backward, with every shape and every parameter as the table has them.
    y = x
    for row, module in zip(rows, model, strict=True):
        y = module(y)
        assert tuple(y.shape[1:]) == row.output_shape, row
        assert sum(p.numel() for p in module.parameters()) == row.parameters, row
        if not row.skipped:
            assert row.activation_bytes == y[0].numel() * 4
    y.logsumexp(1).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())

    # Multiply-adds: torch counts a multiplication and an addition as two operations.
    model.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        expected = model(x[:1])
    assert counter.get_total_flops() == 2 * architecture.multiply_adds

    # The generated source computes the same, to the last bit.
    copied = run_source(model_source(architecture, MNIST))["make_model"]()
    copied.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(copied.eval()(x[:1]), expected) or not expected.isfinite().all()


@many
@given(strategies.any_architecture(), st.sampled_from(["mnist", "kmnist", None]))
def test_json_and_share_links_read_back_equal(architecture: Architecture, dataset):
    assert from_json(to_json(architecture)) == architecture
    assert from_json(architecture.model_dump_json()) == architecture
    link = to_link(architecture, Settings(epochs=7), dataset, {"seed"}, {"epochs"})
    shared = from_link(link)
    assert shared.architecture == architecture
    assert shared.settings == Settings(epochs=7) and shared.dataset == dataset
    assert shared.hidden == {"seed"} and shared.fixed == {"epochs"}


@many
@given(strategies.any_architecture(most=15))
def test_what_cannot_work_names_its_layer_and_every_fix_works(architecture: Architecture):
    for _ in range(40):
        problem = architecture.problem()
        if problem is None:
            break
        failing = next((r.number for r in architecture.table() if r.problem), None)
        offered = suggest_fixes(architecture)
        assert offered, problem
        if failing is None:
            assert f"at most {MAX_PARAMETERS:,}" in problem
        else:
            assert re.match(rf"Layer {failing} \(.+\): .+\. .+\.$", problem), problem
            assert problem.count("{") == 0
        for fix in offered:
            changed = fix.architecture
            assert from_json(changed.model_dump_json()) == changed  # within all limits
            now = next((r.number for r in changed.table() if r.problem), None)
            if failing is None:
                assert changed.problem() is None
            else:
                assert now is None or now > failing or fix.label.startswith("Move")
        with pytest.raises(ArchitectureError, match="Layer"):
            architecture.build()
        architecture = offered[0].architecture  # what a user does who always takes the first
    assert architecture.problem() is None


@many
@given(strategies.working(), st.data())
def test_scripts_of_any_network_and_settings_are_python(architecture: Architecture, data):
    chosen = {
        name: data.draw(st.sampled_from(getattr(info.annotation, "__args__", ())))
        for name, info in Settings.model_fields.items()
        if name in ("optimizer", "schedule", "normalisation")
    }
    # Values near their limits, where a number might be written so that it reads back otherwise.
    options = Settings(
        **chosen,
        learning_rate=data.draw(st.floats(1e-7, 10)),
        rotation=data.draw(st.sampled_from([0.0, 7.5])),
        handwriting=data.draw(st.sampled_from([0.0, 0.5])),
        label_smoothing=data.draw(st.sampled_from([0.0, 0.1])),
        validation_images=data.draw(st.sampled_from([None, 0, 777])),
    )
    title = data.draw(st.text(max_size=30))
    names = run_source(pytorch(architecture, options, MNIST, "mnist", title))
    assert names["LEARNING_RATE"] == options.learning_rate
    assert sum(p.numel() for p in names["make_model"]().parameters()) == architecture.parameters
    compile(keras(architecture, options, MNIST, "mnist", title), "keras", "exec")


@many
@given(st.data())
def test_a_layers_source_is_one_expression(data):
    layer = data.draw(strategies.layers())
    shape = (4, 9, 9) if layer.works_on != "flat" else (36,)
    assert "\n" not in layer.torch_source(shape)
    for source in (layer.torch_source(shape), *layer.keras_source(shape)):
        compile(source, "layer", "eval")


@pytest.mark.parametrize("kind", HIDDEN_LAYERS)
def test_each_layer_type_says_all_that_the_pages_show(kind):
    layer = kind()
    assert layer.title and layer.about.endswith((".", "?")) and layer.icon.startswith(":material/")
    assert kind.__doc__ and layer.summary
    for name, info in kind.model_fields.items():
        if name != "kind":
            assert info.title and info.description, name
    assert from_dict({"layers": [{"kind": layer.kind}]}).layers == (layer,)


def test_a_layer_that_is_off_costs_nothing_and_changes_nothing():
    with_it = Architecture(layers=(Conv2d(filters=99, enabled=False), Flatten()))
    without = Architecture(layers=(Flatten(),))
    assert with_it.parameters == without.parameters
    row = with_it.table()[0]
    assert row.skipped and row.output_shape == row.input_shape and row.activation_bytes == 0
    model = with_it.build()
    assert len(model) == len(with_it.all_layers)
    x = torch.randn(1, 1, 28, 28)
    assert torch.equal(model[0](x), x)


def test_a_layer_that_could_not_work_is_no_problem_while_it_is_off():
    layers = (Flatten(), Conv2d(enabled=False))
    assert Architecture(layers=layers).problem() is None


def test_too_many_parameters_name_the_largest_layer():
    wide = Architecture(layers=(Conv2d(filters=256), Flatten(), Linear(units=1024)))
    assert "Layer 3 (Linear 1024) holds" in (wide.problem() or "")
    labels = [fix.label for fix in suggest_fixes(wide)]
    assert labels == ["Layer 3: use 64 units", "Halve the largest layers until it fits"]


def test_shares_add_up_to_one():
    rows = Architecture(layers=(Conv2d(), Flatten(), Linear())).table()
    assert sum(row.parameter_share for row in rows) == pytest.approx(1.0)
    assert rows[2].parameter_share > 0.9
