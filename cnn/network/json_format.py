"""Architectures as JSON and back, with errors that name the layer, the field and what is allowed.

The format follows from the declarations in `cnn.network.layers`, so a new layer type or field needs
nothing here. `version` is 1; a file of another version is refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from cnn.common.checked import allowed_values, short
from cnn.common.files import parse_json
from cnn.common.text import excerpt
from cnn.network.architecture import MAX_LAYERS, Architecture, ArchitectureError
from cnn.network.layers import LAYER_KINDS, Classifier, Layer

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

VERSION = 1
MAX_BYTES = 64_000  # a network of 60 layers with every field changed takes a third of it
MAX_DEPTH = 10  # lists and objects in one another; a network takes three
JSONObject = dict[str, Any]  # as json.loads returns it


def json_schema() -> JSONObject:
    """The JSON schema (2020-12) of an architecture's file, for editors and other programs."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CNN playground architecture",
        **{k: v for k, v in Architecture.model_json_schema().items() if k != "title"},
    }


def to_json(architecture: Architecture) -> str:
    """An architecture as a file that people can read and edit; `from_json` reads it back equal.

    It holds each layer's kind and the values that differ from their defaults.
    """
    return json.dumps(minimal(architecture), indent=2) + "\n"


def minimal(architecture: Architecture) -> JSONObject:
    """An architecture as plain data, without the values that are at their defaults."""

    def changed(layer: Layer) -> JSONObject:
        return layer.model_dump(mode="json", exclude_defaults=True)

    layers = [{"kind": layer.kind, **changed(layer)} for layer in architecture.layers]
    head = changed(architecture.head)
    return {"version": VERSION, "layers": layers, **({"head": head} if head else {})}


def from_json(text: str | bytes) -> Architecture:
    """Read an architecture from JSON, anybody's. Raises ArchitectureError."""
    return from_dict(parse(text))


def parse(text: str | bytes) -> Any:
    """The plain data of a JSON text that may hold an architecture, bounded in size and depth.

    Raises ArchitectureError. Every file, upload and link comes through here.
    """
    try:
        return parse_json(text, MAX_BYTES, MAX_DEPTH)
    except ValueError as error:
        raise ArchitectureError(f"This is not JSON of a network: {excerpt(error, 200)}.") from None


def from_dict(data: object) -> Architecture:
    """Read an architecture from plain data. Raises ArchitectureError."""
    if not isinstance(data, dict) or not isinstance(data.get("layers", []), list | tuple):
        raise ArchitectureError("An architecture is a JSON object with a list 'layers'.")
    if len(data.get("layers", [])) > MAX_LAYERS:
        raise ArchitectureError(
            f"A network has at most {MAX_LAYERS} layers; this one has {len(data['layers']):,}."
        )
    version = data.get("version", VERSION)
    if version != VERSION:
        raise ArchitectureError(
            f"This architecture has version {short(version)}; this app reads version {VERSION}."
        )
    try:
        return Architecture.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ArchitectureError(_explain(first, data)) from None
    except UnicodeError:
        raise ArchitectureError("This architecture holds characters that are none.") from None


def _explain(first: ErrorDetails, data: JSONObject) -> str:
    """The first error that pydantic found: where it is, and what is allowed there."""
    place = first["loc"]
    if place[:1] == ("layers",) and len(place) > 1:
        index = int(place[1])
        entry = data["layers"][index]
        kind = entry.get("kind") if isinstance(entry, dict) else None
        model = LAYER_KINDS.get(kind) if isinstance(kind, str) else None
        if model is None:
            name = short(kind).strip("'")
            what = "has no kind" if kind is None else f"({name}) is of no known kind"
            return f"Layer {index + 1} {what}. Allowed: {', '.join(LAYER_KINDS)}."
        return _explain_field(f"Layer {index + 1} ({kind})", model, place[3:], first)
    if place[:1] == ("head",):
        return _explain_field("The classifier", Classifier, place[1:], first)
    field = ".".join(map(str, place))
    return f"'{excerpt(field, 40)}' is no part of an architecture. Allowed: version, layers, head."


def _explain_field(
    where: str, model: type[BaseModel], place: tuple[int | str, ...], first: ErrorDetails
) -> str:
    if not place:
        return f"{where}: {excerpt(first['msg'], 200)}."
    name = str(place[0])
    if name not in model.model_fields:
        known = ", ".join(n for n in model.model_fields if n != "kind")
        return f"{where} has no field '{excerpt(name, 40)}'. Its fields: {known}."
    return (
        f"{where}, field '{name}': {allowed_values(model, name)} is allowed, "
        f"not {short(first.get('input'))}."
    )
