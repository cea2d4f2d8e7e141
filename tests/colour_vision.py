"""How colours look to those who see fewer of them, and how different two colours look.

Independent of the app's own colours, which are held against it: Machado and others (2009, IEEE TVCG
15:6) for what is seen without red or green cones, CIEDE2000 (Sharma and others, 2005, Color
Research and Application 30:1) for the difference, WCAG 2.2 for contrast.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float64]  # (n, 3), sRGB in 0-1

# Of linear RGB, severity 1.0 (Machado and others, table 1).
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65


def colours_of(codes: list[str]) -> Colours:
    """`#rrggbb` as numbers."""
    return np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in codes])


def _linear(colours: Colours) -> Colours:
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def seen(colours: Colours, vision: str) -> Colours:
    """The colours as they look with one of `VISION`, in CIE L*a*b* `(n, 3)`."""
    linear = np.clip(_linear(colours) @ VISION[vision].T, 0, 1)
    share = linear @ TO_XYZ.T / WHITE
    root = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def difference(one: Colours, other: Colours) -> NDArray[np.float64]:
    """CIEDE2000 of two arrays of CIE L*a*b* colours `(n, 3)`: about 1 is just seen, 2-10 at a
    glance."""
    (l1, a1, b1), (l2, a2, b2) = one.T, other.T
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    a1, a2 = a1 * g, a2 * g
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(grey, h1 + h2, (h1 + turn / 2) % 360)
    t = 1 - 0.17 * np.cos(np.radians(hue - 30)) + 0.24 * np.cos(np.radians(2 * hue))
    t += 0.32 * np.cos(np.radians(3 * hue + 6)) - 0.2 * np.cos(np.radians(4 * hue - 63))
    off = (lightness - 50) ** 2
    sl, sc = 1 + 0.015 * off / np.sqrt(20 + off), 1 + 0.045 * chroma
    sh = 1 + 0.015 * chroma * t
    blue = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    rt = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(2 * blue))
    dl, dc, dh = dl / sl, dc / sc, dh / sh
    return np.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh)


def nearest(codes: list[str], vision: str) -> tuple[float, tuple[str, str]]:
    """The smallest difference between any two of some colours, and which two."""
    pairs = np.array(list(combinations(range(len(codes)), 2)))
    lab = seen(colours_of(codes), vision)
    found = difference(lab[pairs[:, 0]], lab[pairs[:, 1]])
    one, other = pairs[found.argmin()]
    return float(found.min()), (codes[one], codes[other])


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    light = _linear(colours_of([one, other])) @ TO_XYZ[1]
    return float((light.max() + 0.05) / (light.min() + 0.05))


def laid_over(colour: str, paper: str, opacity: float) -> str:
    """The colour that a translucent one makes on `paper`."""
    top, below = colours_of([colour, paper])
    return "#" + "".join(f"{round(255 * v):02x}" for v in top * opacity + below * (1 - opacity))
