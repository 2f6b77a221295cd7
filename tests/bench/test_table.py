import re

from bench.figures import alone
from bench.table import as_json


def test_the_figures_say_what_they_were_measured_on_and_when() -> None:
    machine = as_json([alone("what", "s", [1.0])], rounds=8)["machine"]
    assert machine["processor"] is None or machine["processor"].strip()
    assert machine["cores"] >= 1
    assert machine["kernel"]
    assert machine["rounds"] == 8
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", machine["date"])


def test_rounds_that_are_not_the_same_everywhere_are_not_named() -> None:
    assert "rounds" not in as_json([])["machine"]
