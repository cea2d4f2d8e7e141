"""The report itself: its parts in the order in which they are read.

Everything that may be anybody's (a run's name, its classes, settings, origin) is escaped. Nothing
is fetched: no script, no font, no picture from elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from cnn import evaluation, runs
from cnn.common.text import confidence, duration, percent
from cnn.datasets import DATASETS, at_hand
from cnn.evaluation import Scored, robustness, trust
from cnn.evaluation.corruptions import CURVES, MNIST_C, Corruption
from cnn.figures.colours import TRAIN, VALIDATION
from cnn.figures.network import network_svg, row_text
from cnn.report import charts
from cnn.report.command import NETWORK_FILE, needs_network_file, repeat_command
from cnn.training import Settings

MISTAKES = 24
STYLE = Path(__file__).with_name("style.css")


def make(run: runs.Run, epoch: int | None = None) -> str:
    """The report of a run with the weights after an epoch (None: the newest), as HTML. Raises
    RunError and DataError: it needs weights, and test images to read with them."""
    config, status = run.config, run.status()
    scored = evaluation.scored_test_set(run, epoch)
    parts = [
        _summary(run, scored, epoch),
        _section("Network", _network(config)),
        _section("Training", _training(run)),
        _section("What it gets wrong", _results(scored)),
        _section("Confidence", _confidence(scored)),
        _section("Robustness", _robustness(run, epoch)),
        _section("Settings", _settings(config.settings)),
        _section("How to repeat it", _repeat(run)),
    ]
    title = escape(run.name)
    when = time.strftime("%d %B %Y, %H:%M")
    footer = f"Run {escape(run.id)}, {status['state']} · report of {when} · CNN Playground"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}: report</title>\n<style>\n{STYLE.read_text('utf-8')}</style>\n</head>\n"
        f"<body>\n<h1>{title}</h1>\n{''.join(parts)}<footer>{footer}</footer>\n</body>\n</html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{content}\n</section>\n"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values, both of them text."""
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f'<table class="facts">{"".join(cells)}</table>'


def _summary(run: runs.Run, scored: Scored, epoch: int | None) -> str:
    config, status, total = run.config, run.status(), len(scored.labels)
    low, high = evaluation.wilson_interval(scored.right, total)
    loss = evaluation.cross_entropy(scored.probabilities, scored.labels)
    second = evaluation.top_k_accuracy(scored.probabilities, scored.labels)
    used = at_hand(config.dataset)
    interval = f"{percent(low, 2)} to {percent(high, 2)}"
    rows = [
        ("Test accuracy", f"{percent(scored.accuracy, 2)} ({interval}, 95% interval by Wilson)"),
        ("Tested on", f"{total:,} test images of {DATASETS[used].label}"),
        ("Test loss", f"{loss:.4f} (cross-entropy)"),
        ("Right with two guesses", percent(second, 2)),
        ("Weights", "the newest" if epoch is None else f"after epoch {epoch}"),
        ("Trained on", DATASETS[config.dataset].label),
        ("Parameters", f"{config.architecture.parameters:,}"),
        ("Device", str(status.get("device_name") or config.device)),
    ]
    if seconds := status.get("train_seconds"):
        rows.append(("Training took", duration(seconds)))
    if config.origin:
        rows.append(("Its first weights", config.origin))
    return _table(rows)


def _network(config: runs.Config) -> str:
    table = config.architecture.table()
    lines = "".join(f"<li>{escape(row_text(row))}</li>" for row in table)
    return f'<div class="network">{network_svg(table, 680)}</div>\n<ul class="layers">{lines}</ul>'


def _training(run: runs.Run) -> str:
    rows = [row for row in run.metrics() if row["kind"] == "epoch"]
    if not rows:
        return "<p>No epoch has ended.</p>"
    epochs = [row["epoch"] for row in rows]
    accuracy = charts.line_chart(
        [
            charts.Series("training", epochs, [r["train_accuracy"] for r in rows], TRAIN),
            charts.Series(
                "validation", epochs, [r.get("validation_accuracy") for r in rows], VALIDATION
            ),
        ],
        "Epoch",
        "Accuracy",
        per_cent=True,
    )
    loss = charts.line_chart(
        [
            charts.Series("training", epochs, [r.get("train_loss") for r in rows], TRAIN),
            charts.Series(
                "validation", epochs, [r.get("validation_loss") for r in rows], VALIDATION
            ),
        ],
        "Epoch",
        "Loss",
        log=True,
    )
    found = evaluation.over_fitting(rows)
    text = f"<p>{escape(found.text)}</p>" if found else ""
    return f'<div class="row">{accuracy}{loss}</div>{text}'


def _results(scored: Scored) -> str:
    names = scored.classes
    confusion = evaluation.confusion_matrix(scored.labels, scored.predictions, len(names))
    report = evaluation.class_report(confusion, names)
    head = "<tr><th>Class</th><th>Precision</th><th>Recall</th><th>F1</th><th>Images</th></tr>"
    lines = "".join(
        f"<tr><th>{escape(row.label)}</th>"
        + "".join(f"<td>{percent(v, 2)}</td>" for v in (row.precision, row.recall, row.f1))
        + f"<td>{row.support:,}</td></tr>"
        for row in report
    )
    wrong = evaluation.mistakes(scored.probabilities, scored.labels)[:MISTAKES].tolist()
    pictures = "".join(_mistake(scored, index) for index in wrong)
    heading = "<h3>The most confident mistakes</h3>" if wrong else "<p>No mistakes.</p>"
    return (
        f"{charts.confusion_table(confusion, names)}\n"
        f'<table class="classes">{head}{lines}</table>\n'
        f'<div class="keep">{heading}<div class="pictures">{pictures}</div></div>'
    )


def _mistake(scored: Scored, index: int) -> str:
    row, names = scored.probabilities[index], scored.classes
    truth, guess = names[scored.labels[index]], names[row.argmax()]
    caption = f"{truth} as {guess}, {confidence(row.max())}"
    return charts.picture(scored.images[index], caption, f"Test image {index}: {caption}")


def _confidence(scored: Scored) -> str:
    found = trust.reliability(scored.probabilities, scored.labels)
    coverage = trust.coverage(scored.probabilities, scored.labels)
    lines = []
    for threshold in (0.9, 0.99):
        share, accuracy = coverage.at(threshold)
        if accuracy is not None:
            lines.append(
                f"Answering only from {percent(threshold, 0)} confidence on, it answers "
                f"{percent(share)} of the images, and {percent(accuracy, 2)} of those answers are "
                "right."
            )
    expected = percent(found.expected_error, 2)
    error = f"Expected calibration error {expected}, in {len(found.counts)} bins."
    return f"<p>{escape(' '.join([error, *lines]))}</p>"


def _robustness(run: runs.Run, epoch: int | None) -> str:
    found = robustness.load(run, epoch)
    if found is None or not found.accuracy:
        return "<p>Not measured. Evaluate's section Robustness does it.</p>"
    parts = []
    if sentence := robustness.what_breaks_it(found):
        parts.append(f"<p>{escape(sentence)}</p>")
    known = [one for one in MNIST_C if one.name in found.accuracy]
    if known:
        drawn = charts.bars([o.label for o in known], [found.accuracy[o.name][0] for o in known])
        error = found.mean_corruption_error
        mean = "" if error is None else f" Mean corruption error {percent(error)}."
        parts.append(
            '<div class="keep"><h3>MNIST-C (Mu and Gilmer, 2019)</h3>'
            f"<p>Right, of {found.images:,} test images.{mean}</p>{drawn}</div>"
        )
    curves = [_corruption(one, found) for one in CURVES if one.name in found.accuracy]
    if curves:
        parts.append(
            f'<h3>By the strength of a change</h3><div class="row">{"".join(curves)}</div>'
        )
    return "\n".join(parts)


def _corruption(one: Corruption, found: robustness.Robustness) -> str:
    drawn = charts.line_chart(
        [charts.Series("", one.levels, found.accuracy[one.name], TRAIN)],
        one.unit,
        one.label,
        per_cent=True,
        y_limits=(0.0, 1.0),
        size=(225, 150),
    )
    return f"<div>{drawn}</div>"


def _settings(settings: Settings) -> str:
    return _table(
        (info.title or name, _value(getattr(settings, name)))
        for name, info in Settings.model_fields.items()
    )


def _value(value: object) -> str:
    if value is None:
        return "as usual"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _repeat(run: runs.Run) -> str:
    config = run.config
    parts: list[str] = []
    if config.start_from:
        parts.append(
            "<p>It started from another run's weights, which the command does not bring.</p>"
        )
    parts.append(f"<pre>{escape(repeat_command(config))}</pre>")
    if needs_network_file(config):
        network = escape(config.architecture.model_dump_json(indent=1))
        parts.append(f"<p>with this as <code>{NETWORK_FILE}</code>:</p><pre>{network}</pre>")
    versions: Sequence[tuple[str, str]] = list(config.versions.items())
    parts.append("<h3>Versions it was trained with</h3>" + _table(versions))
    return "\n".join(parts)
