"""Where hair grows."""

from typing import cast

import numpy as np

from jobs.providers.painter.fields import Floats, Reals, smoothstep
from jobs.providers.painter.look import Look


def hairline(u: Reals, look: Look) -> Floats:
    """The lowest height at which hair grows, at the angle `u` from the front."""
    side = np.abs(u)
    receding = 0.10 if look.age == "old" and not look.feminine else 0.0
    front = 0.66 + receding + 0.03 * np.cos(side * 9)
    temple = smoothstep(0.42, 1.15, side)
    ear = smoothstep(1.15, 1.75, side)
    return cast(
        Floats,
        (front - 0.46 * temple - 0.75 * ear + receding * np.exp(-(((side - 0.5) / 0.2) ** 2))).astype(np.float32),
    )


def scalp(x: Floats, y: Floats, half_width: float, look: Look) -> Floats:
    """How much of a place on the face, as seen from the front, belongs to the hair: 0…1."""
    if look.hair.length == "bald" or look.hair.cut == "mohawk":
        return np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    around = np.clip(1 - (y / 1.16) ** 2, 0.01, 1) ** 0.43
    line = hairline(np.arcsin(np.clip(x / (half_width * around), -1, 1)), look)
    return smoothstep(0.02, 0.09, y - line)
