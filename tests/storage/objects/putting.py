"""`python -m tests.storage.objects.putting DIRECTORY NAME COUNT`: puts bytes of its own under keys that others want.

Begins with the end of its standard input, and prints the numbers of the keys that it won.
"""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from storage.errors import ObjectTaken
from storage.objects.local_directory import LocalObjects


async def main(directory: str, name: str, count: int) -> None:
    print("ready", flush=True)
    sys.stdin.read()
    with closing(LocalObjects(Path(directory), "")) as objects:
        for number in range(count):
            try:
                await objects.put(f"a/{number}/b", name.encode() * 10_000, "")
                print(number)
            except ObjectTaken:
                continue


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
