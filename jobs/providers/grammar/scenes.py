"""A scene: a world a theme can ask for, with its places and what people want, lose and hide there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """`where` follows a verb («in the harbour town of {town}»), `background` is what a painter puts behind a person."""

    where: str
    background: str


@dataclass(frozen=True, slots=True)
class Scene:
    """`wants` begin with «to», `wounds` are whole sentences, `secrets` follow «that»."""

    name: str
    words: tuple[str, ...]
    callings: tuple[str, ...]
    """The classes one meets there most."""
    places: tuple[Place, ...]
    wants: tuple[str, ...]
    wounds: tuple[str, ...]
    secrets: tuple[str, ...]
    everyday: bool = True
    """Whether it comes up where no theme was given."""
