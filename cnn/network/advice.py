"""Advice on architectures that work but could be better: a pure function of the architecture.

`advise` applies the rules of `advice_rules` to the rows of the layers that work.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnn.network.advice_rules import RULES, Severity
from cnn.network.architecture import Architecture

_ORDER = {"warning": 0, "hint": 1, "note": 2}


@dataclass(frozen=True)
class Advice:
    """A remark on layer `number` (None: on the whole network).

    `warning`: it will hardly learn so; `hint`: there is a better way; `note`: good to know.
    """

    number: int | None
    text: str
    severity: Severity


def advise(architecture: Architecture) -> list[Advice]:
    """All remarks: warnings, then hints, then notes, each in the order of the layers.

    There are none on layers that are switched off, cannot work, or get no input.
    """
    rows = [row for row in architecture.table() if row.output_shape and not row.skipped]
    found = [
        Advice(row.number if row else None, text, severity)
        for rule in RULES
        for severity, row, text in rule(rows)
    ]
    return sorted(found, key=lambda item: (_ORDER[item.severity], item.number or 0))
