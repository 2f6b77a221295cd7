"""A character as a caller sends it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from storage.records.character import Character
from storage.records.ids import parse_job_id


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character U+0000")
    return text


Storable = AfterValidator(_storable)
"""Text that can be kept: Postgres has no place for U+0000."""
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Storable]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), Storable]
Backstory = Annotated[str, StringConstraints(max_length=2_000), Storable]
Appearance = Annotated[str, StringConstraints(max_length=1_000), Storable]
Ability = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class SentCharacter(BaseModel):
    """A character as it stands in the result of a `characters` job, or as much of one as the caller has."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Word
    race: Word
    class_: Word = Field(alias="class")
    traits: list[Word] = Field(default_factory=list, max_length=8)
    stats: dict[Word, Ability] | None = Field(None, max_length=32)
    backstory: Backstory | None = None
    appearance: Appearance | None = None
    id: str | None = Field(None, max_length=80)
    portrait: str | None = Field(None, max_length=80)

    def whole(self) -> Character | None:
        """The character, if everything that makes one was sent."""
        try:
            return Character.model_validate(self.model_dump(by_alias=True, include=set(Character.model_fields)))
        except ValidationError:
            return None

    def described(self) -> str:
        parts = [f"{self.name}, {self.race} {self.class_}.", self.appearance or "", " ".join(self.traits)]
        return " ".join(part for part in parts if part)


class CharacterToKeep(SentCharacter):
    """The same for a world, with the job that paints it or the picture itself; that goes before the job."""

    portrait: Annotated[str, AfterValidator(parse_job_id)] | None = None
    image_portrait_base64: str | None = None
