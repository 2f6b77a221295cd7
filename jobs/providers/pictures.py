"""A picture that somebody else has made, in the format that is wanted."""

from typing import cast

import cv2

from jobs.pixels import pixels_of
from jobs.providers.painter.fields import Bytes
from jobs.providers.painter.painting import encoded
from storage.pictures import head_of
from storage.records.media import Picture, PictureFormat

_FORMATS: dict[str, PictureFormat] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}


def picture_of(data: bytes, wanted: PictureFormat) -> Picture:
    """The picture in the format that is wanted. Takes some time where it is in another. Raises NoPicture."""
    content_type, width, height = head_of(data)
    if _FORMATS[content_type] == wanted:
        return Picture(data, content_type, width, height)
    return encoded(cast(Bytes, cv2.cvtColor(pixels_of(data), cv2.COLOR_BGR2RGB)), wanted)
