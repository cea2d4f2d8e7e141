"""What is told of a run, as plain data: the same at a page's first paint and in its stream."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from humanize import naturalsize
from numpy.typing import NDArray
from plotly.graph_objects import Figure

from cnn import evaluation, figures, runs
from cnn.common.text import duration, percent, plural
from cnn.figures.curves import thin

MOST_ACCURACIES = 300  # points of a curve

Payload = dict[str, Any]


def figure_json(figure: Figure) -> Payload:
    """A figure as Plotly's JavaScript takes it."""
    value: Payload = json.loads(figure.to_json())
    value["layout"].pop("template", None)  # the browser lays the theme under it
    seen: Counter[str] = Counter()
    for number, trace in enumerate(value["data"]):  # by which a hidden one is known again
        own = figure.data[number].uid  # which Plotly leaves out of its JSON
        name = own or str(trace.get("name", number)).split(": ")[0]
        seen[name] += 1
        # Plotly takes it for a CSS class too, and a name may hold anything.
        trace["uid"] = f"trace-{hashlib.sha256(name.encode()).hexdigest()[:12]}-{seen[name]}"
    return value


def status(found: runs.Status, last_loss: float | None, place: runs.Place | None = None) -> Payload:
    """`state`, how far it is (`share`, `text`, `steps`), the cards, and the sidebar's line; `place`
    is that in the queue."""
    return {
        "state": found["state"],
        "share": share(found),
        "text": place.text_with_time if place else progress_text(found),
        "steps": int(found.get("steps") or 1),
        "cards": _cards(found, last_loss),
        "details": details(found),
    }


def share(found: runs.Status) -> float:
    """How much of the training is done, 0-1."""
    if found.get("stopped_early") and found["state"] not in runs.ACTIVE:
        return 1.0
    return min(max(found.get("step", 0) / max(found.get("steps") or 1, 1), 0.0), 1.0)


def progress_text(found: runs.Status) -> str:
    """The line over the progress bar."""
    if found["state"] == "queued":
        return str(found.get("message") or "Waiting")
    if found["state"] in runs.ACTIVE:
        if found.get("message"):
            return str(found["message"])
        epoch = min(found.get("epoch", 0) + 1, found.get("epochs", 1))
        text = f"Epoch {epoch} of {found.get('epochs', '?')}"
        if found["state"] == "paused":
            return f"{text} · step {found.get('step', 0):,} of {found.get('steps', 0):,} · paused"
        left = found.get("seconds_left")
        return text if left is None else f"{text} · {duration(left)} left"
    text = found["state"].capitalize()
    if seconds := found.get("train_seconds", 0):  # a network that was edited trained none
        text += f" after {duration(seconds)}"
    if found.get("stopped_early"):
        epochs = plural(found.get("epoch", 0), "epoch")
        text += f" and {epochs}: the validation loss had stopped falling"
    if reason := found.get("stopped_for"):
        text += f": {reason}"
    if found.get("kept_epoch"):
        text += f" · the weights of epoch {found['kept_epoch']} are kept"
    return text


def details(found: runs.Status) -> str:
    """What the sidebar says below the run's name."""
    said = []
    if found["state"] in runs.ACTIVE and found.get("steps"):
        said.append(f"{percent(share(found), 0)} done")
    if "test_accuracy" in found:
        said.append(f"{percent(found['test_accuracy'], 2)} on the test set")
    elif "best_validation" in found:
        said.append(f"{percent(found['best_validation'], 2)} validation")
    return " · ".join(said)


def _cards(found: runs.Status, last_loss: float | None) -> list[Payload]:
    """Speed, scores and what the device gives, as cards that stay in their places."""
    cards: list[Payload] = []

    def card(label: str, value: str | None, note: str = "") -> None:
        cards.append({"label": label, "value": value or "–", "note": note})

    speed, best = found.get("images_per_second"), found.get("best_validation")
    test, used = found.get("test_accuracy"), found.get("memory")
    card("Images per second", f"{speed:,.0f}" if speed else None)
    card(
        "Training loss",
        None if last_loss is None else f"{last_loss:.3f}",
        "Cross-entropy on the training images of the last steps.",
    )
    card(
        "Best validation",
        None if best is None else percent(best, 2),
        "Accuracy on images held out of the training set, at the best epoch.",
    )
    card(
        "Test",
        None if test is None else percent(test, 2),
        "Accuracy on the test set, which is scored once, at the end, and decides nothing.",
    )
    card(
        "Memory",
        naturalsize(used) if used else None,
        "What the training process takes of the device's memory, PyTorch included.",
    )
    if str(found.get("device", "")).startswith("cuda"):
        busy = found.get("utilisation")
        card(
            "GPU in use",
            None if busy is None else f"{busy}%",
            "How much of the last moments the GPU spent computing, as its driver reports.",
        )
    return cards


def epochs(rows: Sequence[runs.EpochRow], best_epoch: int | None, total: int) -> Payload:
    """What changes at an epoch's end: the accuracy curve, and a word on over-fitting."""
    figure = figures.accuracy_curve(
        [row["epoch"] for row in rows],
        [row["train_accuracy"] for row in rows],
        [row["validation_accuracy"] for row in rows],
        best_epoch,
        total,
    )
    return {
        "count": len(rows),
        "total": total,
        "figure": figure_json(figure),
        "fit": _fit(rows),
    }


def _fit(rows: Sequence[runs.EpochRow]) -> Payload | None:
    """The gap between training and validation in words; `over` where it has opened."""
    gaps = [
        (row["train_accuracy"], validation)
        for row in rows
        if (validation := row["validation_accuracy"]) is not None
    ]
    if not gaps:
        return None
    train, validation = gaps[-1]
    gap = train - validation
    if gap > evaluation.OVER_FITTING_GAP:
        text = (
            f"the network reads {percent(train)} of its training images but "
            f"{percent(validation)} of the validation images, a gap of {gap * 100:.1f} points "
            "(shaded). More data, augmentation, dropout or weight decay narrow it."
        )
        return {"over": True, "text": text}
    text = (
        f"No over-fitting in sight: {percent(train)} of the training images, "
        f"{percent(validation)} of the validation images. (Training accuracy is the mean over the "
        "epoch, while the network still learned.)"
    )
    return {"over": False, "text": text}


def images(live: runs.Live) -> list[str]:
    """The test images that are guessed, each as 28×28 bytes in base64: they never change."""
    return [_packed(np.array(image, np.uint8)) for image in live.get("images", [])]


def guesses(live: runs.Live, classes: Sequence[str]) -> Payload:
    """The newest guess for each of `images`, and the first layer's filters."""
    answers = zip(live.get("labels", []), live.get("probabilities", []), strict=True)
    made = []
    for label, row in answers:
        guess = int(np.argmax(row))
        made.append({"truth": classes[label], "guess": classes[guess], "share": row[guess]})
    return {"guesses": made, "filters": filters(live.get("filters") or [])}


def check(live: runs.Live, classes: Sequence[str]) -> Payload | None:
    """How the network does on some held-out images: accuracy, confusion matrix, and mistakes with
    their images as in `images`. None without any."""
    found = live.get("check")
    if not found:
        return None
    wrong = [
        {
            "image": _packed(np.array(one["image"], np.uint8)),
            "truth": classes[one["truth"]],
            "guess": classes[one["guess"]],
            "share": one["share"],
        }
        for one in found["wrong"]
    ]
    numbers = {"images": found["images"], "accuracy": found["accuracy"]}
    return {**numbers, "confusion": found["confusion"], "wrong": wrong}


def accuracies(rows: Sequence[runs.ReportRow]) -> Payload:
    """Accuracy by step within the epochs: `train` on the images of the steps, while the network
    still learned, and `validation` on some held-out images now and then; each with `x` and `y`."""
    train = [(row["step"], share) for row in rows if (share := row.get("accuracy")) is not None]
    checks = [(row["step"], row["validation_accuracy"]) for row in rows if _has_check(row)]
    return {"train": _curve(train), "validation": _curve(checks)}


def _has_check(row: runs.ReportRow) -> bool:
    return row.get("validation_accuracy") is not None


def _curve(points: Sequence[tuple[int, float]]) -> Payload:
    x, y = thin([x for x, _ in points], [y for _, y in points], MOST_ACCURACIES)
    return {"x": x, "y": [round(value, 4) for value in y]}


def filters(found: Sequence[Sequence[Sequence[float]]] | NDArray[np.float32]) -> Payload | None:
    """Filters `(n, k, k)` as bytes, 0 to 255 for -`largest` to `largest`; None without any."""
    weights = np.array(found, np.float32)
    if not weights.size:
        return None
    largest = float(np.abs(weights).max()) or 1.0
    count, height, width = weights.shape
    data = _packed(np.rint((weights / largest + 1) * 127.5).astype(np.uint8))
    return {"count": count, "height": height, "width": width, "largest": largest, "data": data}


def _packed(values: NDArray[np.uint8]) -> str:
    return base64.b64encode(values.tobytes()).decode()
