"""Letters and the like, as strokes of our own: what people draw that is no digit.

Left out are those that a hand writes like a digit (o, l, z, s, b, g, q and their kind).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnn.drawing.templates import image_of, templates

TEMPLATES = {name: forms for name, forms in templates().items() if not name.isdigit()}


def generate(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Images uint8 `(count, 28, 28)`, ink bright, prepared as drawings are, in turn."""
    random = np.random.default_rng(seed)
    forms = [form for forms in TEMPLATES.values() for form in forms]
    return np.stack([image_of(forms[k % len(forms)], random) for k in range(count)])
