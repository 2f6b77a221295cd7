"""`./limner bench jobs`: what it costs that a job survives, beside arq without it."""

from bench.command import measuring
from bench.jobs.parts import PARTS
from bench.jobs.plan import QUICK, Plan
from bench.jobs.stage import stage

jobs = measuring(
    "jobs",
    "Measure how jobs are begun, got through, taken over and foretold, and print one table.",
    PARTS,
    stage,
    Plan(),
    QUICK,
)
