"""A link that an older version made opens as it did then."""

from cnn.export.share_link import from_link
from cnn.presets import PRESETS

# The tutorial's network on the sample; `pixels` (today `normalisation`) hidden, the network and the
# epochs fixed. Made before the setting was renamed.
OLDER = (
    "ARPCK_FXpO98qyZWGWaY47EcR4CAQh4cxpCIAKXr_IISYMKqSi0ChXNKYi7Qp5ihZgB0CkrA5RUD01EJ"
    "9qADJ0VwbMVn5iampwLtBYoWAIMsBxQnBrqGoMBBC2Dd4sTcgpxU5HCGaUEKb9Sw0oH5K7YWAA"
)


def test_an_older_link_opens_under_todays_names():
    shared = from_link(OLDER)
    assert shared.architecture == PRESETS["tutorial"].architecture
    assert shared.settings == PRESETS["tutorial"].settings
    assert shared.dataset == "mnist-sample"
    assert shared.hidden == {"normalisation"}
    assert shared.fixed == {"architecture", "epochs"}
