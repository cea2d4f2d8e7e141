"""The app's own augmentation as source: the function, and what it needs of its module."""

from __future__ import annotations

import ast
import inspect

from cnn.training import Settings


def augment_source(settings: Settings) -> str:
    """Source of `augment(x, settings, fill)`, its helpers and constants, and of `AUGMENTATION`.

    Copied from `cnn.training.augmentation` (which imports torch), so that the two cannot differ.
    Where the settings ask for no handwriting, its branches and the helpers that only they need are
    left out.
    """
    from cnn.training import augmentation

    parts = _definitions(inspect.getsource(augmentation))
    if not settings.handwriting:
        parts = {name: _without_handwriting(part) for name, part in parts.items()}
    wanted = _needed_by("augment", parts)
    constants = [parts[name] for name in parts if name in wanted and name.isupper()]
    functions = [parts[name] for name in parts if name in wanted and not name.isupper()]
    chosen = ", ".join(f"{name}={getattr(settings, name)!r}" for name in _fields(settings))
    constants.append(f"AUGMENTATION = SimpleNamespace(\n    {chosen}\n)")
    head = "\n".join(dict.fromkeys(constants))
    return head + "\n\n\n" + "\n\n\n".join(functions) + "\n\n\n"


def _fields(settings: Settings) -> list[str]:
    """The augmentation's settings, and `augments`, which `augment` asks first."""
    extras = {name: it.json_schema_extra for name, it in type(settings).model_fields.items()}
    groups = {name: it.get("group") for name, it in extras.items() if isinstance(it, dict)}
    return ["augments", *(name for name in groups if groups[name] == "augmentation")]


def _definitions(text: str) -> dict[str, str]:
    """The source of every function and constant of a module, by name."""
    lines, parts = text.splitlines(), {}
    for node in ast.parse(text).body:
        source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef):
            parts[node.name] = source.replace(": Settings", ": SimpleNamespace")
        elif isinstance(node, ast.Assign):
            for name in ast.walk(node.targets[0]):
                if isinstance(name, ast.Name):
                    parts[name.id] = source
    return parts


def _without_handwriting(source: str) -> str:
    """The source without its `if strength:` blocks."""
    lines = source.splitlines()
    for node in reversed([n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.If)]):
        if isinstance(node.test, ast.Name) and node.test.id == "strength" and not node.orelse:
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _needed_by(name: str, parts: dict[str, str]) -> set[str]:
    """`name` and every definition that it uses, itself or through others."""
    found: set[str] = set()
    left = {name}
    while left:
        part = left.pop()
        found.add(part)
        used = {node.id for node in ast.walk(ast.parse(parts[part])) if isinstance(node, ast.Name)}
        left |= (used & parts.keys()) - found
    return found
