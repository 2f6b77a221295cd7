"""Reading the tables of the pages in docs/."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def first_column(page: str, header: str) -> list[str]:
    """What stands in backticks in the first column of the table whose first heading is `header`."""
    _, _, below = (DOCS / page).read_text().partition(f"\n| {header} |")
    table = below.split("\n\n")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
