"""A picture that somebody else has made, in the format that is wanted."""

from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.fields import Bytes
from jobs.providers.painter.painting import encoded
from storage.pictures import NoPicture, head_of
from storage.records.media import Picture, PictureFormat

_FORMATS: dict[str, PictureFormat] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}


def picture_of(data: bytes, wanted: PictureFormat) -> Picture:
    """The picture in the format that is wanted. Takes some time where it is in another. Raises NoPicture."""
    content_type, width, height = head_of(data)
    if _FORMATS[content_type] == wanted:
        return Picture(data, content_type, width, height)
    try:
        canvas = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise NoPicture(str(error)) from error
    if canvas is None:
        raise NoPicture("its pixels cannot be read")
    return encoded(cast(Bytes, cv2.cvtColor(canvas, cv2.COLOR_BGR2RGB)), wanted)
