"""Choosing a device: what each is, what this network will need of it, and how fast it is."""

from __future__ import annotations

import streamlit as st
from humanize import naturalsize

from cnn import runs
from cnn.common.text import duration, plural
from cnn.datasets import DATASETS, default_dataset
from cnn.runs import speeds
from cnn.runs.jobs import Job
from cnn.training import memory
from cnn.training.devices import Device, DeviceError, best_device, cpu_name, processes, takes_bf16
from ui.shared import models, sidebar, state
from ui.shared.refresh import refreshing

# What PyTorch takes for itself, beside the network: measured here for the CPU, NVIDIA's order of
# magnitude for a GPU.
OWN_MEMORY = 0.7e9
# Settings that make no step slower or faster: what was measured stands when they are changed.
FREE_OF_COST = (
    "learning_rate", "schedule", "epochs", "early_stopping", "validation_images", "seed",
)  # fmt: skip


def pick_device() -> None:
    """The select box, and what is known of the choice; polls while a measurement runs."""
    job = state.get().fields.get("measure")
    loading = models.known_devices() is None
    active = isinstance(job, Job) and job.running
    refreshing(_panel, 0.5 if active or loading else None, "device")(active, loading)


def _panel(was_active: bool, was_loading: bool) -> None:
    play = state.get()
    if models.known_devices() is None:  # the page does not wait: the form is there at once
        st.selectbox("Device", [f"CPU · {cpu_name()}"], disabled=True, key="device_unknown")
        st.caption("Loading PyTorch, to see what else there is…")
        return
    if was_loading or play.fields.pop("device_changed", False):
        st.rerun()  # what auto means for the precision stands outside this fragment
    found = models.devices()
    best = best_device(found)
    # Labels that never tick, since the browser sends a choice back by its label.
    labels = {device.id: device.name for device in found}
    options = ["auto", *labels]

    def changed() -> None:
        if st.session_state.device in options:
            play.device = st.session_state.device
            play.fields["device_changed"] = True

    st.selectbox(
        "Device",
        options,
        options.index(play.device) if play.device in options else 0,
        format_func=lambda i: labels[i] if i != "auto" else f"Best free: {labels[best.id]}",
        key="device",
        on_change=changed,
        help="One training at a time runs on a device; further ones wait for their turn.",
    )
    for one in found:
        if len(found) > 1:
            st.caption(f"{one.name}: {', '.join(one.details)}")
    device = next((d for d in found if d.id == play.device), best)
    if play.architecture.problem() is None:
        _forecast(device)
        _measure([d.id for d in found if not processes(d.id)], found, was_active)


def _train_images(play: state.Playground, dataset: str) -> int:
    known = DATASETS[dataset]
    return known.train_images - play.settings.held_out(known)


def _forecast(device: Device) -> None:
    """Precision, time and memory, before anything is started."""
    play = state.get()
    settings, network = play.settings, play.architecture
    dataset = play.dataset or default_dataset()
    try:
        bf16 = takes_bf16(device, settings.precision, network.convolutional)
    except DeviceError as error:
        st.error(str(error), icon=":material/build:")
        return
    speed = speeds.recall(network, settings, device.id)
    if speed is None and device.id == "cpu":
        speed = speeds.guess(network, settings, bf16)
    every = DATASETS[dataset].train_images + DATASETS[dataset].test_images
    estimated = OWN_MEMORY + memory.estimate(network, settings, every, settings.batch_size, bf16)
    needs = (speed.memory if speed else None) or estimated
    free = f" of {naturalsize(device.memory_free)} free" if device.memory_free else ""
    facts = [f"computes in {'bf16' if bf16 else 'float32'}", f"needs {naturalsize(needs)}{free}"]
    if speed:
        epoch = max(_train_images(play, dataset), 1) / max(speed.images_per_second, 1e-9)
        how = "as measured" if speed.measured else "a rough guess; Measure knows better"
        facts.insert(
            0,
            f"about {duration(max(epoch, 1))} per epoch, "
            f"{duration(max(epoch * settings.epochs, 1))} in all ({how})",
        )
    else:
        facts.append("Measure tells how fast it is")
    text = " · ".join(facts)
    st.caption(text[0].upper() + text[1:])
    if device.memory_free is not None and needs > device.memory_free:
        fits = memory.largest_batch(network, settings, device.memory_free)
        st.warning(
            f"That is more than the {naturalsize(device.memory_free)} free here. A batch of {fits} "
            "should fit.",
            icon=":material/memory:",
        )
    if busy := runs.device_holder(device.id):
        name = sidebar.plain(str(busy.get("name", "another run")))
        st.caption(f":material/hourglass: Busy with {name}; a new run waits.")


def _measure(ids: list[str], found: list[Device], was_active: bool) -> None:
    """The Measure button, and images per second side by side."""
    play = state.get()
    job: Job | None = play.fields.get("measure")
    running = job is not None and job.running
    question = {
        "architecture": play.architecture.model_dump(mode="json"),
        "settings": play.settings.model_dump(mode="json"),
        "devices": ids,
    }

    def start() -> None:
        play.fields["measure"] = Job("measure_speed", question)
        play.fields["measure_of"] = question

    st.button(
        "Measuring…" if running else "Measure",
        icon=":material/speed:",
        key="measure",
        disabled=running,
        on_click=start,
        help=f"Trains this network for two seconds on {plural(len(ids), 'device')}, on noise, in a "
        "process of its own. Nothing is kept but the speed.",
    )
    if running != was_active:  # polling begins or ends with a run of the whole page
        st.rerun()
    if job is None:
        return
    if job.error:
        st.error(f"The measurement failed: {job.error}", icon=":material/error:")
    if job.rows and _costs(play.fields.get("measure_of")) == _costs(question):
        names = {device.id: device.name for device in found}
        images = _train_images(play, play.dataset or default_dataset())
        grid = st.grid(min(len(job.rows), 3), min_column_width=190)
        for row in job.rows:
            name = names.get(row["device"], row["device"])
            with grid.cell():
                if "error" in row:
                    st.metric(name, "–", row["error"], delta_color="off", border=True)
                    continue
                seconds = images * play.settings.epochs / max(row["images_per_second"], 1e-9)
                st.metric(
                    name,
                    f"{row['images_per_second']:,.0f} images/s",
                    f"{plural(play.settings.epochs, 'epoch')} in about {duration(seconds)}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                )


def _costs(question: dict | None) -> dict | None:
    """What of a measurement's question makes steps slower or faster."""
    if question is None:
        return None
    settings = {k: v for k, v in question["settings"].items() if k not in FREE_OF_COST}
    return {**question, "settings": settings}


def precision_note() -> str:
    """What the chosen precision means here, in a sentence; empty while torch is being loaded."""
    play, known = state.get(), models.known_devices()
    if known is None:
        return ""
    device = next((d for d in known if d.id == play.device), best_device(known))
    network = play.architecture
    try:
        bf16 = takes_bf16(device, "auto", network.convolutional)
    except DeviceError:
        return ""
    if bf16:
        return f"Auto means bf16 here: {device.name} multiplies it in hardware."
    why = (
        "this network has no convolution, and gains nothing by bf16"
        if device.bf16
        else f"{device.name} has no bf16 arithmetic"
    )
    return f"Auto means float32 here: {why}."
