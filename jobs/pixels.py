"""The pixels of an encoded picture, whose head alone says nothing of the rest."""

import cv2
import numpy as np

from jobs.decodable import decodable
from storage.pictures import NoPicture


def pixels_of(data: bytes, mode: int = cv2.IMREAD_COLOR) -> cv2.typing.MatLike:
    """All of them; `mode` is one of OpenCV's. Raises NoPicture where they cannot be read to their end."""
    try:
        pixels = cv2.imdecode(np.frombuffer(decodable(data), np.uint8), mode)
    except cv2.error as error:
        raise NoPicture(str(error)) from None
    if pixels is None:
        raise NoPicture("its pixels cannot be read")
    return pixels
