"""Evaluate: figures that fit the run, mistakes, cells, sections, any epoch, damaged weights."""

import numpy as np
import pytest
import torch

from cnn import datasets, evaluation, runs
from cnn.common.files import write_tensors
from cnn.evaluation import robustness
from tests.cnn.evaluation.test_robustness import complete
from ui.evaluate import robust
from ui.evaluate.state import EvaluateState, RunChoices
from ui.shared.image_choice import ImageChoice


@pytest.fixture
def wrong(trained):
    probabilities = evaluation.test_probabilities(trained)
    labels = datasets.load("mnist-sample").test_labels.numpy()
    return evaluation.mistakes(probabilities, labels)


def metric(app, label) -> str:
    return next(m.value for m in app.metric if m.label == label)


def kept(app) -> EvaluateState:
    return app.session_state.playground.pages[EvaluateState]


def open_section(app, name: str):
    page = app("evaluate")
    page.session_state["evaluate_section"] = name
    page.run()
    assert not page.exception, page.exception
    return page


def test_it_shows_the_numbers_of_the_run_with_their_interval(app, trained, wrong):
    page = app("evaluate")
    accuracy = next(m for m in page.metric if m.label == "Test accuracy")
    assert accuracy.value == f"{trained.status()['test_accuracy']:.2%}"
    low, high = evaluation.wilson_interval(1000 - len(wrong), 1000)
    assert accuracy.delta == f"{low:.2%} to {high:.2%}"
    assert metric(page, "Wrong, of 1,000") == f"{len(wrong):,}"
    scored = evaluation.scored_test_set(trained)
    loss = evaluation.cross_entropy(scored.probabilities, scored.labels)
    assert metric(page, "Test loss") == f"{loss:.4f}"
    second = evaluation.top_k_accuracy(scored.probabilities, scored.labels)
    assert metric(page, "Top-2") == f"{second:.2%}"


def test_any_epoch_that_is_kept_can_be_looked_at(app, trained):
    page = app("evaluate")
    choice = page.selectbox(key=f"evaluate_epoch_{trained.id}")
    assert choice.options == ["Newest", "Untrained", "After epoch 1", "After epoch 2"]
    choice.set_value(0).run()
    assert not page.exception
    untrained = evaluation.scored_test_set(trained, 0).accuracy
    assert untrained < 0.5 and metric(page, "Test accuracy") == f"{untrained:.2%}"


def test_the_class_report_counts_every_test_image(app, trained):
    scored = evaluation.scored_test_set(trained)
    counts = evaluation.confusion_matrix(scored.labels, scored.predictions, 10)
    assert counts.sum() == 1000
    report = next(d.value for d in app("evaluate").dataframe if "Recall" in d.value)
    np.testing.assert_allclose(report["Recall"], 100 * np.diag(counts) / counts.sum(axis=1))
    assert report["Images"].sum() == 1000


def test_a_chosen_cell_shows_its_images_and_is_left_again(app, trained, wrong):
    scored = evaluation.scored_test_set(trained)
    cell = (int(scored.labels[wrong[0]]), int(scored.predictions[wrong[0]]))
    page = app("evaluate")
    kept(page).runs[trained.id] = RunChoices(cell=cell)
    page.run()
    there = (scored.labels == cell[0]) & (scored.predictions == cell[1])
    name = f"cell_{cell[0]}_{cell[1]}_"
    shown = {int(b.key[len(name) :]) for b in page.button if b.key and b.key.startswith(name)}
    assert shown <= set(np.flatnonzero(there).tolist()) and wrong[0] in shown
    assert len(shown) == min(12, there.sum())
    page.button(key="leave_cell").click().run()
    assert kept(page).runs[trained.id].cell is None
    assert any("Recall" in d.value for d in page.dataframe)


def test_an_empty_cell_says_so_above_the_class_table(app, trained):
    scored = evaluation.scored_test_set(trained)
    counts = evaluation.confusion_matrix(scored.labels, scored.predictions, 10)
    page = app("evaluate")
    kept(page).runs[trained.id] = RunChoices(cell=tuple(np.argwhere(counts == 0)[0].tolist()))
    page.run()
    assert any("No test image of" in caption.value for caption in page.caption)
    assert any("Recall" in d.value for d in page.dataframe)


def test_a_mistake_leads_to_inspect_and_back_to_its_place(app, trained, wrong):
    page = app("evaluate")
    page.selectbox(key=f"evaluate_epoch_{trained.id}").set_value(1).run()
    first = next(b for b in page.button if b.key and b.key.startswith("mistake_"))
    index = int(first.key.removeprefix("mistake_"))
    first.click().run()
    assert not page.exception
    choice = page.session_state.playground.pages[ImageChoice]
    assert (choice.index, choice.back_to) == (index, "evaluate")
    assert page.session_state.playground.page == "inspect"
    epoch = next(s for s in page.select_slider if s.label == "Weights after epoch")
    assert epoch.value == 1
    assert kept(page).left_at == f"box_mistake_{index}"
    page.switch_page("pages/evaluate.py").run()
    assert not page.exception
    assert kept(page).left_at is None and choice.back_to is None
    assert page.selectbox(key=f"evaluate_epoch_{trained.id}").value == 1


def test_more_mistakes_on_request(app, trained):
    ones = torch.zeros(1000, 10)
    ones[:, 1] = 1.0  # a network that reads every image as a one
    write_tensors(trained.path / "test.safetensors", {"probabilities": ones})
    wrong = np.flatnonzero(datasets.load("mnist-sample").test_labels.numpy() != 1)
    page = app("evaluate")
    before = sum(b.key.startswith("mistake_") for b in page.button if b.key)
    page.button(key="more_mistake").click().run()
    after = sum(b.key.startswith("mistake_") for b in page.button if b.key)
    assert before < after <= len(wrong)


def test_trust_fits_its_temperature_on_validation_images(app, trained):
    from cnn.evaluation import trust

    page = open_section(app, "Trust")
    temperature = trust.fit_temperature(*evaluation.validation_logits(trained))
    assert metric(page, "Temperature") == f"{temperature:.2f}"
    labels = datasets.load("mnist-sample").test_labels.numpy()
    logits = evaluation.predict_logits(trained, datasets.load("mnist-sample").test_images)
    for label, at in (("ECE", 1.0), ("ECE, scaled", temperature)):
        found = trust.reliability(trust.softmax(logits, at), labels).expected_error
        assert metric(page, label) == f"{found:.2%}"
    coverage = trust.coverage(trust.softmax(logits), labels)
    page.slider(key="trust_threshold").set_value(99.0).run()
    assert metric(page, "Answers") == f"{coverage.at(0.99)[0]:.1%}"


def test_robustness_shows_what_is_kept(app, trained):
    found = complete(0.8)
    found.accuracy["fog"] = [0.25]
    robustness.keep(trained, found)
    page = open_section(app, "Robustness")
    assert any("fog does, which leaves 25% right" in m.value for m in page.markdown)
    error = found.mean_corruption_error
    assert metric(page, "Mean corruption error") == f"{error:.1%}"


def test_robustness_offers_to_measure(app, trained):
    page = open_section(app, "Robustness")
    assert page.button(key="robustness_start").label == "Measure robustness"


def test_a_measurement_that_is_being_stopped_says_so(app, trained, monkeypatch):
    class Job:
        running, cancelled, rows, error, waits = True, False, (), None, ""

        def cancel(self) -> None:
            self.cancelled = True

    job = Job()
    monkeypatch.setattr(robust, "_jobs", lambda: {None: job})
    monkeypatch.setattr(robust, "_key", lambda weights: None)
    page = open_section(app, "Robustness")
    assert any("Starting: PyTorch" in m.value for m in page.markdown)
    page.button(key="robustness_stop").click().run()
    assert any("Stopping" in m.value for m in page.markdown)
    assert page.button(key="robustness_stop").disabled
    job.running = False
    page.run()
    assert not page.exception and page.button(key="robustness_start")


def test_labels_in_doubt_come_first(app, trained):
    from cnn.evaluation import label_errors

    scored = evaluation.scored_test_set(trained)
    found = label_errors.rank(scored.probabilities, scored.labels)
    page = open_section(app, "Labels")
    shown = [b.key for b in page.button if b.key and b.key.startswith("label_")]
    assert shown == [f"label_{index}" for index in found.order[:50]]


def test_over_fitting_offers_tries_that_start_a_run(app, trained, monkeypatch):
    started: list[runs.Run] = []
    monkeypatch.setattr(runs, "launch", started.append)
    page = open_section(app, "Over-fitting")
    ends = [row for row in trained.metrics() if row["kind"] == "epoch"]
    tries = evaluation.next_tries(trained.config, evaluation.over_fitting(ends))
    buttons = [b for b in page.button if b.key and b.key.startswith("next_try_")]
    assert [b.label for b in buttons] == [one.label for one in tries]
    place = next(n for n, one in enumerate(tries) if one.architecture is not None)
    buttons[place].click().run()
    assert not page.exception
    (run,) = started
    assert run.config.architecture == tries[place].architecture
    assert page.session_state.playground.run_id == run.id


def test_the_report_is_offered(app, trained):
    assert any(b.label == "Report" for b in app("evaluate").get("download_button"))


def test_an_unscored_run_offers_to_score_and_does(app, trained):
    (trained.path / "test.safetensors").unlink()
    page = app("evaluate")
    assert "has not been scored" in page.info[0].value
    next(b for b in page.button if b.label == "Score the test set now").click().run()
    assert not page.exception
    assert metric(page, "Test accuracy") == f"{trained.status()['test_accuracy']:.2%}"


def test_damaged_weights_are_named_and_nothing_breaks(app, trained):
    (trained.path / "test.safetensors").unlink()
    for path in trained.path.rglob("*.safetensors"):
        path.write_bytes(b"no tensors here")
    page = app("evaluate")
    next(b for b in page.button if b.label == "Score the test set now").click().run()
    assert not page.exception
    assert "damaged" in page.error[0].value
