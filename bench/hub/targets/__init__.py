"""Everything that the bench can start, beside Limner and the relay: the peers."""

from bench.hub.target import Target
from bench.hub.targets.nchan import Nchan
from bench.hub.targets.obvious import Obvious
from bench.hub.targets.socketio import SocketIO

PEERS: tuple[Target, ...] = (Nchan(), Nchan(redis=True), SocketIO(), Obvious())
"""Those that are not installed are named and left out."""
