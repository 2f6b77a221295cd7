"""Why `generate` ends without what it was to make.

GenerateError
├── BadAddress      the URL that was given is none
├── BadFolder       nothing can be written where the files are to go
├── Refused         the server understood, and said no
├── NotLimner       whoever answers there is no Limner server
└── Unreachable     nobody has answered for a minute
"""


class GenerateError(Exception):
    """The text is a sentence for the person at the terminal."""


class BadAddress(GenerateError):
    def __init__(self, url: str) -> None:
        super().__init__(f"{url!r} is no address of a server: give one like http://127.0.0.1:8000.")


class BadFolder(GenerateError):
    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"The files cannot be written to {path}: {reason}.")


class Refused(GenerateError):
    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"The server refuses: {detail}")


class NotLimner(GenerateError):
    def __init__(self, url: str) -> None:
        super().__init__(f"What answers at {url} is not Limner.")


class Unreachable(GenerateError):
    def __init__(self, url: str) -> None:
        super().__init__(f"Nobody answers at {url}.")
