"""`limner up`: the stores, the server and its workers as real processes, kept alive, shown and stopped together."""
