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
    """The server cannot vouch for what it has sent: subscribe again."""
    SILENT = 4012
    """No sign of life."""
    TOO_MANY_MESSAGES = 4013
    BAD_MESSAGES = 4501
    TOO_MANY_CONNECTIONS = 4504


NORMAL, GOING_AWAY, NO_CODE, ABNORMAL = 1000, 1001, 1005, 1006
"""Codes that are not ours. NO_CODE is a close without a code, ABNORMAL an end without a close."""
OF_PEERS = (NORMAL, GOING_AWAY, NO_CODE)
OTHER = 0
"""Stands for all others: a peer may say any of four thousand, ours among them."""
COUNTED = (*OF_PEERS, ABNORMAL, *map(int, CloseCode), OTHER)


def counted(code: int, *, by_peer: bool) -> int:
    """As what the end of a WebSocket counts, one of COUNTED. `by_peer`: the peer's close came, and before ours."""
    if by_peer:
        return code if code in OF_PEERS else OTHER
    if code == NO_CODE:  # uvicorn's word for a connection that was lost
        return ABNORMAL
    return code if code in COUNTED else OTHER


def comes_again(code: int) -> bool:
    """Whether a client that was closed with `code` is to connect again. 1001, 1006 and the like: yes."""
    return not 4500 <= code <= 4999
