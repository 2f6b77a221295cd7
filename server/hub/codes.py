"""Close codes: 4000–4499 come again, 4500–4999 do not. docs/protocol.md and the client hold the same table."""

from enum import IntEnum


class CloseCode(IntEnum):
    UNSUPPORTED = 1003
    """A binary message."""
    INVALID_TEXT = 1007
    TOO_LONG = 1009
    DRAIN = 4001
    """The server is going away; another is there, or this one will be."""
    IDLE = 4006
    """Nothing was watched for a while: come back when there is something."""
    TOO_SLOW = 4008
    RESYNC = 4010
    SILENT = 4012
    """No sign of life."""
    TOO_MANY_MESSAGES = 4013
    BAD_MESSAGES = 4501
    TOO_MANY_CONNECTIONS = 4504


def comes_again(code: int) -> bool:
    """Whether a client that was closed with `code` is to connect again. 1001, 1006 and the like: yes."""
    return not 4500 <= code <= 4999
