"""What can be moved in a lesson: declared once, and read from a link, the page and the session."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | float | list[float]
State = dict[str, Value]


@dataclass(frozen=True)
class OneOf:
    """One of some words; the first where none is given."""

    options: tuple[str, ...]

    @property
    def default(self) -> str:
        """The first."""
        return self.options[0]

    def read(self, given: object) -> Value:
        """The word. Raises ValueError."""
        if given not in self.options:
            raise ValueError(f"one of {', '.join(self.options)}")
        return str(given)


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`; `whole`: without fraction."""

    low: float
    high: float
    default: float
    whole: bool = False

    def read(self, given: object) -> Value:
        """The number. Raises ValueError."""
        number = _number(given)
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise ValueError(f"{kind} from {self.low:g} to {self.high:g}")
        return int(number) if self.whole else number


@dataclass(frozen=True)
class Numbers:
    """So many numbers, each from `low` to `high`."""

    default: tuple[float, ...]
    counts: tuple[int, ...]
    low: float
    high: float

    def read(self, given: object) -> Value:
        """The numbers. Raises ValueError."""
        parts = given.split("_") if isinstance(given, str) else given
        if not isinstance(parts, list | tuple) or len(parts) not in self.counts:
            raise ValueError(f"{' or '.join(map(str, self.counts))} numbers with _ between them")
        numbers = [_number(part) for part in parts]
        if not all(self.low <= number <= self.high for number in numbers):
            raise ValueError(f"numbers from {self.low:g} to {self.high:g}")
        return numbers


Field = OneOf | Number | Numbers


def _number(given: object) -> float:
    """A finite number. Raises ValueError."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError("a number")
    try:
        number = float(given)
    except (ValueError, OverflowError):  # the latter: an integer larger than any float
        raise ValueError("a number") from None
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


def default_state(fields: Mapping[str, Field]) -> State:
    """Where a lesson starts."""
    return {
        name: list(field.default) if isinstance(field, Numbers) else field.default
        for name, field in fields.items()
    }


def read_state(fields: Mapping[str, Field], given: Mapping[str, object]) -> tuple[State, list[str]]:
    """The state that `given` asks for, and a sentence for each value that is not allowed: there the
    default stands. What the lesson does not know is passed over."""
    state, problems = default_state(fields), []
    for name, field in fields.items():
        if name in given:
            try:
                state[name] = field.read(given[name])
            except ValueError as error:
                problems.append(
                    f"'{name}' in the link must be {error}; the lesson starts anew there."
                )
    return state, problems


def write_state(fields: Mapping[str, Field], state: State) -> dict[str, str]:
    """The values that differ from the start, as a link carries them."""
    start = default_state(fields)
    return {name: _written(state[name]) for name in fields if state[name] != start[name]}


def _written(value: Value) -> str:
    if isinstance(value, list):
        return "_".join(f"{number:.4g}" for number in value)
    return value if isinstance(value, str) else f"{value:.6g}"
