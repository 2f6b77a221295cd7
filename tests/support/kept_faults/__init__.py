"""The fault table of what is kept: defined once, for the suite and, in full, for `./limner bench kept-faults`."""
