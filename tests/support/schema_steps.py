"""What a step of the schema must not do."""

import re

CONTRACT = re.compile(r"-- contract: \S.+")
"""The first line of a step that takes away what no version uses any more: it says why that is so."""

BREAKING = {
    "takes something away": r"\bdrop\s+(table|column|type|schema|view|function|default)\b",
    "takes something away or gives it another name": r"\balter\s+table\b[^;]*\b(drop|rename)\b",
    "gives something another name": r"\brename\s+(to|column)\b",
    "demands what the version before does not write": r"\bset\s+not\s+null\b",
    "demands it of a new column": r"\badd\s+(column\s+)?(if\s+not\s+exists\s+)?(?!constraint|check)\w+"
    r"(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b",
    "changes what a column may hold": r"\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b",
    "refuses what the version before writes": r"\badd\s+(constraint|check|primary|unique|foreign)\b",
    "empties a table": r"\btruncate\b",
}


def breaking(sql: str) -> list[str]:
    """What in a step the version before could not live with."""
    if CONTRACT.fullmatch(sql.partition("\n")[0]):
        return []
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).lower()
    found = [why for why, pattern in BREAKING.items() if re.search(pattern, bare)]
    new = set(re.findall(r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)", bare))
    unique = set(re.findall(r"\bcreate\s+unique\s+index\b[^;]*?\bon\s+(\w+)", bare))
    return [*found, *(f"refuses rows of {table} that the version before may write" for table in sorted(unique - new))]
