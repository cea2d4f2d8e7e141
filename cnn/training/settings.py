"""The training settings, declared once: the Train page's form, `--set` and validation read this.

Imports no torch: optimisers are named here and made in `optimizers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import Field, JsonValue, ValidationError, model_validator

from cnn.common.checked import Checked, first_problem
from cnn.common.text import excerpt
from cnn.datasets import DataSet
from cnn.training.schedules import SCHEDULES

T = TypeVar("T")


class SettingsError(ValueError):
    """A setting that is unknown or out of range; the message names it and what is allowed."""


@dataclass(frozen=True)
class Optimizer:
    """One choice of optimiser: its class in `torch.optim` and the arguments of that."""

    label: str
    torch_name: str
    learning_rate: float  # a good start for small convolutional networks
    arguments: dict[str, float] = field(default_factory=dict)


_MOMENTUM = {"momentum": 0.9}
OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("SGD with momentum", "SGD", 0.05, _MOMENTUM),
    "nesterov": Optimizer("Nesterov", "SGD", 0.05, {**_MOMENTUM, "nesterov": True}),
    "adam": Optimizer("Adam", "Adam", 0.001),
    "adamw": Optimizer("AdamW", "AdamW", 0.002),
    "rmsprop": Optimizer("RMSprop", "RMSprop", 0.001),
    "adadelta": Optimizer("Adadelta", "Adadelta", 1.0),
    "adagrad": Optimizer("Adagrad", "Adagrad", 0.02),
}
RENAMED = {"pixels": "normalisation"}  # a setting's old name, and the one it has now

# What makes a step slower or faster, besides the network and the device: by these a measured speed
# is known again. (How strong an augmentation is matters less than whether there is any.)
SPEED_SETTINGS = ("batch_size", "optimizer", "precision", "augments", "reproducible")
# What plans the run around its steps; all the others decide what a step computes.
PLANNING = {
    *("learning_rate", "schedule", "epochs", "early_stopping", "seed"),
    *("validation_images", "train_images"),
}


def _choice(default: T, title: str, description: str, labels: Mapping[str, str]) -> T:
    """A field with a choice; `labels` are what is shown for it."""
    extra: dict[str, JsonValue] = {"labels": {**labels}}
    return Field(default, title=title, description=description, json_schema_extra=extra)


def _augmentation(
    title: str, description: str, largest: float, step: float, unit: str = ""
) -> float:
    """A field for the amount of a random change to training images; 0: off."""
    extra: dict[str, JsonValue] = {"step": step, "group": "augmentation"}
    if unit:
        extra["unit"] = unit
    return Field(
        0.0, ge=0.0, le=largest, title=title, description=description, json_schema_extra=extra
    )


class Settings(Checked):
    """How a network is trained. Every field has its limits, a title and an explanation."""

    epochs: int = Field(
        3, ge=1, le=200, title="Epochs", description="How often every training image is seen."
    )
    batch_size: int = Field(
        128,
        ge=1,
        le=4096,
        title="Batch size",
        description="Images per step. Small: noisy and slow; large: smooth, fewer steps.",
    )
    optimizer: Literal["sgd", "nesterov", "adam", "adamw", "rmsprop", "adadelta", "adagrad"] = (
        _choice(
            "adamw",
            "Optimiser",
            "How gradients become steps.",
            {name: o.label for name, o in OPTIMIZERS.items()},
        )
    )
    learning_rate: float = Field(
        0.01,
        gt=0.0,
        le=10.0,
        allow_inf_nan=False,
        title="Learning rate",
        description="The size of a step, at the schedule's peak. Can be changed during a run.",
    )
    schedule: Literal["constant", "step", "cosine", "one-cycle"] = _choice(
        "one-cycle",
        "Schedule",
        "How the learning rate moves over the run. Step: to a tenth at 60% of it, and again at "
        "85%. Cosine: down to zero. One-cycle: up for the first 30%, then down.",
        SCHEDULES,
    )
    weight_decay: float = Field(
        0.01,
        ge=0.0,
        le=1.0,
        allow_inf_nan=False,
        title="Weight decay",
        description="Pulls every weight towards zero: smoother networks, less over-fitting.",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Label smoothing",
        json_schema_extra={"step": 0.01},
        description=(
            "Asks for a little less than certainty, so that the network is less over-confident."
        ),
    )
    early_stopping: int = Field(
        0,
        ge=0,
        le=50,
        title="Early stopping",
        description=(
            "Ends the run when the validation loss has not fallen for this many epochs, and "
            "keeps the best epoch's weights. 0: trains all epochs and keeps the last."
        ),
    )
    shift: float = _augmentation(
        "Shift", "Moves each training image at random by up to this many pixels.", 8.0, 0.5, "px"
    )
    rotation: float = _augmentation(
        "Rotation",
        "Turns each training image at random by up to this many degrees.",
        45.0,
        1.0,
        "°",
    )
    scale: float = _augmentation(
        "Scale",
        "Makes each training image larger or smaller by up to this many per cent.",
        50.0,
        1.0,
        "%",
    )
    shear: float = _augmentation(
        "Shear", "Slants each training image at random by up to this many degrees.", 45.0, 1.0, "°"
    )
    handwriting: float = _augmentation(
        "Handwriting",
        (
            "Varies each training image as hands and pens do: turned, slanted, wider or "
            "narrower, bent, with thinner or thicker strokes; and adds 3,000 digits in the "
            "forms of other schools, such as ones with an upstroke, and some thousand copies "
            "in a thick pen. 0: off, 1: in full."
        ),
        1.0,
        0.1,
    )
    validation_images: int | None = Field(
        None,
        ge=0,
        le=30_000,
        title="Validation images",
        description=(
            "Training images held out to measure accuracy on. None: the data set's usual "
            "number; 0: train on all."
        ),
    )
    train_images: int | None = Field(
        None,
        ge=10,
        le=60_000,
        title="Training images",
        description=(
            "Trains on so many of the training images only, chosen by the seed: with few, a "
            "network learns them by heart. None: on all but those held out."
        ),
    )
    label_noise: float = Field(
        0.0,
        ge=0.0,
        le=0.5,
        title="Wrong labels",
        json_schema_extra={"step": 0.05},
        description=(
            "The share of training images that get a wrong label, chosen by the seed: to see what "
            "a network makes of mistakes in its data. Validation and test labels stay right."
        ),
    )
    normalisation: Literal["standardised", "0-1"] = _choice(
        "standardised",
        "Normalisation",
        ("standardised: mean 0 and standard deviation 1 over the data set; 0-1: only scaled."),
        {"standardised": "Standardised", "0-1": "Scaled to 0–1"},
    )
    precision: Literal["auto", "float32", "bf16"] = _choice(
        "auto",
        "Precision",
        (
            "bf16 computes with 16-bit numbers where the device is faster at them; auto takes "
            "it for convolutional networks on such devices."
        ),
        {"auto": "Auto", "float32": "float32", "bf16": "bf16"},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description=(
            "The same seed gives the same run, on the same processor with the same number of "
            "threads. On a GPU, or another number of threads, the last digits differ, and with "
            "them the curve; Reproducible prevents it."
        ),
    )
    reproducible: bool = Field(
        False,
        title="Reproducible",
        description=(
            "Computes with deterministic algorithms and two threads, so that the same seed gives "
            "the same weights on a GPU too, and whatever number of cores there is. Slower."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _current_names(cls, values: object) -> object:
        """Settings of older runs, links and commands, under their names of today."""
        if isinstance(values, dict):
            return {RENAMED.get(name, name): value for name, value in values.items()}
        return values

    @classmethod
    def _refusal(cls, field: str, problem: str) -> SettingsError:
        return SettingsError(f"{field or 'settings'}: {problem}")

    def held_out(self, dataset: DataSet) -> int:
        """How many training images are kept for validation: as set, or the data set's usual."""
        return (
            dataset.validation_images if self.validation_images is None else self.validation_images
        )

    def trained_on(self, dataset: DataSet) -> int:
        """How many of the data set's images are trained on, those that Handwriting adds aside."""
        rest = dataset.train_images - self.held_out(dataset)
        return rest if self.train_images is None else min(rest, self.train_images)

    def needs_validation(self, held_out: int) -> bool:
        """Whether early stopping, which goes by validation images, is on but none are held out."""
        return self.early_stopping > 0 and held_out == 0

    @property
    def augments(self) -> bool:
        """Whether training images are changed at random."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.handwriting))

    def of_a_step(self) -> dict[str, object]:
        """The settings that decide what a step computes, as plain data."""
        return self.model_dump(mode="json", exclude=PLANNING)


def parse_settings(base: Settings, pairs: list[str]) -> Settings:
    """`base` with `key=value` strings applied, as `--set` gives them. Raises SettingsError."""
    values = base.model_dump()
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = RENAMED.get(key, key)
        if not equals or key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingsError(
                f"'{excerpt(pair)}': settings are given as key=value, key one of {known}."
            )
        values[key] = None if value.lower() == "none" else value
    return read_settings(values)


def read_settings(values: object) -> Settings:
    """Settings from plain data, checked. Raises SettingsError naming the field and its limits."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise Settings._refusal(*first_problem(Settings, error)) from None
