"""A webhook's whole way: named with a submission, signed and sent by a worker, verified by who is told."""

import httpx
import pytest

from tests.support.limner import limner
from tests.support.receiver import SECRET, Receiver, says

pytestmark = pytest.mark.system


async def test_who_was_named_with_a_submission_is_sent_its_final_record(environment: dict[str, str]) -> None:
    told = {**environment, "LIMNER_WEBHOOK_SECRET": SECRET, "LIMNER_WEBHOOK_PRIVATE": "1"}
    async with Receiver(says(204)) as receiver:
        with limner(told) as (server, _):
            async with httpx.AsyncClient(base_url=server.url, verify=False) as http:
                asked = {"description": "a dwarf", "size": "256x256", "webhook": receiver.url}
                submitted = (await http.post("/portraits", json=asked)).json()
                record = (await receiver.next()).verified()

                assert (record["id"], record["status"]) == (submitted["id"], "succeeded")
                assert (await http.get(record["result"]["url"])).status_code == 200
                assert (await http.get(f"/jobs/{record['id']}")).json() == record
