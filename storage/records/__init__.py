"""The domain that all packages share: pure values, no I/O."""
