"""Models whose values can only be changed by checking them, and what their fields allow."""

from __future__ import annotations

import json
import types
import typing
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from cnn.common.text import excerpt


class Checked(BaseModel):
    """A frozen model. `changed` is the way to another value: pydantic's `model_copy(update=...)`
    checks nothing, so what it makes may fail much later and somewhere else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def changed(self, **values: object) -> Self:
        """This with other values, all of them checked. Raises the model's own error, naming the
        field and what it allows."""
        try:
            return self.model_validate({**dict(self), **values})
        except ValidationError as error:
            raise self._refusal(*first_problem(type(self), error)) from None

    @classmethod
    def _refusal(cls, field: str, problem: str) -> Exception:
        """The error for a value that is not allowed; `field` is empty where it is the whole."""
        return ValueError(f"{field}: {problem}" if field else problem)


class Limits(NamedTuple):
    """The smallest and largest value of a field, None where there is none; `above` says that the
    smallest is itself not allowed."""

    low: Any
    high: Any
    above: bool


def limits(info: FieldInfo) -> Limits:
    """What a field's declaration allows."""
    low = high = None
    above = False
    for item in info.metadata:
        if hasattr(item, "gt"):
            low, above = item.gt, True
        low, high = getattr(item, "ge", low), getattr(item, "le", high)
    return Limits(low, high, above)


def is_optional(info: FieldInfo) -> bool:
    """Whether a field may be None."""
    return isinstance(info.annotation, types.UnionType) and type(None) in typing.get_args(
        info.annotation
    )


def allowed_values(model: type[BaseModel], name: str) -> str:
    """What a field allows: `a whole number from 1 to 256`, `'same' or 'valid'`."""
    info = model.model_fields[name]
    kind = info.annotation
    if typing.get_origin(kind) is typing.Literal:
        values = [short(value) for value in typing.get_args(kind)]
        return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
    if kind is bool:
        return "true or false"
    low, high, above = limits(info)
    whole = kind is int or (is_optional(info) and int in typing.get_args(kind))
    number = "a whole number" if whole else "a number"
    if low is None or high is None:
        return number
    least, most = _number(low), _number(high)
    span = f"above {least} and up to {most}" if above else f"from {least} to {most}"
    return f"{number} {span}{', or none' if is_optional(info) else ''}"


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def first_problem(model: type[BaseModel], error: ValidationError) -> tuple[str, str]:
    """The field of the first error that pydantic found, and what is allowed there."""
    first = error.errors(include_url=False)[0]
    name = excerpt(first["loc"][0], 40) if first["loc"] else ""
    if name in model.model_fields and len(first["loc"]) == 1:
        found = short(first.get("input"))
        return name, f"{allowed_values(model, name)} is allowed, not {found}."
    if name and first["type"] == "extra_forbidden":
        return name, f"there is no such field. Known: {', '.join(model.model_fields)}."
    return name, f"{first['msg']}."


def short(value: object) -> str:
    """A value as people read it: numbers with commas, else as JSON writes it, cut and escaped."""
    if isinstance(value, str):
        return f"'{excerpt(value, 40)}'"
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return f"{value:,.15g}"
    return excerpt(json.dumps(value, default=str, ensure_ascii=False), 40)
