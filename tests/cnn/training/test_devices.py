"""Devices, precision and memory."""

from __future__ import annotations

import pytest

from cnn.presets import PRESETS
from cnn.training import devices, gpu_meter, memory
from cnn.training.device import Device, DeviceError, cpu_name, takes_bf16
from cnn.training.devices import best_device, find_device, processes

CPU = Device("cpu", "CPU", True, 8 * 2**30, 16 * 2**30)
GPU = Device("cuda:0", "GPU 0", True, 10 * 2**30, 80 * 2**30, "9.0")
IDLE = Device("cuda:1", "GPU 1", True, 5 * 2**30, 80 * 2**30, "9.0")
ALL = Device("cuda:all", "All 2 GPUs", True, 5 * 2**30, 80 * 2**30)


def test_the_best_device_is_the_free_gpu_and_never_all_of_them():
    busy = Device("cuda:0", "GPU 0", True, 60 * 2**30, 80 * 2**30, "9.0", busy=True)
    assert best_device([CPU]) is CPU
    assert best_device([CPU, GPU, IDLE, ALL]) is GPU
    assert best_device([CPU, busy, IDLE, ALL]) is IDLE
    assert "busy" in busy.label and "compute capability 9.0" in busy.details


def test_this_machine_lists_its_cpu_first_with_its_memory():
    first = devices.list_devices()[0]
    assert first.id == "cpu" and cpu_name() in first.name
    assert 0 < first.memory_free <= first.memory_total


@pytest.mark.parametrize(
    ("device", "count"),
    [
        ("cuda:all", "gpu"),
        ("cpu:2", "2"),
        ("cpu:1", None),
        ("cpu", None),
        ("cuda:0", None),
        ("cpu:0", None),
        ("cpu:-2", None),
        ("cpu:999", None),
        ("cpu:2; rm", None),
        ("mps", None),
    ],
)
def test_which_devices_take_several_processes(device, count):
    assert processes(device) == count


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(DeviceError, match=r"no device 'cuda:9'.*cpu"):
        find_device("cuda:9")
    assert find_device("cpu:3").id == "cpu:3"


def test_what_auto_precision_means():
    old = Device("cpu", "Old CPU", False)
    assert takes_bf16(CPU, "auto", True)
    assert not takes_bf16(CPU, "auto", False)
    assert not takes_bf16(old, "auto", True)
    assert not takes_bf16(CPU, "float32", True)
    with pytest.raises(DeviceError, match="Choose auto or float32"):
        takes_bf16(old, "bf16", True)


def test_a_gpu_without_a_driver_is_read_as_nothing():
    assert gpu_meter.read("00000000-0000-0000-0000-000000000000") is None


def test_memory_grows_with_the_batch_and_halves_until_it_fits():
    network, settings = PRESETS["classic"].architecture, PRESETS["classic"].settings
    small, large = (memory.estimate(network, settings, 60_000, n, False) for n in (64, 4096))
    assert large > small > network.parameters * 16
    assert memory.largest_batch(network, settings, None) == settings.batch_size // 4
    for free in (10**6, 200 * 10**6, 10**9):
        batch = memory.largest_batch(network, settings, free)
        assert 1 <= batch <= settings.batch_size // 2
        fits = memory.estimate(network, settings, 70_000, batch, False) <= 0.8 * free
        assert fits or batch == 1
