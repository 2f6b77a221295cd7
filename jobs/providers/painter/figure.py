"""The reference picture: the place, and in it the figure, as smooth shapes in the right light. What is then painted
over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from jobs.providers.painter.body import build_of, draw_body
from jobs.providers.painter.dress import draw_dress
from jobs.providers.painter.face import paint_face
from jobs.providers.painter.fields import Bytes, Floats, Mask, blur, mix
from jobs.providers.painter.hair import Locks, draw_locks
from jobs.providers.painter.head import draw_ears, draw_head, draw_horns, draw_tusks, shape_of
from jobs.providers.painter.headgear import draw_headgear
from jobs.providers.painter.light import lamp, lit
from jobs.providers.painter.look import Look
from jobs.providers.painter.mane import beard_of, fur_of, hair_on_head
from jobs.providers.painter.place import Place, place_of
from jobs.providers.painter.space import FAR, Buffer, Camera, Pose, Region


@dataclass(frozen=True, slots=True)
class Reference:
    """`picture` is red, green, blue; `region` tells what each pixel shows; `scale` is how many pixels one unit is."""

    picture: Bytes
    region: Bytes
    scale: float
    face: tuple[float, float]


def framed(look: Look, width: int, height: int) -> Camera:
    """The head stands in the upper half, and nothing that matters is cut off at the sides."""
    tall = (
        0.05 * (look.headgear in ("hat", "crown", "helmet"))
        + 0.05 * (look.race in ("tiefling", "dragon"))
        + 0.02 * (look.hair.cut in ("bun", "mohawk"))
    )
    scale = min(height * (0.232 - 0.25 * tall), width * 0.262)
    small = {"halfling": 0.95, "gnome": 0.92, "dwarf": 1.0, "orc": 1.02}.get(look.race, 1.0)
    x = width * (0.5 - 0.045 * np.sign(look.yaw))
    return Camera(width, height, scale * small, float(x), float(height * (0.415 + 0.6 * tall)))


def draw(look: Look, width: int, height: int) -> Iterator[Reference | None]:
    """Draws in small steps; gives None after each, and the reference picture last."""
    camera = framed(look, width, height)
    place = place_of(look, width, height)
    yield None
    shape, build = shape_of(look), build_of(look)
    head = Pose(look.yaw, look.pitch, look.roll)
    trunk = Pose(
        look.yaw * 0.45 - 0.30 * np.sign(look.yaw) * look.chance.happens("over the shoulder", 0.3),
        0.0,
        look.roll * 0.15,
        (0.0, -2.0, 0.0),
    )
    buffer = Buffer(camera)
    draw_body(buffer, trunk, look, build)
    yield None
    yield from draw_dress(buffer, trunk, look, build)
    yield None
    draw_head(buffer, head, shape, look.age, paint_face(look, shape, 1.8 * camera.scale))
    yield None
    draw_ears(buffer, head, look, shape)
    draw_horns(buffer, head, look, shape)
    draw_tusks(buffer, head, look)
    yield None
    bare = buffer.depth.copy()
    draw_headgear(buffer, head, trunk, look, shape)
    hat = (buffer.depth > bare).astype(np.float32)
    picture = lit(buffer, look.light, place.key, place.air, place.rim)
    yield None
    yield from _composed(buffer, picture, hat, look, place, camera, head, trunk)


def _composed(
    buffer: Buffer, picture: Floats, hat: Floats, look: Look, place: Place, camera: Camera, head: Pose, trunk: Pose
) -> Iterator[Reference | None]:
    shape = shape_of(look)
    mane, beard = hair_on_head(look, shape, head), beard_of(look, shape, head)
    rng = look.chance.stream("strands")
    size = (camera.height, camera.width)
    region = np.where(buffer.covered, buffer.region, np.uint8(Region.PLACE))
    whole = place.picture.copy()

    def lay(
        locks: Locks, colour: tuple[float, float, float], onto: Floats, dark: float, sheen: float = 0.55
    ) -> tuple[Floats, Floats]:
        image = _bytes(onto)
        cover = np.zeros(size, np.uint8)
        depth = np.full(size, FAR, np.float32)
        draw_locks(
            image, cover, camera, locks, colour, lamp(look.light), place.key, place.air, rng, dark=dark, sheen=sheen,
            depth=depth,
        )  # fmt: skip
        return _floats(image), np.where((depth < hidden) & (depth > FAR), np.float32(0), _floats(cover))

    hidden = np.full(size, FAR, np.float32)
    whole, cover = lay(mane.behind, look.hair.colour, whole, 0.85)
    region[cover > 0.5] = np.where(buffer.covered, region, np.uint8(Region.HAIR))[cover > 0.5]
    yield None
    solid = _edge(buffer.covered)
    # What hangs beside the far cheek is behind the face, though it is drawn after it.
    hidden = np.where(buffer.region == Region.FACE, buffer.depth - np.float32(_HAIR_ROOM), hidden)
    fore, hair = lay(mane.before, look.hair.colour, picture, 1.0)
    yield None
    shaded = picture * (1.0 - 0.55 * _cast(hair, look.light, camera.scale))[..., None]
    whole = mix(whole, shaded, solid)
    if "fur" in look.marks:
        pelt = look.chance.pick(
            "pelt", ((0.30, 0.22, 0.16), (0.62, 0.58, 0.52), (0.16, 0.14, 0.14), (0.46, 0.33, 0.20))
        )
        whole, cover = lay(fur_of(look, trunk, build_of(look).shoulders), pelt, whole, 1.0, 0.2)
        face = (buffer.region == Region.FACE) & (buffer.depth > FACE_BEFORE_FUR)
        whole = mix(whole, shaded, solid * face.astype(np.float32))
        region[(cover > 0.5) & ~face] = Region.DRESS
    yield None
    if len(beard.curves):
        whole, cover = lay(beard, look.beard_colour, whole, 1.0, 0.4)
        region[cover > 0.5] = Region.HAIR
    yield None
    whole = mix(whole, fore, hair)
    region[hair > 0.5] = Region.HAIR
    if hat.any():
        whole = mix(whole, picture, blur(hat, 0.8))
        region[hat > 0.5] = Region.DRESS
    face = head.place(np.array([[0.0, -0.1, 0.8]], np.float32))
    at = camera.project(face)[0]
    yield Reference(_bytes(_finished(whole)), region.astype(np.uint8), camera.scale, (float(at[0]), float(at[1])))


FACE_BEFORE_FUR = 0.25
_HAIR_ROOM = 0.45
"""Roots may lie so deep in the head: they are seen all the same."""


def _bytes(picture: Floats) -> Bytes:
    return cast(Bytes, np.clip(picture * 255, 0, 255).astype(np.uint8))


def _floats(image: Bytes) -> Floats:
    return image.astype(np.float32) * np.float32(1 / 255)


def _edge(covered: Mask) -> Floats:
    filled = cv2.morphologyEx(covered.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return blur(filled.astype(np.float32), 0.9)


def _cast(hair: Floats, side: int, scale: float) -> Floats:
    """The shadow that hair throws: its outline moved away from the lamp."""
    move = np.array([[1, 0, -0.10 * side * scale], [0, 1, 0.10 * scale]], np.float32)
    moved = cv2.warpAffine(hair, move, (hair.shape[1], hair.shape[0]))
    return blur(cast(Floats, moved), 0.05 * scale)


def _finished(picture: Floats) -> Floats:
    """Contrast as in an old painting: warm lights, soft shoulder."""
    picture = np.clip(picture, 0, 2)
    return cast(Floats, np.clip(picture / (1 + 0.18 * picture) * 1.12, 0, 1) ** np.float32(0.90))
