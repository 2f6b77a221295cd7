"""From the settings to the exit status: 0 if all is well, 1 if something is wrong, 2 if the settings are."""

import asyncio
import json
import sys
from collections.abc import Sequence

from server.doctor.finding import Finding
from server.doctor.parts import examine
from server.settings import ServerSettings
from storage.errors import REFUSED, SettingsError
from storage.settings import load


def run(*, host: str, port: int, as_json: bool) -> int:
    """Look at everything and print what was found. Answers the exit status."""
    try:
        settings = load(ServerSettings, host=host, port=port)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return REFUSED
    findings = asyncio.run(examine(settings))
    well = all(finding.ok for finding in findings)
    if as_json:
        print(
            json.dumps({"ok": well, "parts": [_named(finding) for finding in findings]}, indent=2, ensure_ascii=False)
        )
    else:
        print(*lines(findings), sep="\n")
    return 0 if well else 1


def lines(findings: Sequence[Finding]) -> list[str]:
    """What is printed: a line for each part, and under it one for each remark."""
    told = []
    for finding in findings:
        told += [f"{finding.part}: {sentence}" for sentence in finding.faults or ["ok"]]
        told += [f"  {remark}" for remark in finding.remarks]
    return told


def _named(finding: Finding) -> dict[str, object]:
    return {"part": finding.part, "ok": finding.ok, "faults": [*finding.faults], "remarks": [*finding.remarks]}
