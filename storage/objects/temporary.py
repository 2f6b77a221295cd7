"""Objects that end with their jobs: those of videos that belong to no world."""

from storage.records.ids import JobId

PREFIX = "temp/"
"""Begins the keys of all that is temporary."""


def temporary_stem(job_id: JobId) -> str:
    """How the keys of a job's temporary objects begin."""
    return f"{PREFIX}videos/{job_id}"
