import pytest
import torch

from cnn.recognition import detector


def test_fitting_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detector, "IMAGES", 300)
        patch.setattr(detector, "LETTERS", 30)
        patch.setattr(detector, "EPOCHS", 1)
        detector.fit("mnist-sample")
    assert torch.equal(before, torch.get_rng_state())
