"""`limner doctor`: a look at everything that Limner needs, and what is wrong with it in words."""

from server.doctor.command import run

__all__ = ["run"]
