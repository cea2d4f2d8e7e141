"""The app's own augmentation as source: the function, and what of its module it leans on."""

from __future__ import annotations

import ast
import inspect

from cnn.training import Settings


def augment_source(settings: Settings) -> str:
    """Source of `augment(x, settings, fill)`, its helpers and constants, and of `AUGMENTATION`.

    Copied from `cnn.augmentation`, so that it cannot drift from it. Where the settings ask for no
    handwriting, the branches for it are left out, and so are the helpers that only they need.
    """
    from cnn.training import augmentation

    text = inspect.getsource(augmentation)
    parts = {name: _without_handwriting(part, settings) for name, part in _parts(text).items()}
    wanted = _leans_on("augment", parts)
    constants = [parts[name] for name in parts if name in wanted and name.isupper()]
    functions = [parts[name] for name in parts if name in wanted and not name.isupper()]
    chosen = ", ".join(f"{name}={getattr(settings, name)!r}" for name in _fields(settings))
    constants.append(f"AUGMENTATION = SimpleNamespace(\n    {chosen}\n)")
    head = "\n".join(dict.fromkeys(constants))
    return head + "\n\n\n" + "\n\n\n".join(functions) + "\n\n\n"


def _fields(settings: Settings) -> list[str]:
    """The augmentation's settings, and `augments`, which `augment` asks first."""
    declared = type(settings).model_fields
    names = [
        name
        for name, info in declared.items()
        if isinstance(info.json_schema_extra, dict)
        and info.json_schema_extra.get("group") == "augmentation"
    ]
    return ["augments", *names]


def _parts(text: str) -> dict[str, str]:
    """Every function and constant of a module, by name, with its source lines."""
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


def _without_handwriting(source: str, settings: Settings) -> str:
    """The source without its `if strength:` blocks, where strength is 0."""
    if settings.handwriting:
        return source
    lines = source.splitlines()
    for node in reversed([n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.If)]):
        if isinstance(node.test, ast.Name) and node.test.id == "strength" and not node.orelse:
            del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _leans_on(name: str, parts: dict[str, str], known: frozenset[str] = frozenset()) -> set[str]:
    """`name` and every part that it uses, by itself or through others."""
    found = {name}
    for node in ast.walk(ast.parse(parts[name])):
        if isinstance(node, ast.Name) and node.id in parts and node.id not in known | found:
            found |= _leans_on(node.id, parts, known | frozenset(found))
    return found
