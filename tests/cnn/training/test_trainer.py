"""The trainer: repeatable, resumable to the bit, and honest in what it reports."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnn import datasets
from cnn.datasets import Images, Preprocessing
from cnn.network import Architecture
from cnn.network.layers import (
    Activation,
    BatchNorm2d,
    Classifier,
    Conv2d,
    Dropout,
    Flatten,
    MaxPool2d,
)
from cnn.presets import PRESETS
from cnn.training import OPTIMIZERS, Settings, schedule_factor
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.control import ManualControl, TrainingError
from cnn.training.devices import find_device
from cnn.training.distributed import ProcessGroup
from cnn.training.events import EpochEnd, Paused, Report
from cnn.training.inference import predict_logits
from cnn.training.reporting import POINTS_PER_REPORT, UnreadSteps
from cnn.training.trainer import Trainer

# Everything that keeps a state of its own: batch norm, dropout, and a convolution whose weights
# lie channels-last.
TINY = Architecture(
    layers=(
        Conv2d(filters=4, stride=2, bias=False),
        BatchNorm2d(),
        Activation(),
        Conv2d(filters=4),
        MaxPool2d(),
        Dropout(rate=0.2),
        Flatten(),
    )
)
PIXELS = Preprocessing(0.1307, 0.3081)


def on_cpu(precision: str = "float32") -> Accelerator:
    return accelerator_for(find_device("cpu"), precision, convolutional=True)


@pytest.fixture(scope="module")
def images() -> Images:
    whole = datasets.load("mnist-sample")
    return Images(
        whole.train_images[:450],
        whole.train_labels[:450],
        whole.test_images[:200],
        whole.test_labels[:200],
    )


class StopAfter(ManualControl):
    """Asks to stop when it was asked so many times whether to."""

    def __init__(self, times: int):
        self.__dict__["left"] = times
        super().__init__()

    @property
    def stop(self) -> bool:
        self.left -= 1
        return self.left < 0

    @stop.setter
    def stop(self, value: bool) -> None: ...


def make(images: Images, validation: int = 50, network: Architecture = TINY, **values) -> Trainer:
    settings = Settings(**{"epochs": 2, "batch_size": 64, "seed": 5, **values})
    return Trainer(network, images, settings, PIXELS, on_cpu(), validation)


def run(trainer: Trainer, control: ManualControl | None = None) -> list:
    return list(trainer.events(control or ManualControl(), report_seconds=0))


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    different = [name for name in a if not torch.equal(a[name], b[name])]
    assert different == []


def copied(trainer: Trainer) -> tuple[dict, dict]:
    """A state as it comes back from a file: contiguous, and no longer tied to the trainer."""
    tensors, numbers = trainer.state()
    return {
        name: t.detach().clone(memory_format=torch.contiguous_format) for name, t in tensors.items()
    }, numbers


# --- repeatable and resumable


def test_the_same_seed_gives_the_same_run_and_another_another(images):
    first = make(images, shift=2, rotation=10)
    one = run(first)
    again = make(images, shift=2, rotation=10)
    two = run(again)
    assert_same(weights(first), weights(again))
    assert [e.losses for e in one if isinstance(e, Report)] == [
        e.losses for e in two if isinstance(e, Report)
    ]
    other = make(images, shift=2, rotation=10, seed=6)
    assert not torch.equal(other.model[0].weight, make(images).model[0].weight)
    assert run(other)[0].losses != one[0].losses


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_run_cut_anywhere_and_resumed_ends_with_the_same_weights(images, optimizer):
    """Bit for bit, with augmentation, dropout, batch norm and a moving learning rate."""
    chosen = {
        "optimizer": optimizer,
        "learning_rate": OPTIMIZERS[optimizer].learning_rate,
        "shift": 2.0,
        "rotation": 10.0,
        "scale": 5.0,
        "shear": 5.0,
        "label_smoothing": 0.05,
    }
    whole = make(images, **chosen)
    ends = [e for e in run(whole) if isinstance(e, EpochEnd)]
    for cut in (1, 6, 7, 10):  # after the first step; around the end of epoch 1; within epoch 2
        cut_short = make(images, **chosen)
        for event in cut_short.events(ManualControl(), report_seconds=0):
            if isinstance(event, Report) and event.step == cut:
                break
        state = copied(cut_short)
        torch.manual_seed(999)  # a fresh process knows nothing of the old one's random state
        resumed = make(images, **chosen)
        resumed.restore(*state)
        rest = run(resumed)
        assert_same(weights(resumed), weights(whole))
        for mine, theirs in zip(
            [e for e in rest if isinstance(e, EpochEnd)][::-1], ends[::-1], strict=False
        ):
            assert (mine.epoch, mine.train_loss, mine.train_accuracy, mine.validation_loss) == (
                pytest.approx(
                    (
                        theirs.epoch,
                        theirs.train_loss,
                        theirs.train_accuracy,
                        theirs.validation_loss,
                    ),
                    rel=1e-12,
                )
            )


def test_stopping_and_resuming_between_two_reports_is_exact_too(images):
    """Stop comes when losses are still unread: they are read first."""
    whole = make(images)
    run(whole)
    part = make(images)
    list(part.events(StopAfter(5), report_seconds=3600))  # only the first step is reported
    assert 1 < part.position.step < whole.total_steps
    assert part.position.images_seen == part.position.step * 64
    state = copied(part)  # before another trainer seeds the random state anew
    resumed = make(images)
    resumed.restore(*state)
    run(resumed)
    assert_same(weights(resumed), weights(whole))


def test_a_foreign_state_is_refused_in_words(images):
    tensors, numbers = copied(make(images))
    for spoiled, where in (
        ({}, numbers),
        ({**tensors, "model.0.weight": torch.zeros(1)}, numbers),
        ({k: v for k, v in tensors.items() if k != "random.cpu"}, numbers),
        (tensors, {**numbers, "mood": 1}),
    ):
        with pytest.raises(TrainingError, match="does not fit"):
            make(images).restore(spoiled, where)


# --- control


def test_stop_takes_effect_within_one_batch(images):
    control, trainer = ManualControl(), make(images, epochs=50)
    before = weights(trainer)
    for event in trainer.events(control, report_seconds=0):
        if isinstance(event, Report) and event.step == 9:
            control.stop = True
    assert trainer.position.step <= 10
    assert not torch.equal(before["0.weight"], trainer.model[0].weight)


def test_a_pause_changes_nothing_but_the_time(images, monkeypatch):
    whole = make(images)
    run(whole)
    control, trainer, seen = ManualControl(), make(images), []
    polls = itertools.count()

    def asleep(_seconds):
        if next(polls) == 3:
            control.paused = False

    monkeypatch.setattr("cnn.training.trainer.time.sleep", asleep)
    for event in trainer.events(control, report_seconds=0):
        seen.append(event)
        if isinstance(event, Report) and event.step == 4:
            control.paused = True
        if event == Paused(True):
            trainer.logits(images.test_images)  # somebody looks meanwhile
    assert [e for e in seen if isinstance(e, Paused)] == [Paused(True), Paused(False)]
    assert next(polls) == 4
    assert_same(weights(trainer), weights(whole))


def test_a_paused_run_can_be_stopped(images, monkeypatch):
    control, trainer = ManualControl(paused=True), make(images)
    monkeypatch.setattr("cnn.training.trainer.time.sleep", lambda _: setattr(control, "stop", True))
    assert run(trainer, control) == [Paused(True), Paused(False)]
    assert trainer.position.step == 0


def test_the_learning_rate_can_be_changed_under_way(images):
    control, trainer = ManualControl(), make(images, schedule="cosine", learning_rate=0.01)
    rates = {}
    for event in trainer.events(control, report_seconds=0):
        if isinstance(event, Report):
            rates[event.step] = event.learning_rate
            control.learning_rate = 0.002 if event.step >= 5 else None
    del rates[6]  # the batch during which it was changed
    for step, rate in rates.items():
        peak = 0.01 if step <= 5 else 0.002
        factor = schedule_factor("cosine", (step - 1) / trainer.total_steps)
        assert rate == pytest.approx(peak * factor)


# --- what it learns from


@pytest.mark.parametrize(("held_out", "steps"), [(0, 7), (50, 6), (100, 5)])
def test_validation_images_are_held_out_and_none_trains_on_all(images, held_out, steps):
    trainer = make(images, validation=held_out, epochs=1, batch_size=70)
    assert len(trainer.validation_x) == held_out
    end = run(trainer)[-1]
    assert (end.validation_loss is None) == (held_out == 0)
    assert trainer.position.images_seen == 450 - held_out
    assert trainer.steps_per_epoch == steps


def test_the_split_is_disjoint_complete_and_a_function_of_the_seed(images):
    train, held_out = datasets.split(images, 50, seed=1)
    assert (len(train), len(held_out)) == (400, 50)
    assert sorted([*train.tolist(), *held_out.tolist()]) == list(range(450))
    again, other = datasets.split(images, 50, seed=1)[1], datasets.split(images, 50, seed=2)[1]
    assert torch.equal(held_out, again)
    assert not torch.equal(held_out, other)
    with pytest.raises(datasets.DataError, match=r"Hold out at most 350\."):
        datasets.split(images, 351, seed=1)


@pytest.mark.parametrize(
    ("count", "batch", "steps"),
    [(400, 64, 7), (385, 64, 6), (384, 64, 6), (129, 64, 2), (400, 4096, 1), (101, 1, 101)],
)
def test_a_last_batch_of_one_image_is_left_out(images, count, batch, steps):
    """Batch norm cannot measure the spread of one image."""
    few = images._replace(
        train_images=images.train_images[:count], train_labels=images.train_labels[:count]
    )
    assert make(few, 0, batch_size=batch).steps_per_epoch == steps


def test_training_does_not_look_at_the_test_images(images):
    trainer = make(images)
    run(trainer)
    poisoned = images._replace(
        test_images=torch.zeros(0, 28, 28, dtype=torch.uint8),
        test_labels=torch.zeros(0, dtype=torch.long),
    )
    blind = make(poisoned)
    run(blind)
    assert_same(weights(blind), weights(trainer))


# --- what it reports


def test_a_report_holds_few_points_and_their_mean_is_the_loss(images):
    trainer = make(images, epochs=1, batch_size=8)
    events = list(trainer.events(ManualControl(), report_seconds=3600))
    first, rest, end = events
    assert first.step == 1
    assert [step for step, _ in first.losses] == [1]
    assert 1 < len(rest.losses) <= POINTS_PER_REPORT
    assert rest.losses[-1][0] == rest.step == trainer.total_steps == 50
    assert all(a < b for (a, _), (b, _) in itertools.pairwise(rest.losses))
    covered = [step for step, _ in [*first.losses, *rest.losses]]
    widths = np.diff([0, *covered])
    mean = np.average([loss for _, loss in [*first.losses, *rest.losses]], weights=widths)
    assert end.train_loss == pytest.approx(mean, rel=1e-6)


def test_further_reports_after_chosen_steps_change_no_weight(images):
    plain = make(images)
    run(plain)
    asked = make(images)
    events = asked.events(ManualControl(), report_seconds=3600, report_at=(3, 7, 10, 99))
    # 7 is an epoch's end, where a report comes anyway, and 10 is in the second.
    assert [event.step for event in events if isinstance(event, Report)] == [1, 3, 7, 10, 14]
    assert_same(weights(asked), weights(plain))


def test_the_end_of_an_epoch_agrees_with_scoring_the_validation_images(images):
    trainer = make(images, epochs=1)
    end = run(trainer)[-1]
    log_p = predict_logits(trainer.model, trainer.validation_x, PIXELS).log_softmax(1).numpy()
    truth = trainer.validation_y.numpy()
    assert end.validation_accuracy == pytest.approx((log_p.argmax(1) == truth).mean())
    assert end.validation_loss == pytest.approx(-log_p[np.arange(50), truth].mean(), rel=1e-5)


def test_over_fitting_shows_as_a_gap(images):
    """300 images learned by heart: the gap is what the page names."""
    network = Architecture(layers=(Conv2d(filters=16, stride=2), Activation(), Flatten()))
    trainer = make(images, validation=150, network=network, epochs=12, batch_size=32)
    last = run(trainer)[-1]
    assert last.train_accuracy > 0.99
    assert last.train_accuracy - last.validation_accuracy > 0.03
    assert last.validation_loss > last.train_loss


@pytest.mark.parametrize("batch_size", [64, 400])
def test_a_learning_rate_far_too_large_is_named_with_a_suggestion(images, batch_size):
    trainer = make(
        images,
        optimizer="sgd",
        learning_rate=10.0,
        schedule="constant",
        batch_size=batch_size,
        network=Architecture(layers=(Conv2d(filters=8), Conv2d(filters=8), Flatten())),
        epochs=20,
    )
    with pytest.raises(TrainingError, match=r"learning rate of 10 is too large.*Try a tenth"):
        run(trainer)


def test_scoring_takes_bytes_and_fractions_alike_and_tells_how_far_it_is(images):
    trainer, seen = make(images), []
    whole = predict_logits(trainer.model, images.test_images, PIXELS, progress=seen.append)
    as_float = predict_logits(trainer.model, images.test_images / 255, PIXELS)
    assert torch.allclose(whole, as_float, atol=1e-4)
    assert (whole.dtype, whole.shape, seen) == (torch.float32, (200, 10), [0.625, 1.0])
    assert not trainer.model.training
    assert not any(value.is_inference() for value in trainer.model.parameters())


def test_bf16_learns_what_float32_learns(images):
    ends = []
    for precision in ("float32", "bf16"):
        try:
            how = on_cpu(precision)
        except ValueError:
            pytest.skip("this CPU does not multiply bf16")
        settings = Settings(epochs=4, batch_size=32, seed=1)
        trainer = Trainer(TINY, images, settings, PIXELS, how, 50)
        ends.append(run(trainer)[-1])
        assert all(p.dtype == torch.float32 for p in trainer.model.parameters())
    assert ends[0].train_loss == pytest.approx(ends[1].train_loss, rel=0.1)


# --- the tutorial's head


def test_the_sigmoid_head_loses_what_keras_says_it_loses():
    """Keras, categorical_crossentropy over sigmoid outputs: brought to sum 1, then -log."""
    torch.manual_seed(0)
    model = PRESETS["tutorial"].architecture.build()
    x, y = torch.rand(32, 1, 28, 28), torch.randint(0, 10, (32,))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)  # far from the flat beginning
        ours = float(F.cross_entropy(model(x), y))
        probabilities = model(x).softmax(1).numpy()

    dense = next(m for m in model if isinstance(m, nn.Linear))
    w, b = dense.weight.detach().double().numpy(), dense.bias.detach().double().numpy()
    outputs = 1 / (1 + np.exp(-(x.flatten(1).double().numpy() @ w.T + b)))
    shares = outputs / outputs.sum(axis=1, keepdims=True)
    assert ours == pytest.approx(-np.log(shares[np.arange(32), y.numpy()]).mean(), rel=1e-5)
    np.testing.assert_allclose(probabilities, shares, rtol=1e-4, atol=1e-7)


def test_the_sigmoid_head_stays_a_number_where_every_output_is_off():
    head = Classifier(output="sigmoid").module((4,))
    with torch.no_grad():
        head.weight.fill_(-1e4)
    loss = F.cross_entropy(head(torch.ones(2, 4)), torch.tensor([0, 1]))
    assert math.isfinite(loss.item())


def test_reproducible_gives_the_same_weights_with_any_number_of_threads(images):
    before, ends = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            trainer = make(images, reproducible=True, rotation=5.0)
            run(trainer)
            ends.append(trainer.model.state_dict())
    finally:
        Accelerator(torch.device("cpu")).set_reproducible(False)
        torch.set_num_threads(before)
    for name, value in ends[0].items():
        assert torch.equal(ends[1][name], value), name


def test_a_reports_speed_counts_the_time_that_the_device_still_needed(images, monkeypatch):
    """A GPU's steps are asked for in no time; reading their losses waits until they are done."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    flush = UnreadSteps.flush

    def wait(self: UnreadSteps, group: ProcessGroup) -> tuple:
        now[0] += 2.0
        return flush(self, group)

    monkeypatch.setattr(UnreadSteps, "flush", wait)
    trainer = make(images, epochs=1)
    report = next(event for event in run(trainer) if isinstance(event, Report))
    assert report.images_per_second == pytest.approx(64 / 2.0)
    assert trainer.position.train_seconds == pytest.approx(2.0 * trainer.steps_per_epoch)


def test_no_images_give_no_logits(images):
    trainer = make(images)
    assert trainer.logits(images.test_images[:0]).shape == (0, 10)


def test_the_reports_accuracies_make_up_the_epochs(images):
    events = run(make(images, epochs=1))
    end = events[-1]
    sizes = [min(64, 400 - 64 * n) for n in range(7)]
    right = sum(e.accuracy * n for e, n in zip(events[:-1], sizes, strict=True))
    assert right / 400 == pytest.approx(end.train_accuracy)
