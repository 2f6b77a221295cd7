"""A character: who is to be painted, and what a page shows beside the picture."""

from pydantic import BaseModel, ConfigDict, Field

from storage.records.job import JsonObject

STATS = ("strength", "agility", "intellect", "willpower", "charm", "luck")


class Stats(BaseModel):
    """Six abilities, each 3…18 as three dice would give them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    strength: int = Field(ge=3, le=18)
    agility: int = Field(ge=3, le=18)
    intellect: int = Field(ge=3, le=18)
    willpower: int = Field(ge=3, le=18)
    charm: int = Field(ge=3, le=18)
    luck: int = Field(ge=3, le=18)


class Character(BaseModel):
    """What a text provider writes. `class` is the word on the wire, `class_` the attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    name: str = Field(min_length=1, max_length=80)
    race: str = Field(min_length=1, max_length=40)
    class_: str = Field(alias="class", min_length=1, max_length=40)
    traits: list[str] = Field(min_length=1, max_length=8)
    stats: Stats
    backstory: str = Field(min_length=1, max_length=1_200)
    appearance: str = Field(min_length=1, max_length=400)
    """What a painter needs to know and a reader of cards may skip: hair, beard, dress, jewels, mood, place."""

    @property
    def described(self) -> str:
        """The character as one sentence for a painter."""
        return f"{self.name}, {self.race} {self.class_}. {self.appearance}"


class WrittenCharacter(Character):
    """A character as it stands in the result of its `characters` job."""

    id: str
    portrait: str
    """The id of the job that paints it."""

    @property
    def character(self) -> Character:
        return Character.model_validate(self.model_dump(by_alias=True, exclude={"id", "portrait"}))


def written_in(result: JsonObject | None) -> list[WrittenCharacter]:
    """The characters in the result of a `characters` job."""
    return [WrittenCharacter.model_validate(character) for character in (result or {}).get("characters", [])]
