"""`python -m server`: what the launcher `limner` runs."""

from server.cli import main

main(prog_name="limner")
