"""What is sent to make a world, and to change one."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from server.api.sent_character import Backstory, CharacterToKeep, Description, Storable, Word
from server.problems import faults_of, fields_problem
from storage.records.ids import parse_id
from storage.records.inputs import SEEDS
from storage.records.world import MediaKind

MOST_CHARACTERS = 100

WorldName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable]


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WantedWorld(_Sent):
    """`members` reads the characters."""

    name: WorldName
    characters: list[Any] = Field(min_length=1, max_length=MOST_CHARACTERS)


class Renamed(_Sent):
    name: WorldName


class EditedCharacter(_Sent):
    """What is not given stays."""

    name: Word | None = None
    backstory: Backstory | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "EditedCharacter":
        if self.name is None and self.backstory is None:
            raise ValueError("name or backstory must be given")
        return self


class WantedMissing(_Sent):
    """`once`: nothing, where the board has asked for this kind by itself before."""

    kind: MediaKind
    once: bool = False


class OneMoreVideo(_Sent):
    seed: int | None = Field(None, ge=0, lt=SEEDS)


class OneMorePortrait(_Sent):
    """Without a description it is of the character as it is."""

    seed: int | None = Field(None, ge=0, lt=SEEDS)
    description: Description | None = None


class ChosenMedium(_Sent):
    media: str


def members(characters: list[Any]) -> list[str | CharacterToKeep]:
    """Each is the id of a character, or a whole one. Raises Problem 422 naming all that are neither."""
    read: list[str | CharacterToKeep] = []
    faults: list[dict[str, str]] = []
    ids: set[str] = set()
    for place, sent in enumerate(characters):
        field = f"characters.{place}"
        try:
            member = parse_id(sent) if isinstance(sent, str) else CharacterToKeep.model_validate(sent)
        except ValidationError as error:
            faults += faults_of(error, "characters", place)
            continue
        except ValueError as error:
            faults.append({"field": field, "message": str(error)})
            continue
        id_ = member if isinstance(member, str) else (member.id or "").lower()
        if id_ in ids:
            faults.append({"field": field, "message": "this character is there twice"})
        ids |= {id_} - {""}
        read.append(member)
    if faults:
        raise fields_problem(faults)
    return read
