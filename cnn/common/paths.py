"""The project's folder."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]  # the folder that holds app.py, cnn/, data/ and runs/
