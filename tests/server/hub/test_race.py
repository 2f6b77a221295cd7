"""Subscriptions race with their jobs' ends, over real sockets of a real server.

Each group of jobs is watched by several sockets, half of which name them in the URL and half in messages, and some ask
again, while the jobs end at random moments. LIMNER_RACE is the number of subscriptions; 15000 is a full race.
"""

import asyncio
import os
import random
from dataclasses import dataclass, field

from storage.jobs import JobStore
from storage.records.ids import JobId
from storage.records.job import timestamp
from storage.stored import Stored
from tests.server.support.client import Client, Message, client
from tests.server.support.player import Player
from tests.support.limner import Server

SUBSCRIPTIONS = int(os.environ.get("LIMNER_RACE", "15000"))
GROUP = 125
SOCKETS = 5
DEADLINE_SECONDS = 10


@dataclass
class Subscription:
    """What one socket knows of one job. `given` is the version it said it has."""

    given: int = 0
    versions: list[int] = field(default_factory=list)
    final: bool = False
    answered: bool = False
    asking: bool = False
    """It has asked again, and what still comes may belong to the subscription before."""


@dataclass
class Faults:
    lost: int = 0
    twice: int = 0
    older: int = 0


class Runner:
    """One socket in the race."""

    def __init__(self, socket: Client, job_ids: list[JobId], faults: Faults) -> None:
        self._socket = socket
        self._faults = faults
        self._subscriptions = {job_id: Subscription() for job_id in job_ids}
        self._asked_again: set[str] = set()

    async def run(self, chance: random.Random, *, in_url: bool) -> None:
        talking = asyncio.create_task(self._talk(chance, in_url=in_url))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not talking.done() or not all(known.final for known in self._subscriptions.values()):
                    self._read(await self._socket.next())
        except TimeoutError:
            self._faults.lost += sum(not known.final for known in self._subscriptions.values())
        finally:
            await talking
        for message in await self._socket.answer_to_ping():
            self._read(message)

    async def _talk(self, chance: random.Random, *, in_url: bool) -> None:
        job_ids = list(self._subscriptions)
        if not in_url:
            for first in range(0, len(job_ids), 25):
                await self._socket.say(type="subscribe", jobs=dict.fromkeys(job_ids[first : first + 25], 0))
                await asyncio.sleep(chance.random() / 50)
        for _ in range(4):
            await asyncio.sleep(chance.random() / 20)
            again = [job_id for job_id in chance.sample(job_ids, 10) if self._subscriptions[job_id].answered]
            again = [job_id for job_id in again if job_id not in self._asked_again]
            for job_id in again:
                known = self._subscriptions[job_id]
                known.given, known.asking = known.versions[-1], True
                self._asked_again.add(job_id)
            if again:
                seen = {job_id: self._subscriptions[job_id].given for job_id in again}
                await self._socket.say(type="subscribe", jobs=seen)
        await self._socket.say(type="ping")  # something to read after the last word, for whoever waits

    def _read(self, message: Message) -> None:
        if message["type"] == "job":
            self._state(message["job"])
        elif message["type"] == "subscribed":
            for job_id in message["jobs"]:
                known = self._subscriptions[job_id]
                known.answered = True
                if known.asking:
                    known.asking, known.versions = False, known.versions[-1:]
        elif message["type"] in ("unknown", "error"):
            raise AssertionError(message)

    def _state(self, job: Message) -> None:
        known, version = self._subscriptions[job["id"]], job["version"]
        if known.versions and version < known.versions[-1]:
            self._faults.older += 1
        if version in known.versions and (not known.asking or version == known.given):
            self._faults.twice += 1
        known.versions.append(version)
        known.final = job["status"] == "succeeded"


async def end(store: JobStore, stored: Stored, chance: random.Random) -> None:
    await asyncio.sleep(chance.random() / 4)
    now = await store.now()
    done = stored.job.succeeded({"url": "/somewhere"}, timestamp(now), store.expires_at(now))
    await store.advance(done, stored.claim)


async def race(edge: Server, player: Player, chance: random.Random, faults: Faults) -> int:
    """One group of jobs, and all who watch it. Answers how many subscriptions that were."""
    job_ids = await asyncio.gather(*(player.running() for _ in range(GROUP)))
    running = [stored for stored in await player.store.get_many(job_ids) if stored is not None]

    async def watch(number: int) -> None:
        in_url = number % 2 == 0
        await asyncio.sleep(chance.random() / 10)
        async with client(edge.ws_url, *(job_ids if in_url else ())) as socket:
            await Runner(socket, job_ids, faults).run(chance, in_url=in_url)

    async with asyncio.TaskGroup() as together:
        for stored in running:
            together.create_task(end(player.store, stored, chance))
        for number in range(SOCKETS):
            together.create_task(watch(number))
    return SOCKETS * GROUP


async def test_no_final_state_is_lost_and_none_comes_twice_or_after_a_newer_one(edge: Server, player: Player) -> None:
    chance, faults, subscriptions = random.Random(), Faults(), 0
    while subscriptions < SUBSCRIPTIONS:
        subscriptions += await race(edge, player, chance, faults)
    assert faults == Faults(lost=0, twice=0, older=0), f"of {subscriptions} subscriptions"
