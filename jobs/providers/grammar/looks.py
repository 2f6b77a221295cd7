"""What a painter is told: face, hair, beard, dress, jewels, mood and the place behind, in plain words."""

from jobs.providers.grammar.deck import Decks
from jobs.providers.grammar.english import HE, THEY, listed, sentence, with_article
from jobs.providers.grammar.sitter import Sitter

AGES = ("young", "young", "middle-aged", "young", "old", "middle-aged", "young", "elderly")
GREY_AGES = ("old", "elderly")

HAIR_COLOURS = ("red", "black", "brown", "blond", "auburn", "dark", "white", "golden", "copper-red", "jet-black")
GREY_HAIR_COLOURS = ("grey", "white", "silver")
HAIR = (
    "long {hair} hair",
    "short {hair} hair",
    "braided {hair} hair",
    "curly {hair} hair",
    "wild {hair} hair",
    "long, braided {hair} hair",
    "shoulder-length {hair} hair",
    "wavy {hair} hair",
    "straight {hair} hair to the waist",
    "short, curly {hair} hair",
    "a shaved head",
)

BEARDS = {
    "human": ("a short {hair} beard", "a full {hair} beard", "a thick {hair} moustache", "stubble", ""),
    "dwarf": ("a braided {hair} beard", "a long {hair} beard", "a forked {hair} beard with silver rings"),
    "orc": ("a braided {hair} beard", "", ""),
    "halfling": ("{hair} side-whiskers", "", ""),
    "gnome": ("a pointed {hair} beard", "a thick {hair} moustache", "a long {hair} beard"),
    "tiefling": ("a pointed {hair} beard", "", ""),
    "half-elf": ("stubble", "a short {hair} beard", ""),
}
"""Of men; the others have none."""

SKINS = {
    "human": ("fair skin", "brown skin", "dark skin", "olive skin", "weathered skin"),
    "elf": ("fair skin and pointed ears", "dark skin and pointed ears", "golden skin and long pointed ears"),
    "dwarf": ("ruddy skin and a broad nose", "brown skin and a broad nose", "pale skin and heavy brows"),
    "orc": ("green skin and small tusks", "grey-green skin and broken tusks", "dark green skin and long tusks"),
    "halfling": ("rosy cheeks", "tanned skin and a round face", "brown skin and a round face"),
    "gnome": ("a long nose", "tanned skin and a long nose", "rosy cheeks and a pointed nose"),
    "tiefling": ("red skin and curved horns", "violet skin and short horns", "pale skin and black horns"),
    "dragonkin": (
        "copper scales and swept-back horns",
        "green scales and a spiny crest",
        "blue scales and golden eyes",
        "black scales and red eyes",
        "white scales and curved horns",
    ),
    "goblin": ("green skin and very large ears", "yellow-green skin and a long nose", "olive skin and ragged ears"),
    "half-elf": ("fair skin and slightly pointed ears", "brown skin and slightly pointed ears"),
}

MARKS = (
    "a scar across one cheek",
    "an eye patch",
    "freckles",
    "a broken nose",
    "a small tattoo under one eye",
    "a scar through one eyebrow",
    "green eyes",
    "pale blue eyes",
    "one brown and one blue eye",
    "war paint",
    "heavy eyebrows",
    "a burn mark on the neck",
)

DRESS = {
    "warrior": (
        "dented steel armour and a {colour} cloak",
        "a mail shirt under a {colour} tabard",
        "leather armour with a fur collar",
        "a steel breastplate and a {colour} scarf",
    ),
    "mage": (
        "a {colour} robe with silver stars",
        "a tall {colour} hat and a dark robe",
        "a hooded {colour} robe with wide sleeves",
        "a {colour} robe with a high golden collar",
    ),
    "rogue": (
        "a {colour} hood and a leather jerkin",
        "a {colour} hood and a black mask",
        "a long {colour} coat with too many pockets",
        "a dark cloak and a {colour} scarf",
    ),
    "ranger": (
        "a {colour} hood and leather armour",
        "a hooded {colour} cloak with a leaf brooch",
        "a {colour} tunic and a quiver of arrows",
        "a fur cloak over a {colour} tunic",
    ),
    "cleric": (
        "a white robe with a {colour} stole",
        "a {colour} robe with a golden sun on the breast",
        "a white hood and a {colour} mantle",
        "a plain {colour} habit",
    ),
    "bard": (
        "a {colour} doublet and a feathered hat",
        "a {colour} coat with brass buttons",
        "a {colour} velvet cap and a lace collar",
        "a patchwork cloak over a {colour} shirt",
    ),
    "paladin": (
        "polished plate armour and a {colour} cloak",
        "silver armour with a lion on the breastplate",
        "plate armour under a white and {colour} tabard",
        "golden armour and a {colour} mantle",
    ),
    "necromancer": (
        "a black robe with bone buttons",
        "a black hood and a {colour} sash",
        "a hooded {colour} robe with silver skulls",
        "a {colour} coat with a high black collar",
    ),
    "druid": (
        "a crown of leaves and a {colour} robe",
        "a {colour} cloak sewn with moss and feathers",
        "a headdress of antlers and a {colour} cloak",
        "a rough {colour} tunic with flowers at the collar",
    ),
    "monk": (
        "a plain {colour} robe with a rope belt",
        "a {colour} robe that leaves one shoulder bare",
        "a grey robe and a {colour} sash",
        "a {colour} hood and a simple robe",
    ),
}
COLOURS = (
    "green",
    "blue",
    "red",
    "purple",
    "brown",
    "yellow",
    "grey",
    "dark blue",
    "crimson",
    "scarlet",
    "teal",
    "violet",
)

JEWELS = (
    "a silver earring",
    "a gold earring",
    "an amber necklace",
    "a thin silver circlet",
    "a ruby pendant",
    "a pearl necklace",
    "a jade amulet",
    "a string of glass beads",
    "a bronze brooch",
    "two gold earrings",
    "a sapphire pendant",
    "a copper nose ring",
)
MOODS = (
    "a calm look",
    "a crooked smile",
    "a grim look",
    "a sad smile",
    "a proud look",
    "a merry grin",
    "a worried frown",
    "a stern look",
    "a dreamy look",
    "a fierce look",
    "a shy smile",
    "a tired look",
)

PORTRAITS = (
    "{Who} with {face}, in {dress}. {They} wear{s} {jewel} and {mood}; behind {them}, {background}.",
    "{Who} in {dress}, with {face}. {Jewel}, {mood}, and in the background {background}.",
    "{Mood} on the face of {who} with {face}; {dress}, and {jewel}. Behind {them}: {background}.",
    "{Who} with {face}. {Dress}, {jewel} and {mood}, before {background}.",
)


def appearance(sitter: Sitter, decks: Decks) -> str:
    """Two sentences at most."""
    turn, race, calling, pronouns = sitter.turn, sitter.race.name, sitter.calling.name, sitter.pronouns
    age = decks.deal("age", AGES, turn)
    colours = GREY_HAIR_COLOURS if age in GREY_AGES else HAIR_COLOURS
    hair = decks.deal(f"one of {len(colours)} colours of hair", colours, turn)
    face = [decks.deal(f"skin of {race}", SKINS[race], turn)]
    if race != "dragonkin":
        face.append(decks.deal("hair", HAIR, turn))
    if pronouns is HE and race in BEARDS:
        face.append(decks.deal(f"beard of {race}", BEARDS[race], turn))
    if turn % 2 == 0:
        face.append(decks.deal("mark", MARKS, turn))
    dress = decks.deal(f"dress of {calling}", DRESS[calling], turn)
    words = {
        "who": with_article(f"{age} {race}" if pronouns is THEY else f"{age} {race} {pronouns.person}"),
        "face": listed([part.format(hair=hair) for part in face if part]),
        "dress": dress.format(colour=decks.deal("colour", COLOURS, turn)),
        "jewel": decks.deal("jewel", JEWELS, turn),
        "mood": decks.deal("mood", MOODS, turn),
        "background": sitter.place.background,
    }
    capitals = {sentence(name): sentence(text) for name, text in words.items()}
    return decks.deal("portrait", PORTRAITS, turn).format_map(pronouns.words() | words | capitals)
