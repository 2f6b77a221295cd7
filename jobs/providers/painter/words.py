"""What words mean to the painter: tables of patterns, and how a text is searched with them."""

import re
from collections.abc import Mapping

from jobs.providers.painter.fields import Colour


class Vocabulary(dict[str, re.Pattern[str]]):
    """Names and the words that stand for them. A word ending in `*` stands for all that begin with it."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__({name: re.compile(_alternatives(text)) for name, text in words.items()})

    def find(self, *texts: str) -> str | None:
        """The name whose word comes first in the first text that has one; of two at one place the longer word."""
        for text in texts:
            hits = [(m.start(), -len(m[0]), name) for name, pattern in self.items() if (m := pattern.search(text))]
            if hits:
                return min(hits)[2]
        return None

    def all(self, text: str) -> frozenset[str]:
        return frozenset(name for name, pattern in self.items() if pattern.search(text))


def _alternatives(text: str) -> str:
    words = sorted((re.escape(word.strip()).replace(r"\*", r"\w*") for word in text.split(",")), key=len, reverse=True)
    return rf"\b(?:{'|'.join(words)})\b"


RACES = Vocabulary(
    {
        "human": "human, man, woman, boy, girl, vampire, northman, nomad",
        "elf": "elf, elves, elven, elfin, half-elf, half elf, drow, dark elf, fae, fairy, fey, sylvan, dryad, "
        "nymph, eladrin",
        "dwarf": "dwarf, dwarves, dwarven, duergar",
        "orc": "orc, orcs, orcish, half-orc, half orc, ogre, troll, goblin, hobgoblin, bugbear",
        "halfling": "halfling, hobbit, kender",
        "gnome": "gnome, gnomish",
        "tiefling": "tiefling, demon*, devil*, infernal, fiend*, succubus, cambion, horned",
        "dragon": "dragonborn, dragon-blooded, dragon blooded, draconic, dragonkin, lizardfolk, half-dragon, "
        "dragon-born",
    }
)

CALLINGS = Vocabulary(
    {
        "warrior": "warrior, fighter, soldier, barbarian, gladiator, mercenary, knight, berserker, guard, captain, "
        "veteran, swordsman, swordswoman, shieldmaiden, viking, champion, berserk",
        "paladin": "paladin, crusader, templar, holy knight",
        "mage": "mage, wizard, sorcerer, sorceress, enchanter, enchantress, arcanist, archmage, conjurer, illusionist, "
        "alchemist, scholar, sage, scribe, artificer, witch, seer, astrologer, magician",
        "necromancer": "necromancer, warlock, lich, cultist, occultist, blood mage, witch hunter",
        "rogue": "rogue, thief, assassin, spy, smuggler, pirate, bandit, burglar, cutpurse, scoundrel, "
        "swashbuckler, corsair",
        "ranger": "ranger, hunter, huntress, archer, scout, tracker, warden, beastmaster, falconer, sailor, wanderer",
        "druid": "druid, shaman, herbalist, hedge witch, green witch, oracle, beekeeper",
        "cleric": "cleric, priest, priestess, healer, acolyte, nun, bishop, oracle of, inquisitor",
        "monk": "monk, ascetic, pilgrim, martial artist, friar, hermit",
        "bard": "bard, minstrel, musician, singer, poet, skald, troubadour, jester, dancer, storyteller",
        "noble": "noble, nobleman, noblewoman, lord, lady, king, queen, prince, princess, duke, duchess, count, "
        "countess, "
        "baron, baroness, diplomat, merchant, courtier, emperor, empress",
        "artisan": "artisan, blacksmith, smith, engineer, tinkerer, tinker, farmer, cook, baker, innkeeper, miner, "
        "craftsman, carpenter, brewer, inventor",
    }
)

PLACES = Vocabulary(
    {
        "forest": "forest*, wood, woods, woodland, grove, jungle, trees, glade, wilderness",
        "tavern": "tavern, inn, alehouse, hearth, fireplace, fireside, candlelit, candlelight, kitchen",
        "mountain": "mountain*, peak*, cliff*, highland*, crag*, summit",
        "sea": "sea, ocean, ship, harbour, harbor, coast, shore, beach, waves, sails, lighthouse",
        "city": "city, town, street*, rooftop*, market, alley*, capital, village",
        "desert": "desert, dune*, sand, sands, oasis, wasteland, savanna",
        "night": "night, moon, moonlight, moonlit, stars, starlit, starry, midnight",
        "library": "library, book, books, study, archive*, tome*, scroll*, bookshel*, laboratory, workshop",
        "ruins": "ruin, ruins, ruined, crypt*, tomb*, graveyard, catacomb*, broken columns",
        "temple": "temple, church, cathedral, chapel, shrine, monastery, sanctuary, abbey",
        "hall": "hall, castle, throne, court, palace, fortress, keep, ballroom",
        "forge": "forge, smithy, anvil, lava, volcano, embers, flames, inferno, hell*",
        "snow": "snow*, ice, icy, frozen, winter, glacier, tundra, blizzard, frost",
        "cave": "cave*, cavern*, mine, mines, underground, underdark, grotto",
        "meadow": "meadow*, field, fields, flowers, garden, hill, hills, farm, plain, plains, spring",
        "swamp": "swamp*, marsh*, bog, mist, misty, fog, foggy, moor*",
        "studio": "plain background, neutral background, studio, dark background",
    }
)

MOODS = Vocabulary(
    {
        "smiling": "smile*, smiling, cheer*, happy, jovial, merry, kind, warm, friendly, laugh*, joyful, grin*, "
        "gentle, "
        "optimis*, playful, generous, jolly",
        "stern": "stern, serious, grim, stoic, disciplined, solemn, strict, gruff, stubborn, resolute, "
        "determined, brooding",
        "fierce": "fierce, angry, furious, rage*, wild, savage, ruthless, hot-headed, aggressive, scowl*, "
        "menacing, snarl*",
        "sad": "sad, melanchol*, sorrow*, mourn*, weary, tired, lonely, haunted, grie*, wistful, tearful",
        "sly": "sly, cunning, mischiev*, smirk*, sarcastic, clever, crafty, scheming, witty, charming, roguish, "
        "devious",
        "proud": "proud, arrogant, haughty, noble, regal, confident, vain, ambitious, imperious",
        "calm": "calm, serene, wise, patient, quiet, thoughtful, peaceful, gaze, contemplative, dreamy, curious, shy",
    }
)

AGES = Vocabulary(
    {
        "young": "young, youth*, teen*, boy, girl, child*, apprentice, novice, adolescent",
        "old": "old, elder, elderly, aged, ancient, wrinkled, grizzled, grey-haired, gray-haired, venerable, "
        "grandmother, grandfather, weathered, veteran, crone",
    }
)

FEMININE = Vocabulary(
    {
        "yes": "woman, female, she, her, girl, lady, queen, princess, priestess, sorceress, enchantress, huntress, "
        "witch, duchess, countess, baroness, empress, mother, grandmother, sister, daughter, shieldmaiden, nun, crone, "
        "noblewoman, swordswoman, feminine, goddess, succubus, nymph, dryad",
        "no": "man, male, he, his, him, boy, lord, king, prince, priest, sorcerer, wizard, duke, baron, emperor, "
        "father, "
        "grandfather, brother, son, bearded, nobleman, swordsman, masculine, beard, moustache, mustache",
    }
)

HAIR_LENGTHS = Vocabulary(
    {
        "bald": "bald, hairless, shaven head, shaved head, no hair",
        "cropped": "cropped, buzz cut, shorn, close-cropped, crew cut, stubbled head",
        "short": "short hair, short-haired, short, bob, pixie",
        "medium": "shoulder-length, chin-length, medium-length, medium hair",
        "long": "long hair, long, flowing, waist-length, tresses, mane, cascading, long-haired",
    }
)

HAIR_CUTS = Vocabulary(
    {
        "mohawk": "mohawk, mohican, crest of hair",
        "bun": "bun, topknot, top knot, chignon, updo",
        "tied": "ponytail, tied back, pulled back, tied, queue of hair",
        "braids": "braid, braids, braided, plait*, pigtails, dreadlocks, cornrows",
        "swept": "swept back, slicked, slicked back, swept-back, combed back, widow's peak",
        "wild": "wild hair, messy, tousled, unkempt, dishevel*, windswept, tangled, shaggy, spiky, unruly",
        "fringe": "fringe, bangs",
    }
)

HAIR_WAVES = Vocabulary(
    {
        "curly": "curly, curls, frizzy, ringlets, afro, coiled",
        "wavy": "wavy, waves of",
        "straight": "straight, sleek, silky",
    }
)

BEARDS = Vocabulary(
    {
        "none": "clean-shaven, clean shaven, beardless, no beard, smooth-faced",
        "stubble": "stubble, unshaven, five o'clock shadow, stubbled",
        "moustache": "moustache, mustache",
        "goatee": "goatee, pointed beard, chin beard, van dyke",
        "long": "long beard, flowing beard, great beard, braided beard, bushy beard, long white beard, "
        "huge beard, plaited beard",
        "full": "beard, bearded, full beard, thick beard",
    }
)

HEADGEAR = Vocabulary(
    {
        "hood": "hood, hooded, cowl, cowled",
        "hat": "wizard hat, pointed hat, wide-brimmed hat, brimmed hat, hat",
        "cap": "feathered cap, cap, beret, feather, feathered hat, plumed hat",
        "circlet": "circlet, diadem, headband, laurel, wreath",
        "crown": "crown, crowned, tiara, coronet",
        "helmet": "helmet, helm, helmeted",
        "scarf": "bandana, bandanna, headscarf, kerchief, turban",
        "none": "bareheaded, no hat",
    }
)

MARKS = Vocabulary(
    {
        "scar": "scar, scars, scarred",
        "freckles": "freckle*, freckled",
        "warpaint": "war paint, warpaint, face paint, painted face, woad, tribal paint",
        "tattoo": "tattoo*, rune*, glyph*, sigil*, markings",
        "earring": "earring*, ear ring*, piercing*, pierced",
        "necklace": "necklace, pendant, amulet, medallion, locket, talisman, holy symbol, jewel*, beads, torc",
        "eyepatch": "eyepatch, eye patch, one-eyed",
        "glasses": "glasses, spectacles, monocle, goggles",
        "glow": "glowing eyes, glowing, luminous eyes, burning eyes",
        "fur": "fur, furs, pelt, fur-lined",
        "cloak": "cloak, cape, mantle, cloaked",
    }
)

_COLOURS: dict[str, tuple[str, Colour]] = {
    "black": ("black, raven, jet, ebony, obsidian, ink-black, jet-black", (0.10, 0.09, 0.10)),
    "white": ("white, snowy, ivory, snow-white, platinum", (0.88, 0.87, 0.84)),
    "silver": ("silver, silvery, steel", (0.68, 0.70, 0.74)),
    "grey": ("grey, gray, ashen, ash, slate, charcoal, iron, iron-grey, salt-and-pepper", (0.45, 0.45, 0.46)),
    "red": ("red, crimson, scarlet, ruby, blood-red", (0.62, 0.13, 0.11)),
    "copper": ("copper, ginger, auburn, rust, fiery, flame, red-haired, coppery, bronze", (0.58, 0.25, 0.10)),
    "orange": ("orange, amber, saffron, russet", (0.78, 0.43, 0.12)),
    "gold": ("gold, golden, blond, blonde, honey, straw, flaxen, yellow, sandy, wheat", (0.80, 0.62, 0.28)),
    "brown": (
        "brown, chestnut, hazel, umber, brunette, mahogany, leather-brown, dark brown, walnut",
        (0.33, 0.20, 0.12),
    ),
    "tan": ("tan, tanned, beige, olive-brown", (0.62, 0.46, 0.32)),
    "green": ("green, emerald, jade, moss, olive, forest-green, verdant", (0.20, 0.40, 0.22)),
    "teal": ("teal, turquoise, aqua, cyan, sea-green", (0.13, 0.45, 0.46)),
    "blue": ("blue, sapphire, azure, cobalt, indigo, navy, ice-blue, sky-blue, midnight blue", (0.16, 0.28, 0.55)),
    "purple": ("purple, violet, lavender, plum, amethyst, lilac, mauve", (0.38, 0.20, 0.50)),
    "pink": ("pink, rose, magenta, rosy", (0.80, 0.42, 0.52)),
}
COLOUR_NAMES = Vocabulary({name: words for name, (words, _) in _COLOURS.items()})
COLOURS: dict[str, Colour] = {name: colour for name, (_, colour) in _COLOURS.items()}

HAIR_NOUNS = re.compile(r"\b(?:hair|haired|locks|curls|tresses|mane|braids?|ponytail|bun|mohawk|topknot|fringe)\b")
BEARD_NOUNS = re.compile(r"\b(?:beard|bearded|moustache|mustache|goatee|stubble)\b")
EYE_NOUNS = re.compile(r"\b(?:eyes?|eyed|gaze|irises)\b")
SKIN_NOUNS = re.compile(r"\b(?:skin|skinned|complexion|face|scales|scaled)\b")
DRESS_NOUNS = re.compile(
    r"\b(?:robes?|cloak|cape|tunic|coat|dress|gown|hood|cowl|doublet|jacket|vest|shirt|vestments|cassock|habit|garb|"
    r"clothes|clothing|leathers|surcoat|tabard|mantle|silks?|velvet|finery|armou?r|plate|scarf|hat|cap)\b"
)
METAL_NOUNS = re.compile(
    r"\b(?:armou?r|plate|breastplate|mail|chainmail|cuirass|circlet|crown|helm|helmet|pauldrons?)\b"
)

_WORD = re.compile(r"[\w'-]+|[.;]")
_STOPS = frozenset(
    {
        ".",
        ";",
        "a",
        "an",
        "the",
        "with",
        "in",
        "his",
        "her",
        "hair",
        "beard",
        "eyes",
        "skin",
        "robe",
        "cloak",
        "hat",
        "hood",
    }
)
"""What stands before one of these says nothing of the noun after it."""
_LINKS = frozenset({"of", "is", "are", "as", "like", "was", "were", "a", "the"})


def colour_of(text: str, nouns: re.Pattern[str]) -> str | None:
    """The name of the colour that a noun is said to have: «long red hair», «eyes of amber», «hair as black as coal»."""
    for noun in nouns.finditer(text):
        before = _WORD.findall(text[max(0, noun.start() - 60) : noun.start()])[-5:]
        for word in reversed(before):
            if word in _STOPS:
                break
            if name := COLOUR_NAMES.find(word) or COLOUR_NAMES.find(word.split("-")[0]):
                return name
        after = _WORD.findall(text[noun.end() : noun.end() + 40])[:4]
        if after and after[0] in _LINKS and (name := COLOUR_NAMES.find(" ".join(after))):
            return name
    return None
