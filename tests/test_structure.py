"""Nothing before the first paint waits for torch, and nothing unpickles.

That imports go down the storeys only is `lint-imports`'s business (pyproject.toml, .ci/run).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BEFORE_FIRST_PAINT = [
    *("cnn.network", "cnn.presets", "cnn.training", "cnn.training.devices", "cnn.runs"),
    *("cnn.datasets", "cnn.figures", "cnn.__main__"),
]


def imports(file: Path) -> set[str]:
    """Every module a file names in an import, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{file} imports relatively"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def calls_on_pages(*names: str) -> list[tuple[Path, ast.Call, ast.Attribute]]:
    """Each call of a method of these names in ui/ and pages/: its file, and what is called."""
    return [
        (file, call, call.func)
        for folder in ("ui", "pages")
        for file in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in names
    ]


def test_a_fold_whose_label_changes_has_a_key():
    """Else it closes as soon as what stands in it changes its label."""
    folds = calls_on_pages("expander", "popover")
    assert len(folds) > 5
    for file, call, _ in folds:
        keyed = any(keyword.arg == "key" for keyword in call.keywords)
        assert keyed or isinstance(call.args[0], ast.Constant), f"{file}:{call.lineno}"


def test_what_is_shown_as_a_picture_is_described_in_words():
    """Charts, images and tables (which are canvases), to those who cannot see them."""
    found = calls_on_pages("image", "plotly_chart", "dataframe", "data_editor")
    shown = [
        (file, call)
        for file, call, method in found
        if not (isinstance(method.value, ast.Name) and method.value.id == "state")
    ]
    assert len(shown) > 15
    for file, call in shown:
        described = any(keyword.arg == "alt" for keyword in call.keywords)
        assert described, f"{file.relative_to(ROOT)}:{call.lineno}"


def test_per_cents_are_written_by_one_function():
    """`{share:.1%}` rounds 0.9996 up to 100%; `cnn.common.text.percent` does not. (Hover texts,
    which Plotly fills in, and scripts that stand alone hold such formats as text.)"""
    by_hand = [
        f"{file.relative_to(ROOT)}:{value.lineno}"
        for folder in ("cnn", "ui", "pages")
        for file in (ROOT / folder).rglob("*.py")
        if file != ROOT / "cnn/common/text.py"
        if "%}" in (source := file.read_text())
        for value in ast.walk(ast.parse(source))
        if isinstance(value, ast.FormattedValue) and value.format_spec
        if any(
            "%" in str(part.value)
            for part in ast.walk(value.format_spec)
            if isinstance(part, ast.Constant)
        )
    ]
    assert not by_hand


def test_nothing_unpickles():
    """`torch.load` and pickle execute what a file says."""
    for folder in ("cnn", "ui", "pages"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            assert "pickle" not in imports(file), file
            assert "torch.load(" not in text, file


def test_nothing_changes_a_checked_value_without_checking_it():
    """pydantic's `model_copy(update=...)` and `model_construct` validate nothing."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for folder in ("cnn", "ui", "pages", "benchmarks")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("model_copy", "model_construct")
    ]
    assert found == []


@pytest.mark.parametrize("modules", [BEFORE_FIRST_PAINT, sorted(imports(ROOT / "app.py"))])
def test_what_is_imported_before_the_first_paint_leaves_torch_alone(modules):
    importable = [m for m in modules if m.split(".")[0] in ("cnn", "ui")]
    assert importable
    code = (
        "import importlib, importlib.util, sys\n"
        f"for name in {importable!r}:\n"
        "    try: importlib.import_module(name)\n"
        "    except ModuleNotFoundError as e:\n"  # `ui.state.get`: a name in a module
        "        if not name.startswith(e.name or '?'): raise\n"
        "heavy = ('torch', 'torchvision', 'sklearn', 'scipy', 'skimage')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_table_of_rooms_is_complete_and_the_same_everywhere():
    tables = [
        [line for line in (ROOT / file).read_text().splitlines() if line.startswith("| `")]
        for file in ("docs/architecture.md", "CONTRIBUTING.md")
    ]
    rooms = [line.split("`")[1] for line in tables[0]]
    assert rooms == [line.split("`")[1] for line in tables[1] if line in tables[0]]
    for folder in (ROOT / "cnn").iterdir():
        if (folder / "__init__.py").exists():
            assert f"cnn/{folder.name}/" in rooms
            assert f"  {folder.name}/" in (ROOT / "README.md").read_text()
