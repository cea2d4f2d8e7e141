"""My digits: what goes in comes out, what is wrong is named, nothing is half read."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn.drawing import my_digits
from cnn.drawing.my_digits import CollectionError, Drawing

POINT = st.tuples(*[st.floats(-1e4, 1e4).map(lambda v: round(v, 1))] * 2)
STROKES = st.lists(st.lists(POINT, min_size=1, max_size=8).map(tuple), min_size=1, max_size=4)
DRAWINGS = st.lists(
    st.builds(Drawing, st.integers(0, 9), STROKES.map(tuple)), min_size=1, max_size=5
)
ONE = Drawing(1, (((10.0, 10.0), (10.0, 90.0)),))


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CNN_DATA_DIR", str(tmp_path / "data"))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DRAWINGS)
def test_an_export_reads_back_as_it_was(drawings):
    assert my_digits.parse(my_digits.export(drawings)) == drawings


def test_drawings_are_kept_and_the_newest_removed():
    assert my_digits.load() == []
    assert my_digits.add([ONE]) == 1
    assert my_digits.add([Drawing(7, ONE.strokes)]) == 2
    assert [drawing.label for drawing in my_digits.load()] == [1, 7]
    my_digits.remove(1)
    assert my_digits.load() == [ONE]
    my_digits.remove()
    assert my_digits.load() == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[1, 2]", "no object"),
        ('{"strokes": [[[1, 2]]]}', "label"),
        ('{"label": 10, "strokes": [[[1, 2]]]}', "label"),
        ('{"label": true, "strokes": [[[1, 2]]]}', "label"),
        ('{"label": "3", "strokes": [[[1, 2]]]}', "label"),
        ('{"label": 3, "strokes": []}', "strokes"),
        ('{"label": 3, "strokes": [[]]}', "no point"),
        ('{"label": 3, "strokes": [[[1]]]}', "pair"),
        ('{"label": 3, "strokes": [[[1, "2"]]]}', "pair"),
        ('{"label": 3, "strokes": [[[1, NaN]]]}', "coordinate"),
        ('{"label": 3, "strokes": [[[1, 1e9]]]}', "coordinate"),
        (json.dumps({"label": 3, "strokes": [[[1, 2]] * 5000]}), "points"),
        ("{", "not JSON"),
        ("[" * 5000, "not JSON"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(line, problem):
    with pytest.raises(CollectionError, match=problem) as caught:
        my_digits.parse(f"{ONE.line()}\n{line}\n".encode())
    assert "Line 2" in str(caught.value)


def test_too_much_is_refused():
    line = f"{ONE.line()}\n".encode()
    with pytest.raises(CollectionError, match="More than"):
        my_digits.parse(line * (my_digits.MOST_DIGITS + 1))
    with pytest.raises(CollectionError, match="larger"):
        my_digits.parse(b" " * (my_digits.MOST_BYTES + 1))
    my_digits.add([ONE] * my_digits.MOST_DIGITS)
    with pytest.raises(CollectionError, match="at most"):
        my_digits.add([ONE])
    assert len(my_digits.load()) == my_digits.MOST_DIGITS


def test_a_damaged_line_on_disk_costs_only_itself():
    my_digits.add([ONE, ONE])
    path = my_digits.path()
    path.write_bytes(path.read_bytes() + b'{"label": 3, "str')
    assert my_digits.load() == [ONE, ONE]


def test_images_are_prepared():
    images, labels = my_digits.images([ONE])
    assert images.shape == (1, 28, 28) and images.max() > 0.5 and labels.tolist() == [1]
    assert my_digits.images([])[0].shape == (0, 28, 28)
