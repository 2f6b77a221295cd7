"""Backstories: the pieces of a life, told in one of many orders."""

from jobs.providers.grammar.deck import Decks
from jobs.providers.grammar.english import sentence, with_article
from jobs.providers.grammar.lives import ASIDES, BEGINNINGS, ORIGINS, SECRETS, WANTS, WOUNDS
from jobs.providers.grammar.sitter import Sitter

PLOTS = (
    "{Where}, {name} {origin}. At {age}, {they} {they_beginning}. {wound} What {they} want{s} now is {want}.",
    "{name} {origin}. That was {where}. {wound} Since then {they} {has} had one aim: {want}.",
    "{Where}, people still argue about {name}, who {beginning}. {wound} All {they} ask{s} of life is {want}.",
    "{name} {beginning}, and that was the end of a quiet life {where}. {wound} One day {they} hope{s} {want}.",
    "Few {where} know that {name} {origin}. Fewer know that {secret}. {Their} one wish is {want}.",
    "{name}, who {origin}, {beginning}. What nobody {where} has been told is that {secret}. "
    "{Their} plan is simple: {want}.",
    "At {age}, {name} {beginning}. Before that {they} had been nobody in particular {where}. {wound} "
    "{They} would give a great deal {want}.",
    "{Where}, {name} is thought lucky. {wound} {They} {has} never told a soul that {secret}. "
    "And still {they} hope{s} {want}.",
    "{A_race} {class} {where} is a rare sight, and {name} is used to being stared at. {wound} "
    "Under all the talk lies a plain wish: {want}.",
    "{name} {origin}. Then, {where}, {they} {they_beginning}. {wound} {They} mean{s} {want}, and soon.",
    "{Secret}, though hardly anyone {where} knows. What everyone knows is that {name} {beginning}. "
    "What comes next is clear, to {them} at least: {want}.",
    "Nobody {where} had met {a_race} {class} before {name}, who {origin}. {wound} "
    "{They} stay{s} for one reason only: {want}.",
    "{name} {origin}. {wound} {They} came to live {where} {want}.",
    "Ask {where} for {name} and you will hear three stories. In the true one, {they} {they_beginning}. {wound} "
    "The ending is still missing: {they} want{s} {want}.",
    "{name} wants {want}. That began {where}, when {they} {they_beginning}. It does not help that {secret}.",
    "There are two things to know about {name}: {they} {they_origin}, and {secret}. "
    "{Where}, only the first is talked about. What {they} {is} waiting for is a chance {want}.",
    "Long before {name} {beginning}, there was a life {where}. {wound} {They} {has} sworn {want}.",
    "It was {where} that {name} {beginning}. {wound} {They} still keep{s} one hope alive: {want}.",
    "Some people collect debts; {name} collects reasons {want}. The first one was given to {them} {where}. {wound}",
    "They tell it {where} to frighten apprentices: how {name} {beginning}. {wound} "
    "What the tale leaves out is that {they} only wanted {want}.",
    "Nothing in the childhood of {name}, who {origin}, pointed to the life of {a_class}. "
    "Then, {where}, {they} {they_beginning}. {wound} Ask what comes next and {they} will say: {want}.",
    "When {name} came to be known {where}, it was as the one who {beginning}. It is less well known that {secret}. "
    "Every coin {they} earn{s} is put aside {want}.",
)

AGES = (
    "eleven",
    "fourteen",
    "sixteen",
    "seventeen",
    "nineteen",
    "twenty",
    "twenty-two",
    "twenty-six",
    "thirty",
    "forty",
)

_AFTER_A_NAME = {"was": "was", "has": "has"}
"""After a name the verb is singular, whatever the pronoun."""

_FROM_THE_SCENE = 0.6
"""How often a want, a wound or a secret is the scene's own, as long as it has one that was not told yet."""


def _piece(kind: str, own: tuple[str, ...], common: tuple[str, ...], sitter: Sitter, decks: Decks) -> str:
    if sitter.visit < len(own) and decks.chance(kind, sitter.turn).random() < _FROM_THE_SCENE:
        return decks.deal(f"{kind} of {sitter.scene.name}", own, sitter.visit)
    return decks.deal(kind, common, sitter.turn)


def backstory(sitter: Sitter, quote: str | None, decks: Decks) -> str:
    """Two to four sentences, with the place, the want, and a wound or a secret. Every second one has the quote."""
    turn, scene, calling = sitter.turn, sitter.scene, sitter.calling.name
    quote = quote if turn % 2 == 0 else None
    words = sitter.pronouns.words() | {"town": sitter.town, "quote": quote or ""}
    plot = decks.deal("plot", PLOTS, turn)
    origin = decks.deal("origin", ORIGINS, turn)
    beginning = decks.deal(f"beginning of a {calling}", BEGINNINGS[calling], turn)
    wound = _piece("wound", scene.wounds, WOUNDS, sitter, decks)
    if quote:
        aside = decks.deal("aside", ASIDES, turn)
        if "{wound}" in plot:
            wound = aside
        else:
            plot = f"{plot} {aside}"
    pieces = {
        "where": sitter.place.where.format_map(words),
        "origin": origin.format_map(words | _AFTER_A_NAME),
        "they_origin": origin.format_map(words),
        "beginning": beginning.format_map(words | _AFTER_A_NAME),
        "they_beginning": beginning.format_map(words),
        "wound": wound.format_map(words),
        "secret": _piece("secret", scene.secrets, SECRETS, sitter, decks).format_map(words),
        "want": _piece("want", scene.wants, WANTS, sitter, decks).format_map(words),
        "name": sitter.given_name,
        "class": calling,
        "a_race": with_article(sitter.race.name),
        "a_class": with_article(calling),
        "age": decks.deal("years", AGES, turn),
    }
    capitals = {sentence(name): sentence(piece) for name, piece in pieces.items()}
    return sentence(plot.format_map(words | capitals | pieces))
