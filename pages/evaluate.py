"""Evaluate: what a run gets right and wrong on the test set, and how runs compare."""

import streamlit as st

from cnn import figures, runs
from ui.evaluate import run_table
from ui.shared import state
from ui.shared.pictures import enlarge
from ui.shared.run_picker import empty, pick_run

QUIET = {"displayModeBar": False}
GALLERY = 27

st.title("Evaluate")
st.markdown("What a network gets right and wrong on digits it never saw, and how runs compare.")


def score_now(run: runs.Run) -> None:
    """Score the test set, on request, with a progress bar."""
    from cnn import datasets, evaluation

    bar = st.progress(0.0, "Scoring the test set")

    def show(share: float) -> None:
        bar.progress(share, "Scoring the test set")

    try:
        evaluation.score_test_set(run, show)
    except (runs.RunError, datasets.DataError) as error:
        st.error(str(error), icon=":material/error:")
    else:
        st.rerun()


def test_results(run: runs.Run) -> None:
    """Figures, heat map, per-class table and mistakes."""
    from cnn import datasets, evaluation

    config = run.config
    probabilities = evaluation.test_probabilities(run)
    if probabilities is None:
        st.info("The test set has not been scored with this run yet.", icon=":material/quiz:")
    else:
        try:
            images = datasets.load(config.dataset)
        except datasets.DataError as error:
            st.error(str(error), icon=":material/database_off:")
            return
        labels = images.test_labels.numpy()
        if probabilities.shape != (len(labels), len(config.classes)):
            st.error("The kept test results do not belong to this data set. Score it again.")
            probabilities = None
    active = run.state in runs.ACTIVE
    if (probabilities is None or active) and st.button(
        "Score the test set now",
        icon=":material/quiz:",
        help="With the newest weights. Nothing is chosen by it.",
    ):
        score_now(run)
    if probabilities is None:
        return

    predictions = probabilities.argmax(1)
    wrong = evaluation.mistakes(probabilities, labels)
    grid = st.grid(3, min_column_width=140)
    grid.metric("Test accuracy", f"{(predictions == labels).mean():.2%}", border=True)
    grid.metric(f"Wrong, of {len(labels):,}", f"{len(wrong):,}", border=True)
    grid.metric("Trained on", datasets.DATASETS[config.dataset].label, border=True)

    confusion = evaluation.confusion_matrix(labels, predictions, len(config.classes))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader("Confusion matrix")
        st.plotly_chart(
            figures.confusion_heatmap(confusion, config.classes),
            key="confusion",
            config=QUIET,
            alt="Confusion matrix, truth by prediction",
        )
    with right:
        st.subheader("Class by class")
        report = evaluation.class_report(confusion, config.classes)
        st.dataframe(
            {
                "Class": [row.label for row in report],
                "Precision": [100 * row.precision for row in report],
                "Recall": [100 * row.recall for row in report],
                "F1": [100 * row.f1 for row in report],
                "Images": [row.support for row in report],
            },
            hide_index=True,
            height="content",
            column_config={
                name: st.column_config.NumberColumn(format="%.2f %%", help=about)
                for name, about in (
                    ("Precision", "Of all it called so, the share that was."),
                    ("Recall", "Of all that were, the share it found."),
                    ("F1", "The harmonic mean of both."),
                )
            },
            alt="Precision, recall and F1 for every class",
        )

    mistakes(config, images.test_images, labels, probabilities, wrong)


@st.fragment
def mistakes(config: runs.Config, images, labels, probabilities, wrong) -> None:
    """The images it got wrong, the surest first; each leads to Inspect."""
    st.subheader("What it got wrong, the surest first")
    if not len(wrong):
        st.success("Nothing: every test image was read rightly.")
    shown = state.remember("mistakes_shown", GALLERY)
    gallery = st.grid("auto", min_column_width=100, gap="small")
    for index in wrong[:shown].tolist():
        guess = config.classes[probabilities[index].argmax()]
        truth = config.classes[labels[index]]
        with gallery.cell(), st.container(gap="xxsmall"):
            st.image(
                enlarge(images[index].numpy(), 4),
                width="stretch",
                alt=f"Test image {index}: {truth} read as {guess}",
            )
            st.markdown(f"**{truth}** as :red[**{guess}**] {probabilities[index].max():.0%}")
            if st.button(
                f"{index}",
                key=f"mistake_{index}",
                icon=":material/visibility:",
                type="tertiary",
                help=f"Look inside the network while it reads test image {index}",
            ):
                state.keep("inspect_source", "Test image")
                state.keep("inspect_class", -1)
                state.keep("inspect_index", index)
                st.switch_page("pages/inspect.py")
    if len(wrong) > shown:
        st.button(
            f"Show more ({len(wrong) - shown:,} left)",
            key="more_mistakes",
            on_click=lambda: state.keep("mistakes_shown", shown + 2 * GALLERY),
        )


run = pick_run(need_weights=False)
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
test_results(run)
st.divider()
run_table.show()
