"""The tests. They, and all processes that they start, compute on one thread each: those share the
cores already, and sums are added up in the same order everywhere."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is loaded, so it is set before
