"""Why `jobs` has nothing to tell, beside what goes wrong with a server.

GenerateError
├── NoKey        the jobs of nobody were asked for
└── NotListed    they are kept, but stand in no list
"""

from server.generate.errors import GenerateError


class NoKey(GenerateError):
    def __init__(self) -> None:
        super().__init__(
            "Whose jobs? Set LIMNER_OPERATOR_KEY for those of everybody, or LIMNER_API_KEY for those of that key."
        )


class NotListed(GenerateError):
    def __init__(self) -> None:
        super().__init__("Jobs that succeeded or were canceled are not listed to the operator; `show` shows one.")
