"""The job fault table: its rows are defined once, for the suite and, in full, for `./limner bench job-faults`."""
