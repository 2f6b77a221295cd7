"""What can go wrong between a process and what is kept.

StorageError
├── StartRefused            the process cannot start, whatever is tried again
│   ├── SettingsError       a setting is missing or wrong; names the variable
│   ├── UnfitStore          the Redis that is there cannot serve (policy, version, cluster)
│   └── UnfitDatabase       the Postgres that is there cannot serve (version, schema, rights)
├── StoreUnavailable        Redis cannot be reached, or does not answer
│   └── StoreFull           Redis has used nearly all of its memory, and takes no new job
├── IdTaken                 the id already means another input
├── SubjectTaken            another job is being done for the subject
├── QuotaSpent              what a day may have is used up
├── QueueFull               too many of the kind wait already
├── JobUnknown              no such job, or one no longer kept
├── StepRefused             the job's status does not allow what was asked
├── RecordTooLarge          a record beyond its limit
├── DatabaseUnavailable     Postgres cannot be reached, or does not answer
├── ObjectStoreUnavailable  the object store cannot be reached, or refuses us
├── ObjectTaken             another object has the key
├── ObjectUnknown           no such object
├── WorldKeyTaken           the key of a submission stands for another world
├── PieceUnknown            no such character, or its world was deleted
├── BeingMade               one of this kind is being made already
├── MediumNotThere          a portrait or video that is not in the object store
├── PictureComing           another portrait is on its way to the object store
└── EmbeddedUnavailable     this machine cannot run the embedded Valkey or Postgres
"""


class StorageError(Exception):
    """Base of all errors of this package."""


class StartRefused(StorageError):
    """Each of `faults` is a sentence. The process ends with the exit status REFUSED."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


REFUSED = 2
"""Exit status of a process that will not start whatever is tried: no use in starting it again."""


class SettingsError(StartRefused):
    """Each fault begins with the variable's name."""


class UnfitStore(StartRefused):
    pass


class UnfitDatabase(StartRefused):
    pass


class StoreUnavailable(StorageError):
    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"Redis cannot be reached: {detail}")


class StoreFull(StoreUnavailable):
    """What is there goes on, and a submission that repeats an earlier one is answered."""

    def __init__(self, percent: int) -> None:
        self.percent = percent
        detail = f"{percent} % of Redis' memory are used, so that no new job is taken; those that are there go on"
        super().__init__(detail)
        self.args = (detail,)


class IdTaken(StorageError):
    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("this id already belongs to a job with another input")


class SubjectTaken(StorageError):
    """`job_id` is the unfinished job of the same owner, kind and subject."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("another job is being done for this subject")


class QuotaSpent(StorageError):
    """`seconds` until the next day begins, by Redis' clock and in UTC."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        super().__init__(f"{name}: used up for today")


class QueueFull(StorageError):
    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"too many jobs of the kind {kind} wait already")


class JobUnknown(StorageError):
    """`expired` tells one that is no longer kept from one that never was."""

    def __init__(self, job_id: str, *, expired: bool) -> None:
        self.job_id = job_id
        self.expired = expired
        super().__init__("this job is no longer kept" if expired else "there is no such job")


class StepRefused(StorageError):
    def __init__(self, status: str, wanted: str) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__(f"a job that is {status} cannot be {wanted}")


class RecordTooLarge(StorageError):
    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__(f"a record of {size} bytes is over the limit of {limit}")


class DatabaseUnavailable(StorageError):
    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"Postgres cannot be reached: {detail}")


class ObjectStoreUnavailable(StorageError):
    """`detail` is what the store said, without secrets."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the object store cannot be used: {detail}")


class ObjectTaken(StorageError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"there is another object at {key}")


class ObjectUnknown(StorageError):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"there is no object at {key}")


class WorldKeyTaken(StorageError):
    def __init__(self) -> None:
        super().__init__("this key already stands for another input")


class PieceUnknown(StorageError):
    def __init__(self) -> None:
        super().__init__("there is no such character")


class BeingMade(StorageError):
    """`job` makes it."""

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__("one is being made already")


class MediumNotThere(StorageError):
    def __init__(self) -> None:
        super().__init__("this one is not there")


class PictureComing(StorageError):
    def __init__(self) -> None:
        super().__init__("a new picture is just being put away; please try again in a moment")


class EmbeddedUnavailable(StorageError):
    """This machine cannot run the embedded Valkey or Postgres; the sentence says what to do instead."""
