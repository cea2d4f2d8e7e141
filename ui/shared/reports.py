"""What a component reports, read in one way.

It comes from a browser, and so may be anything: a number where a place is meant, NaN, a list of a
million entries. What is not of the kind that the component's own script sends counts as nothing.
Whether there is such a layer, row or image is for whoever asks: `Index` only bounds it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import streamlit as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

T = TypeVar("T")

Index = Annotated[int, Field(ge=0, lt=1_000_000)]
Name = Annotated[str, Field(max_length=1000)]


class Report(BaseModel):
    """One report; what else stands in it is passed over."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Pixel(Report):
    """A place in a map."""

    row: Index
    column: Index


class Weight(Pixel):
    """A number that was typed into a kernel."""

    value: float


class MapPlace(Report):
    """A map, or a unit, of a layer (0: the image)."""

    layer: Index
    channel: Index


class Dropped(Report):
    """The end of a drag: a card, or a layer of the palette, below `place` cards."""

    what: Literal["card", "add"]
    id: Name
    place: Index


class Ticked(Report):
    """The runs that are ticked, by their ids, and since when (by the browser's clock)."""

    runs: list[Name] = Field(max_length=10_000)
    time: float = 0.0


class Renamed(Report):
    """A run by its id, and the name that was written into its row."""

    run: Name
    name: Name


class Drawing(Report):
    """What is on a canvas, as Fabric.js has it."""

    raw: dict[str, Any]


class CanvasReport(Report):
    """Everything that drawable-canvas reports: it has no background here."""

    drawing: Drawing
    background_fit: None = Field(None, alias="backgroundFit")


class Point(Report):
    """A mark of a figure that was clicked."""

    point_index: Index


class Selection(Report):
    """The marks of a figure that are chosen."""

    points: list[Point] = Field(max_length=10_000)


INDEX: TypeAdapter[int] = TypeAdapter(Index, config=ConfigDict(strict=True))
NAME: TypeAdapter[str] = TypeAdapter(Name, config=ConfigDict(strict=True))
FIELDS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any], config=ConfigDict(strict=True))
PIXEL, WEIGHT, MAP_PLACE = TypeAdapter(Pixel), TypeAdapter(Weight), TypeAdapter(MapPlace)
DROPPED, TICKED, RENAMED = TypeAdapter(Dropped), TypeAdapter(Ticked), TypeAdapter(Renamed)
CANVAS, SELECTION = TypeAdapter(CanvasReport), TypeAdapter(Selection)


def reported(key: str, event: str, kind: TypeAdapter[T]) -> T | None:
    """What the component of that key sent with `event`; None where that is nothing, or nothing of
    this kind."""
    whole = st.session_state.get(key)
    return read(whole.get(event), kind) if isinstance(whole, dict) else None


def read(value: object, kind: TypeAdapter[T]) -> T | None:
    """A value of this kind; None for any other."""
    try:
        return kind.validate_python(value)
    except (ValidationError, RecursionError):
        return None
