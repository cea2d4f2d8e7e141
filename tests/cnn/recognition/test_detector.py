import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from cnn.common.random_state import OwnRandomState
from cnn.inspection.initialisation_check import check_initialisation
from cnn.recognition import detector
from tests.conftest import SMALL


@pytest.fixture
def small(monkeypatch):
    """A detector that is fitted in a moment."""
    monkeypatch.setattr(detector, "IMAGES", 300)
    monkeypatch.setattr(detector, "LETTERS", 30)
    monkeypatch.setattr(detector, "EPOCHS", 1)


def test_fitting_leaves_the_random_state_alone(small):
    before = torch.get_rng_state()
    detector.fit("mnist-sample")
    assert torch.equal(before, torch.get_rng_state())


def test_two_sessions_at_once_get_what_one_alone_gets(small):
    """Threads that ask torch for random numbers all the while, each its own."""
    x, labels = torch.rand(16, 1, 28, 28), torch.arange(16) % 10

    def work() -> tuple[object, ...]:
        fitted = detector.fit("mnist-sample")
        checks = [check_initialisation(SMALL, x, labels, seed) for seed in range(5)]
        return float(fitted.threshold), fitted.logits(x[:, 0]).tolist(), *checks

    # A thread too: the main one may compute on another number of threads than new ones do.
    with ThreadPoolExecutor(1) as pool:
        alone = pool.submit(work).result()
    found, ended = [], threading.Event()

    def disturb() -> None:
        while not ended.is_set():
            SMALL.build()

    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(2)]
    disturber = threading.Thread(target=disturb)
    for thread in (*threads, disturber):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    disturber.join()
    assert found == [alone, alone]


def test_its_numbers_are_those_of_a_seeded_torch():
    def draw() -> list[torch.Tensor]:
        model = SMALL.build().train()
        ones = torch.ones(50)
        return [
            *(p.detach() for p in model.parameters()),
            *(torch.rand(9), torch.randn(9), torch.randperm(9), torch.randint(2, 9, (9,))),
            *(torch.randint(9, (9,)), torch.rand_like(ones), torch.bernoulli(ones / 2)),
            *(torch.nn.functional.dropout(ones), torch.empty(9).exponential_()),
            *(torch.multinomial(ones, 9), torch.normal(0.0, 1.0, (9,))),
        ]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = draw()
    before = torch.get_rng_state()
    with OwnRandomState(3):
        got = draw()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(expected, got, strict=True))
