"""What varies in a sweep: settings with their values or ranges, and reading them from text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from cnn.common.checked import Checked, limits
from cnn.common.text import excerpt
from cnn.runs.config import RunError
from cnn.training import Settings, SettingsError
from cnn.training.settings import RENAMED

LOG_RATIO = 10  # a range that spans more is searched by orders of magnitude
FIXED = {"seed", "validation_images", "reproducible"}  # what makes trials comparable

Value = float | int | str | bool | None


class Parameter(Checked):
    """One setting that varies: over `values`, or between `low` and `high`."""

    name: str
    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def title(self) -> str:
        """What pages call the setting."""
        return Settings.model_fields[self.name].title or self.name

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return Settings.model_fields[self.name].annotation in (int, int | None)

    @property
    def is_log(self) -> bool:
        """Whether its range is searched by orders of magnitude."""
        low, high = self.low or 0.0, self.high or 0.0
        return low > 0 and high / low >= LOG_RATIO

    def text(self) -> str:
        """As `parse_parameter` reads it."""
        if self.values:
            return f"{self.name}={','.join(map(str, self.values))}"
        return f"{self.name}={self.low:g}..{self.high:g}"


def grid(parameters: Sequence[Parameter]) -> list[dict[str, Value]]:
    """Every combination of the parameters' values, the last varying fastest."""
    names = [parameter.name for parameter in parameters]
    products = itertools.product(*(parameter.values for parameter in parameters))
    return [dict(zip(names, values, strict=True)) for values in products]


def parse_parameter(text: str) -> Parameter:
    """`learning_rate=0.01,0.02` or `learning_rate=0.001..0.1`. Raises RunError."""
    name, equals, value = text.replace(" ", "").partition("=")
    name = RENAMED.get(name, name)
    if not equals or name not in Settings.model_fields:
        known = ", ".join(sweepable())
        raise RunError(
            f"'{excerpt(text)}': write setting=values, such as learning_rate=0.01,0.02, or a "
            f"range: learning_rate=0.001..0.1. Settings: {known}."
        )
    between = re.fullmatch(r"(.+?)\.\.(.+)", value)
    if between:
        try:
            low, high = (float(end) for end in between.groups())
        except ValueError:
            raise RunError(f"'{excerpt(value)}' is no range of numbers.") from None
        return Parameter(name=name, low=low, high=high)
    found = tuple(dict.fromkeys(_typed(name, part) for part in value.split(",") if part))
    if not found:
        raise RunError(f"'{excerpt(text)}' names no value.")
    return Parameter(name=name, values=found)


def sweepable() -> list[str]:
    """The settings that a sweep can vary."""
    return [name for name in Settings.model_fields if name not in FIXED]


def _typed(name: str, text: str) -> Value:
    """A value as its setting has it. Raises RunError."""
    try:
        return getattr(Settings().changed(**{name: None if text.lower() == "none" else text}), name)
    except SettingsError as error:
        raise RunError(str(error)) from None


def require_valid(parameter: Parameter, settings: Settings) -> None:
    """Raise RunError where a parameter is of no setting, or goes beyond what that allows."""
    if parameter.name not in sweepable():
        raise RunError(f"'{excerpt(parameter.name)}' cannot vary in a sweep.")
    ends: Sequence[Value] = parameter.values
    if not ends:
        low, high = parameter.low, parameter.high
        if low is None or high is None or not low < high or _limits_of(parameter.name)[0] is None:
            raise RunError(f"{parameter.title} needs values, or a range from low to high.")
        ends = [low, high]
        if parameter.is_whole:
            if not (low.is_integer() and high.is_integer()):
                raise RunError(
                    f"{parameter.title} is a whole number: so are both ends of its range."
                )
            ends = [int(low), int(high)]
    try:
        for value in ends:
            settings.changed(**{parameter.name: value})
    except SettingsError as error:
        raise RunError(str(error)) from None


def _limits_of(name: str) -> tuple[float | None, float | None]:
    """The smallest and largest value of a setting; None twice for one that is no number."""
    low, high, _ = limits(Settings.model_fields[name])
    return low, high


def describe(values: Mapping[str, Value]) -> str:
    """A trial's settings in words: `learning rate 0.01, batch size 64`."""
    titles = {name: Settings.model_fields[name].title or name for name in values}
    return ", ".join(
        f"{titles[name].lower()} {f'{value:.3g}' if isinstance(value, float) else value}"
        for name, value in values.items()
    )
