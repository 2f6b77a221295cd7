"""What was found about one part."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from storage.errors import DatabaseUnavailable, ObjectStoreUnavailable, StartRefused, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Finding:
    """Each of `faults` and `remarks` is a sentence. With a fault the part cannot be used as it is."""

    part: str
    faults: Sequence[str] = ()
    remarks: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return not self.faults


class Unfit(Exception):
    """A part cannot be used as it is; the message is a sentence for the operator."""


_WHAT_TO_DO = {
    StoreUnavailable: "Look whether it runs, and whether LIMNER_REDIS_URL is right.",
    DatabaseUnavailable: "Look whether it runs, and whether LIMNER_DATABASE_URL is right.",
    ObjectStoreUnavailable: "Look whether it runs, and whether the LIMNER_S3_… or LIMNER_OBJECTS_DIR are right.",
}


async def found(part: str, look: Callable[[], Awaitable[Sequence[str]]]) -> Finding:
    """What `look` raises are the part's faults, and what it answers remarks on it."""
    try:
        return Finding(part, remarks=await look())
    except StartRefused as error:
        return Finding(part, error.faults)
    except Unfit as error:
        return Finding(part, [str(error)])
    except (StoreUnavailable, DatabaseUnavailable, ObjectStoreUnavailable) as error:
        said = str(error).rstrip(".")
        return Finding(part, [f"{said[:1].upper()}{said[1:]}. {_WHAT_TO_DO[type(error)]}"])
    except Exception as error:  # what it says may hold anything, a secret too
        return Finding(part, [f"It could not be looked at: {type(error).__name__}."])
