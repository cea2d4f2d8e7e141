"""A small table without an index: a title, values, a width and an explanation per column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import streamlit as st

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig


class Column(NamedTuple):
    """One column; `width` in pixels. `format` says how numbers are shown, None: it holds texts."""

    title: str
    values: Sequence[str] | Sequence[int]
    width: int
    help: str | None = None
    format: Literal["localized", "compact"] | None = None

    def config(self) -> ColumnConfig:
        """Streamlit's description of it."""
        if self.format is None:
            return st.column_config.TextColumn(width=self.width, help=self.help)
        return st.column_config.NumberColumn(width=self.width, help=self.help, format=self.format)


def text_table(
    columns: Sequence[Column], alt: str, height: int | Literal["content"] = "content"
) -> None:
    """Draw the table; `alt` describes it to a screen reader, `height` is in pixels."""
    st.dataframe(
        {column.title: column.values for column in columns},
        hide_index=True,
        row_height=30,
        height=height,
        column_config={column.title: column.config() for column in columns},
        alt=alt,
    )
