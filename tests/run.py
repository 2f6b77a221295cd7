"""`limner test`: the whole suite. Arguments go to pytest; paths among them are seen from the repository's root."""

import os
import sys

import pytest

from server.up import python


def main(arguments: list[str]) -> int:
    os.chdir(python.ROOT)
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
