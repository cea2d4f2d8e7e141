"""Settings: every field keeps its limits, and an error names the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cnn.training import (
    SCHEDULES,
    Settings,
    SettingsError,
    parse_settings,
    read_settings,
    schedule_factor,
)

LIMITED = [
    (name, limit, low)
    for name, field in Settings.model_fields.items()
    for rule in field.metadata
    for limit, low in (
        (getattr(rule, "ge", None), True),
        (getattr(rule, "le", None), False),
    )
    if limit is not None
]


def test_pairs_change_only_what_they_name():
    base = Settings(batch_size=32, optimizer="adam")
    got = parse_settings(
        base, ["epochs=7", "learning_rate=5e-3", "validation_images=none", "schedule=cosine"]
    )
    assert got == base.changed(epochs=7, learning_rate=0.005, schedule="cosine")
    assert parse_settings(got, ["validation_images=0"]).validation_images == 0


@pytest.mark.parametrize(("name", "limit", "low"), LIMITED)
def test_a_field_takes_its_limit_and_nothing_beyond(name, limit, low):
    assert getattr(read_settings({name: limit}), name) == limit
    beyond = limit - 1 if low else limit + 1
    with pytest.raises(SettingsError) as error:
        parse_settings(Settings(), [f"{name}={beyond}"])
    assert name in str(error.value)
    assert f"{int(limit) if limit == int(limit) else limit:,}" in str(error.value)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("epoch=3", ["'epoch=3'", "key=value", "batch_size"]),
        ("epochs", ["'epochs'", "key=value"]),
        ("epochs=many", ["epochs", "whole number", "'many'"]),
        ("epochs=2.5", ["epochs", "whole number", "1 to 200"]),
        ("learning_rate=0", ["learning_rate", "above 0"]),
        ("learning_rate=nan", ["learning_rate"]),
        ("label_smoothing=nan", ["label_smoothing"]),
        ("shift=inf", ["shift"]),
        ("epochs=none", ["epochs"]),
        ("optimizer=lion", ["optimizer", "'adamw'"]),
        ("precision=fp8", ["precision", "'bf16'"]),
    ],
)
def test_an_error_names_the_field_and_what_is_allowed(pair, words):
    with pytest.raises(SettingsError) as error:
        parse_settings(Settings(), [pair])
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("values", [[], "x", 3, None, {"epochs": {}}, {"nonsense": 1}])
def test_foreign_data_are_refused(values):
    with pytest.raises(SettingsError):
        read_settings(values)


def test_settings_survive_json():
    settings = Settings(epochs=4, shift=1.5, validation_images=0, precision="float32")
    assert read_settings(settings.model_dump(mode="json")) == settings


@hypothesis(max_examples=40, deadline=None)
@given(st.sampled_from(list(SCHEDULES)), st.floats(-1, 2))
def test_a_schedule_never_leaves_0_to_1(schedule, progress):
    assert 0 <= schedule_factor(schedule, progress) <= 1


@pytest.mark.parametrize(
    ("progress", "factor"), [(0, 1), (0.599, 1), (0.6, 0.1), (0.849, 0.1), (0.85, 0.01), (1, 0.01)]
)
def test_the_step_schedule_falls_twice(progress, factor):
    assert schedule_factor("step", progress) == factor


def test_cosine_is_torchs():
    import torch

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for step in range(50):
        assert schedule_factor("cosine", step / 50) == pytest.approx(
            optimizer.param_groups[0]["lr"], abs=1e-9
        )
        optimizer.step()
        theirs.step()


def test_one_cycle_is_torchs():
    """torch's peak lies on step 0.3 N - 1 and its end on N - 1: ours on 0.3 N and N."""
    import torch

    steps = 1000
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=steps,
        div_factor=25,
        final_div_factor=1e4,
        cycle_momentum=False,
    )
    for step in range(steps):
        ours = schedule_factor("one-cycle", step / steps)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], abs=0.006)
        optimizer.step()
        theirs.step() if step < steps - 1 else None
    assert schedule_factor("one-cycle", 0.3) == pytest.approx(1)
    assert schedule_factor("one-cycle", 1) == pytest.approx(1 / 250_000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learning_rate": 0.0}, "learning_rate: a number above 0 and up to 10 is allowed"),
        ({"learning_rate": float("nan")}, "learning_rate: a number above 0 "),
        ({"validation_images": 70_000}, "a whole number from 0 to 30,000, or none is allowed"),
        ({"epochs": None}, "epochs: a whole number from 1 to 200 is allowed, not null"),
        ({"seed": 1e300}, "seed: a whole number from 0 to 2,147,483,647 is allowed"),
        ({"optimizer": "lion"}, "'adagrad' is allowed, not 'lion'"),
        ({"nonsense": 1}, "nonsense: there is no such field. Known: epochs"),
    ],
)
def test_a_change_is_checked(changes, words):
    before = Settings()
    with pytest.raises(SettingsError) as error:
        before.changed(**changes)
    assert words in str(error.value)
    assert before == Settings()


def test_a_change_keeps_the_rest():
    base = Settings(epochs=9, validation_images=100)
    assert base.changed(learning_rate=1e-9) == Settings(
        epochs=9, validation_images=100, learning_rate=1e-9
    )
    assert base.changed(validation_images=None).validation_images is None


def test_a_schedules_name_fits_the_narrowest_field_and_its_help_explains_it():
    about = Settings.model_fields["schedule"].description
    assert all(len(name) <= 10 for name in SCHEDULES.values())
    assert all(f"{name}: " in about for name in SCHEDULES.values() if name != "Constant")
