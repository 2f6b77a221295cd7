"""The job fault table: its rows are defined once, for the suite and, at full length, for `./limner bench job-faults`."""
