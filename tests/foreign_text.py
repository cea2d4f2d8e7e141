"""Where ui/ and pages/ hand text to Streamlit that may be anybody's, read from their source.

Streamlit reads almost every text it is given as Markdown. `exposed` follows each argument of such a
call through the assignments of its function, and names what may be foreign and is not in `plain`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Streamlit's calls whose text is Markdown, and ours that hand theirs on to one.
READS_MARKDOWN = _words(
    """markdown caption title header subheader write info warning error success toast button
    download_button form_submit_button link_button page_link checkbox toggle radio selectbox
    multiselect slider select_slider number_input text_input text_area expander popover tabs
    metric progress spinner status badge image segmented_control pills file_uploader dialog
    table html choose empty headline"""
)
KEYWORDS = _words("label help text caption captions body delta title options format_func")
# A select box shows its options as they are, an input its value.
SHOWN_AS_IS = _words("selectbox multiselect text_input text_area number_input")
SOURCES = _words("error problem problems message broken")  # variables and attributes
ATTRIBUTES = SOURCES | _words("name note tags details reason classes who")
FIELDS = _words("message error name note tags")  # found["message"], .get(...)
NAMES = _words("classes names words texts")  # names[k]
CALLS = _words("loading_problem loading_text cpu_name name_of labels_of problem")
STORED = "notice"  # an attribute that a page shows as Markdown later
NO_MARKDOWN = {  # what would be found, and is no text of anybody's
    ("actions.py", "run.name"),  # a download's file name
    ("cards.py", "LAYER_GROUPS[layer.group].name"),
    ("robust.py", "error"),  # a mean error, in per cent
    ("robust.py", "one.name"),  # a corruption's
    ("formulas.py", "found.name"),  # an activation function's
    ("palette.py", "colour.name"),
    ("test_set.py", "names[method]"),
    ("answer.py", "texts[i]"),  # plain already
    ("wall.py", "names[run.id]"),  # the options of the select box whose run is asked
}


def exposed(file: Path) -> list[str]:
    """`line: call: expression` for each text that may be foreign and is not escaped."""
    tree = ast.parse(file.read_text("utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    found: list[str] = []
    for scope in (tree, *functions):
        nodes = list(_own(scope))
        assigned: dict[str, list[ast.expr]] = {}
        for node in nodes:
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        assigned.setdefault(target.id, []).append(node.value)
                    elif isinstance(target, ast.Attribute) and target.attr == STORED:
                        found += _in(node.value, assigned, f"{node.lineno}: {target.attr}")
        for node in nodes:
            if isinstance(node, ast.Call) and _called(node) in READS_MARKDOWN:
                for text in _texts(node):
                    found += _in(text, assigned, f"{node.lineno}: {_called(node)}")
    return sorted(set(found))


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own(child)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _texts(call: ast.Call) -> Iterator[ast.expr]:
    as_is = _called(call) in SHOWN_AS_IS
    yield from call.args[:1] if as_is else call.args
    for keyword in call.keywords:
        shown_as_is = as_is and keyword.arg in ("options", "format_func", "value")
        if keyword.arg in KEYWORDS and not shown_as_is:
            yield keyword.value


def _in(text: ast.expr, assigned: dict[str, list[ast.expr]], where: str) -> list[str]:
    """What in an expression may be foreign, its local variables followed."""
    found, seen, left = [], set(), [text]
    while left:
        node = left.pop()
        if isinstance(node, ast.Call) and _called(node) == "plain":
            continue
        if isinstance(node, ast.IfExp):  # what is asked for is not shown
            left += [node.body, node.orelse]
            continue
        if isinstance(node, ast.Compare):
            continue
        if _is_source(node):
            found.append(f"{where}: {ast.unparse(node)}")
            continue
        if isinstance(node, ast.Name) and node.id not in seen:
            seen.add(node.id)
            left += assigned.get(node.id, [])
        left += ast.iter_child_nodes(node)
    return found


def _is_source(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in SOURCES
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant):
            return node.slice.value in FIELDS
        return ast.unparse(node.value).rpartition(".")[2] in NAMES
    if isinstance(node, ast.Call):
        if _called(node) == "get":
            first = node.args[0] if node.args else None
            return isinstance(first, ast.Constant) and first.value in FIELDS
        return _called(node) in CALLS
    return False
