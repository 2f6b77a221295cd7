"""What can go wrong with a job, as classes.

JobFailure
├── InvalidInput      the request can never work as it is
├── Moderated         refused for its content
├── RateLimited       the provider wants us to wait
├── Unavailable       the provider cannot be reached or is broken
├── Rejected          the provider refuses us: key, credit, plan
├── TaskFailed        the provider took the task, and did not bring it to a good end
├── SubmitUnknown     nobody knows whether the provider took the task
├── TimedOut          no end in the time given
└── Internal          our own fault

Each says to a person what happened; whether trying again can help is a fact of the class. NotYet is no failure.
"""

from typing import ClassVar

from storage.records.job import ErrorCode, JobError


class JobFailure(Exception):
    """A job ended without what it was to make. `message` is a sentence for the person who waits."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = True
    default_message: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, message: str | None = None, *, detail: str | None = None) -> None:
        self.message = message or self.default_message
        self.detail = detail
        """For the log, never for the person: what the provider said."""
        super().__init__(self.message)

    def error(self) -> JobError:
        return JobError(code=self.code, message=self.message, retryable=self.retryable)


class InvalidInput(JobFailure):
    code = ErrorCode.INVALID_INPUT
    retryable = False
    default_message = "This cannot be made as it was described. Please change the description."


class Moderated(JobFailure):
    code = ErrorCode.MODERATED
    retryable = False
    default_message = "The provider refused this description. Please change it."


class RateLimited(JobFailure):
    code = ErrorCode.PROVIDER_UNAVAILABLE
    default_message = "The provider is busy just now. Please try again in a minute."

    def __init__(self, message: str | None = None, *, detail: str | None = None, retry_after: float | None = None):
        super().__init__(message, detail=detail)
        self.retry_after = retry_after
        """Seconds, if the provider named them."""


class Unavailable(JobFailure):
    code = ErrorCode.PROVIDER_UNAVAILABLE
    default_message = "The provider cannot be reached just now. Please try again."


class Rejected(JobFailure):
    code = ErrorCode.PROVIDER_REJECTED
    retryable = False
    default_message = "The provider does not accept our account. The operator has to look at it."


class TaskFailed(JobFailure):
    """It may have been paid: only a person has it made again."""

    code = ErrorCode.PROVIDER_UNAVAILABLE
    default_message = "The provider began this and could not finish it. Please try again."


class SubmitUnknown(JobFailure):
    """It may have been made and paid: only a person has it made again."""

    code = ErrorCode.SUBMIT_UNKNOWN
    default_message = (
        "Nobody knows whether the provider has taken this: it may have been made and paid, and be lost. "
        "Trying again may pay for it twice."
    )


class TimedOut(JobFailure):
    code = ErrorCode.TIMED_OUT
    default_message = "This took too long and was given up. Please try again."


class Internal(JobFailure):
    pass


class NotYet(Exception):
    """Something else has to be there first. The job is run again after so many `seconds`, and that costs no attempt.

    `stage` says what it waits for, to those who watch it, and `left` after how many seconds that will probably be
    there; none where nobody knows.
    """

    def __init__(self, stage: str, seconds: float, left: float | None = None) -> None:
        super().__init__(stage)
        self.stage = stage
        self.seconds = seconds
        self.left = left
