"""What an Accelerator finds and does, on machines that have none of these GPUs."""

from __future__ import annotations

import types

import pytest
import torch

from cnn.network import Architecture
from cnn.network.layers import Conv2d, Dropout, Flatten, Linear
from cnn.training import Settings, accelerators, devices, gpu_meter, memory, nvidia
from cnn.training.accelerators import ACCELERATORS, Accelerator, Cuda, Mps, accelerator_for
from cnn.training.device import Device, DeviceError
from cnn.training.devices import best_device, find_device
from cnn.training.reporting import SPEED_SECONDS, Speedometer

TOO_OLD = "The NVIDIA driver on your system is too old (found version 11040)"


@pytest.fixture
def gpus(monkeypatch):
    """Three GPUs: a good one, one whose properties cannot be read, one too old for this PyTorch."""

    def properties(index: int) -> types.SimpleNamespace:
        if index == 1:
            raise RuntimeError("CUDA error: uncorrectable ECC error encountered\nCompile with ...")
        major, minor = (9, 0) if index == 0 else (5, 2)
        return types.SimpleNamespace(
            name="H100", major=major, minor=minor, total_memory=80 * 2**30, uuid=f"uuid-{index}"
        )

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_90", "compute_120"])
    monkeypatch.setattr(gpu_meter, "read", lambda uuid: gpu_meter.GpuUsage(70 * 2**30, 3))


def test_a_gpu_that_cannot_be_used_is_listed_with_the_reason_and_spoils_no_other(gpus):
    found = {device.id: device for device in devices.list_devices()}
    assert list(found) == ["cpu", "cuda:0", "cuda:1", "cuda:2"]  # and not all of them together
    assert found["cuda:0"].problem is None and found["cuda:0"].lock_names == ("GPU-uuid-0",)
    assert found["cuda:1"].problem == "CUDA error: uncorrectable ECC error encountered"
    assert "no code for compute capability 5.2, only for 7.5, 9.0, 12.0" in found["cuda:2"].problem
    assert best_device(list(found.values())).id == "cuda:0"
    with pytest.raises(DeviceError, match="GPU 1 cannot be used: CUDA error"):
        find_device("cuda:1")


def test_a_driver_too_old_for_this_pytorch_leaves_the_cpu(monkeypatch):
    def refuse() -> None:
        raise RuntimeError(f"{TOO_OLD}. Please update your GPU driver.\nMore lines")

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)  # as NVML counts
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", refuse)
    found = devices.list_devices()
    assert [device.id for device in found] == ["cpu", "cuda:0", "cuda:1"]
    assert all(TOO_OLD in str(device.problem) for device in found[1:])
    assert TOO_OLD in found[1].details[0]
    assert find_device("auto").id == "cpu"


def test_a_driver_that_cannot_even_count_leaves_the_cpu(monkeypatch):
    def refuse() -> int:
        raise RuntimeError("CUDA unknown error")

    monkeypatch.setattr(torch.cuda, "device_count", refuse)
    assert [device.id for device in devices.list_devices()] == ["cpu"]


@pytest.mark.parametrize(
    ("capability", "runs"),
    [((7, 5), True), ((8, 6), False), ((9, 0), True), ((12, 1), True), ((13, 0), True)],
)
def test_which_gpus_a_build_of_pytorch_has_code_for(gpus, capability, runs):
    assert (nvidia.unsupported(*capability) is None) == runs


def test_two_gpus_together_take_the_locks_of_both(monkeypatch):
    both = nvidia.together(
        [
            Device("cuda:0", "A", True, 5, 9, uuid="GPU-b"),
            Device("cuda:1", "B", False, 3, 9, uuid="GPU-a"),
        ]
    )
    assert both.lock_names == ("GPU-a", "GPU-b")
    assert (both.bf16, both.memory_free) == (False, 3)
    assert Device("cpu:2", "CPU", True).lock_names == ("cpu",)


def test_each_kind_knows_its_layout_and_its_faster_kernels():
    gpu = accelerator_for(Device("cuda:1", "GPU", True), "auto", True)
    assert isinstance(gpu, Cuda) and gpu.device == torch.device("cuda:1")
    assert gpu.bf16 and gpu.channels_last and gpu.records_graphs("adamw")
    assert not gpu.records_graphs("sgd")
    apple = accelerator_for(Device("mps", "Apple", False), "auto", True)
    assert isinstance(apple, Mps) and not apple.bf16 and not apple.channels_last
    assert not apple.fused_optimizers and not apple.records_graphs("adamw")
    several = accelerator_for(Device("cpu:3", "CPU", False), "float32", False)
    assert type(several) is Accelerator and several.device == torch.device("cpu")
    assert accelerator_for(Device("cuda:all", "GPUs", True), local_rank=2).device.index == 2
    assert set(ACCELERATORS) == {"cpu", "cuda", "mps"}


def test_cuda_graphs_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("CNN_CUDA_GRAPHS", "0")
    assert not Cuda(torch.device("cuda:0")).records_graphs("adamw")


def test_reproducible_fixes_threads_and_algorithms_and_gives_them_back():
    cpu, before = Accelerator(torch.device("cpu")), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        cpu.set_reproducible(True)
        assert torch.get_num_threads() == accelerators.REPRODUCIBLE_THREADS
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        cpu.set_reproducible(False)
        torch.set_num_threads(before)
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 20.00 GiB",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "GET was unable to find an engine to execute this computation",
        "Unable to find a valid cuDNN algorithm to run convolution",
        "MPS backend out of memory (MPS allocated: 5.05 GB)",
        "[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 800 bytes.",
    ],
)
def test_every_way_of_saying_that_memory_is_out_is_known(words):
    assert memory.is_out_of_memory(RuntimeError(words))
    assert memory.is_out_of_memory(MemoryError())
    assert not memory.is_out_of_memory(RuntimeError("The loss stopped being a number"))


def test_a_speed_is_the_mean_of_the_last_seconds():
    meter = Speedometer()
    assert meter.add(1000, 0.5) == 2000
    assert meter.add(10, 0.1) == pytest.approx(1010 / 0.6)  # an epoch's short last report
    for _ in range(20):
        speed = meter.add(100, SPEED_SECONDS / 4)
    assert speed == pytest.approx(400 / SPEED_SECONDS)


def test_what_a_failed_training_held_is_free_before_another_batch_size_is_proposed(
    runs_folder, data_folder, monkeypatch
):
    """The proposal goes by the memory that is free once the trainer is gone."""
    import gc
    import weakref

    from cnn import runs
    from cnn.runs.worker import run_worker
    from cnn.training.trainer import Trainer

    network = Architecture(layers=(Conv2d(filters=4), Dropout(), Flatten(), Linear(units=8)))
    settings = Settings(epochs=1, batch_size=1024)
    run = runs.new(network, settings, "mnist-sample", "cpu")
    trainers: list[weakref.ref] = []
    held: list[bool] = []

    def fail(self: Trainer, *_: object) -> None:
        trainers.append(weakref.ref(self))
        raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`")

    def free(self: Accelerator) -> int:
        gc.collect()
        held.append(trainers[0]() is not None)
        return 10**9

    monkeypatch.setattr(Trainer, "_step", fail)
    monkeypatch.setattr(Accelerator, "memory_free", free)
    assert run_worker(run, background=True) == "failed"
    assert held == [False]
    status = run.status()
    assert "out of memory" in status["message"]
    assert status["suggested_settings"] == {"batch_size": 512}
