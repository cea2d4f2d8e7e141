"""Shares and durations as people read them."""

from cnn.common.text import confidence, duration, percent


def test_a_share_is_never_rounded_to_all_or_nothing():
    assert [percent(share, 2) for share in (0, 0.9939, 1, 0.99996, 0.00003)] == [
        *("0.00%", "99.39%", "100.00%", ">99.99%", "<0.01%")
    ]
    assert [percent(share, 0) for share in (0.994, 0.996, 0.004, 0.006)] == [
        *("99%", ">99%", "<1%", "1%")
    ]


def test_a_confidence_is_never_all():
    assert [confidence(share) for share in (1.0, 0.999, 0.5)] == [">99%", ">99%", "50%"]
    assert [confidence(share, 1) for share in (0.0, 1e-30, 1.0)] == ["<0.1%", "<0.1%", ">99.9%"]


def test_what_took_some_time_is_never_said_to_have_taken_none():
    brief = "less than a second"
    assert [duration(seconds) for seconds in (0, 0.2, 0.5, 1.4, 125)] == [
        *("0 seconds", brief, brief, "1 second", "2 minutes and 5 seconds")
    ]
