"""The text provider that is always there: grammar and tables, no model and no network."""

from jobs.providers.grammar.provider import Grammar

__all__ = ["Grammar"]
