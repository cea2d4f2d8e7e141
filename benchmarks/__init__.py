"""Measurements that anyone can repeat: `python -m benchmarks.NAME`, each with `--quick`."""

import cnn  # noqa: F401 - before torch: it tells torch's threads how to wait, as in the app
