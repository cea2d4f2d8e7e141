"""Choosing a device: what each is, and what this network will need of it."""

from __future__ import annotations

import streamlit as st
from humanize import naturalsize

from cnn import runs
from cnn.common.text import duration
from cnn.datasets import DATASETS
from cnn.runs import forecast
from cnn.training import memory
from cnn.training.device import Device, DeviceError, cpu_name, takes_bf16
from cnn.training.devices import best_device, processes
from ui.shared import models, state
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.train import speed_test
from ui.train.dataset_picker import chosen_dataset
from ui.train.state import TrainState, is_running

ROUGH = "a rough guess; Measure gives the real one"


def pick_device() -> None:
    """The select box, and what is known of the choice; polls while a measurement runs."""
    running = is_running(state.page(TrainState).speed_test)
    loading = models.known_devices() is None and not models.loading_problem()
    waits = running or loading or _is_measured()
    refreshing(_panel, 0.5 if waits else None, "device")(running, loading, waits)


def _is_measured() -> bool:
    """Whether the chosen network is being measured for its forecast, or is about to be."""
    play, known = state.get(), models.known_devices()
    if known is None or play.architecture.problem() is not None:
        return False
    return forecast.ask(play.architecture, play.settings, _chosen(known))


def _panel(was_running: bool, was_loading: bool, waited: bool) -> None:
    play, mine = state.get(), state.page(TrainState)
    if models.known_devices() is None:  # the page does not wait: the form is there at once
        st.selectbox("Device", [f"CPU · {cpu_name()}"], disabled=True, key="device_unknown")
        if problem := models.loading_problem():
            st.error(
                f"{plain(problem)} Nothing can be trained until it is.", icon=":material/error:"
            )
        else:
            st.caption("Loading PyTorch, to see what else there is…")
        return
    if was_loading or mine.device_changed:
        mine.device_changed = False
        st.rerun()  # what auto means for the precision stands outside this fragment
    found = models.devices()
    device = _choose(found)
    for one in found:
        if len(found) > 1:
            st.caption(plain(f"{one.name}: {', '.join(one.details)}"))
    if play.architecture.problem() is None:
        _forecast(device)
        single = [device for device in found if not processes(device.id) and not device.problem]
        speed_test.show(single, was_running)
    if waited and not was_running and not _is_measured():
        st.rerun()  # polling ends with a run of the whole page


def _choose(found: list[Device]) -> Device:
    """The select box; returns the device that is chosen, or the best free one."""
    play, best = state.get(), best_device(found)
    # Labels without changing figures, since the browser sends a choice back by its label.
    usable = [device for device in found if not device.problem]
    labels = {"auto": f"Best free: {best.name}", **{device.id: device.name for device in usable}}
    options = list(labels)

    def changed() -> None:
        if st.session_state.device in options:
            play.device = st.session_state.device
            state.page(TrainState).device_changed = True

    st.selectbox(
        "Device",
        options,
        options.index(play.device) if play.device in options else 0,
        format_func=labels.__getitem__,
        key="device",
        on_change=changed,
        help="One training at a time runs on a device; further ones wait for their turn.",
    )
    return _chosen(found)


def _chosen(found: list[Device]) -> Device:
    wanted = state.get().device
    return next((d for d in found if d.id == wanted), best_device(found))


def _forecast(device: Device) -> None:
    """Precision, time and memory, before anything is started."""
    play = state.get()
    settings, network = play.settings, play.architecture
    dataset = DATASETS[chosen_dataset()]
    try:
        bf16 = takes_bf16(device, settings.precision, network.convolutional)
    except DeviceError as error:
        st.error(plain(error), icon=":material/build:")
        return
    expected = forecast.forecast(network, settings, chosen_dataset(), device.id, bf16)
    images = dataset.train_images + dataset.test_images
    measured = expected.speed.memory if expected else None
    needs = measured or memory.PYTORCH_MEMORY + memory.estimate(
        network, settings, images, settings.batch_size, bf16
    )
    free = f" of {naturalsize(device.memory_free)} free" if device.memory_free else ""
    facts = [f"computes in {'bf16' if bf16 else 'float32'}", f"needs {naturalsize(needs)}{free}"]
    if expected:
        how = "as measured" if expected.speed.measured else ROUGH
        each, in_all = (duration(max(each, 1)) for each in (expected.epoch, expected.whole))
        facts.insert(0, f"about {each} per epoch, {in_all} in all ({how})")
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
    if busy := runs.device_holder(device.lock_names):
        name = plain(busy.name) if busy.is_own else "a run of another workspace"
        st.caption(f":material/hourglass: Busy with {name}; a new run waits.")


def precision_note() -> str:
    """What the chosen precision means here, in a sentence; empty while torch is being loaded."""
    known = models.known_devices()
    if known is None:
        return ""
    device, network = _chosen(known), state.get().architecture
    if takes_bf16(device, "auto", network.convolutional):
        return f"Auto means bf16 here: {device.name} multiplies it in hardware."
    why = (
        "this network has no convolution, and gains nothing by bf16"
        if device.bf16
        else f"{device.name} has no bf16 arithmetic"
    )
    return f"Auto means float32 here: {why}."
