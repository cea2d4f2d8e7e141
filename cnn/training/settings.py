"""The training settings, declared once: the Train page's form, `--set` and validation read this.

Imports no torch: optimisers are named here and made in `cnn.training`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cnn.datasets import DataSet
from cnn.training.schedules import SCHEDULES


class SettingsError(ValueError):
    """A setting that is unknown or out of range; the message names it and what is allowed."""


@dataclass(frozen=True)
class Optimizer:
    """One choice of optimiser: its class in `torch.optim`, its arguments, a word about it."""

    label: str
    torch_name: str
    arguments: dict[str, Any]
    learning_rate: float  # a good start for small convolutional networks
    about: str


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer("SGD with momentum", "SGD", {"momentum": 0.9}, 0.05,
                     "Steps down the slope with inertia: the classic."),
    "nesterov": Optimizer("Nesterov", "SGD", {"momentum": 0.9, "nesterov": True}, 0.05,
                          "Momentum that looks one step ahead."),
    "adam": Optimizer("Adam", "Adam", {}, 0.001,
                      "A step size of its own for every weight: works almost untuned."),
    "adamw": Optimizer("AdamW", "AdamW", {}, 0.002,
                       "Adam with weight decay done right: today's default."),
    "rmsprop": Optimizer("RMSprop", "RMSprop", {}, 0.001,
                         "Divides each step by the recent size of the gradient."),
    "adadelta": Optimizer("Adadelta", "Adadelta", {}, 1.0,
                          "Adapts step sizes from past updates; PyTorch's MNIST example uses it."),
    "adagrad": Optimizer("Adagrad", "Adagrad", {}, 0.02,
                         "Steps shrink with every gradient seen."),
}  # fmt: skip


RENAMED = {"pixels": "normalisation"}  # a setting's old name, and the one it has now


class Settings(BaseModel):
    """How a network is trained. Every field has its limits, a title and an explanation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
        Field(
            "adamw",
            title="Optimiser",
            description="How gradients become steps.",
            json_schema_extra={"labels": {name: o.label for name, o in OPTIMIZERS.items()}},
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
    schedule: Literal["constant", "step", "cosine", "one-cycle"] = Field(
        "one-cycle",
        title="Schedule",
        description="How the learning rate moves over the run.",
        json_schema_extra={"labels": {**SCHEDULES}},
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
        description="Asks for a little less than certainty, so that the network stays modest.",
        json_schema_extra={"step": 0.01},
    )
    early_stopping: int = Field(
        0,
        ge=0,
        le=50,
        title="Early stopping",
        description="Ends the run when the validation loss has not fallen for this many epochs, "
        "and keeps the best epoch's weights. 0: trains all epochs and keeps the last.",
    )
    shift: float = Field(
        0.0,
        ge=0.0,
        le=8.0,
        title="Shift",
        description="Moves each training image at random by up to this many pixels.",
        json_schema_extra={"step": 0.5, "group": "augmentation", "unit": "px"},
    )
    rotation: float = Field(
        0.0,
        ge=0.0,
        le=45.0,
        title="Rotation",
        description="Turns each training image at random by up to this many degrees.",
        json_schema_extra={"step": 1.0, "group": "augmentation", "unit": "°"},
    )
    scale: float = Field(
        0.0,
        ge=0.0,
        le=50.0,
        title="Scale",
        description="Makes each training image larger or smaller by up to this many per cent.",
        json_schema_extra={"step": 1.0, "group": "augmentation", "unit": "%"},
    )
    shear: float = Field(
        0.0,
        ge=0.0,
        le=45.0,
        title="Shear",
        description="Slants each training image at random by up to this many degrees.",
        json_schema_extra={"step": 1.0, "group": "augmentation", "unit": "°"},
    )
    handwriting: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        title="Handwriting",
        description="Varies each training image as hands and pens do: turned, slanted, wider or "
        "narrower, bent, with thinner or thicker strokes; and adds 3,000 digits in the forms of "
        "other schools, such as ones with an upstroke, and some thousand copies in a broad pen. "
        "0: off, 1: in full.",
        json_schema_extra={"step": 0.1, "group": "augmentation"},
    )
    validation_images: int | None = Field(
        None,
        ge=0,
        le=30_000,
        title="Validation images",
        description="Training images held out to judge by. None: the data set's usual number; "
        "0: train on all.",
    )
    normalisation: Literal["standardised", "0-1"] = Field(
        "standardised",
        title="Normalisation",
        description="standardised: mean 0 and standard deviation 1 over the data set; 0-1: only "
        "scaled.",
        json_schema_extra={"labels": {"standardised": "Standardised", "0-1": "Scaled to 0–1"}},
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        "auto",
        title="Precision",
        description="bf16 computes with 16-bit numbers where the device is faster at them; auto "
        "takes it for convolutional networks on such devices.",
        json_schema_extra={"labels": {"auto": "Auto", "float32": "float32", "bf16": "bf16"}},
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed",
        description="The same seed on the same device gives the same run.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _current_names(cls, values: Any) -> Any:
        """Settings of older runs, links and commands, under their names of today."""
        if isinstance(values, dict):
            return {RENAMED.get(name, name): value for name, value in values.items()}
        return values

    def held_out(self, dataset: DataSet) -> int:
        """How many training images are kept for validation: as set, or the data set's usual."""
        return (
            dataset.validation_images if self.validation_images is None else self.validation_images
        )

    @property
    def augments(self) -> bool:
        """Whether training images are changed at random."""
        return any((self.shift, self.rotation, self.scale, self.shear, self.handwriting))


def parse_settings(base: Settings, pairs: list[str]) -> Settings:
    """`base` with `key=value` strings applied, as `--set` gives them. Raises SettingsError."""
    values = base.model_dump()
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = RENAMED.get(key, key)
        if not equals or key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingsError(f"'{pair}': settings are given as key=value, key one of {known}.")
        values[key] = None if value.lower() == "none" else value
    return read_settings(values)


def read_settings(values: Any) -> Settings:
    """Settings from plain data, checked. Raises SettingsError naming the field and its limits."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise SettingsError(f"{name}: {first['msg']}, not {first.get('input')!r}.") from None
