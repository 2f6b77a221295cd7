"""What the routes work with. Made once, by `create_app`."""

from dataclasses import dataclass

from redis.asyncio import Redis

from server.admission import Admission
from server.hub.background import Background
from server.hub.counters import Counters
from server.hub.drain import Drain
from server.hub.event_stream import Streams
from server.hub.hub import Hub
from server.hub.polling import HeldRequests
from server.hub.websocket import Sockets
from server.identity import Identity
from server.limits import SubmissionLimits
from server.settings import ServerSettings
from storage.characters import CharacterIndex
from storage.idempotency import IdempotencyKeys
from storage.jobs import JobStore
from storage.kept import Kept
from storage.objects.base import ObjectStore
from storage.portraits import PortraitStore


@dataclass(frozen=True, slots=True)
class Services:
    settings: ServerSettings
    redis: Redis
    store: JobStore
    portraits: PortraitStore
    characters: CharacterIndex
    kept: Kept | None
    """What is kept in Postgres; none without LIMNER_DATABASE_URL."""
    objects: ObjectStore | None
    """None where the settings name no object store."""
    hub: Hub
    sockets: Sockets
    streams: Streams
    held_requests: HeldRequests
    drain: Drain
    counters: Counters
    identity: Identity
    admission: Admission
    limits: SubmissionLimits
    idempotency: IdempotencyKeys
    clocks: Background
