"""The scenes that people made: cities, courts, wars, and what they leave behind."""

from jobs.providers.grammar.english import words_of
from jobs.providers.grammar.scenes import Place, Scene

CITY = Scene(
    "city",
    words_of(
        "urban town street alley thief guild heist crime noir underworld market tavern gang slum sewer rooftop "
        "canal steampunk clockwork industrial detective"
    ),
    ("rogue", "bard", "mage", "cleric", "monk"),
    (
        Place("in the thieves' quarter of {town}", "a narrow city street at night"),
        Place("on the rooftops of {town}", "city roofs under the moon"),
        Place("in the canal city of {town}", "a canal with lanterns at night"),
        Place("in the pawnshops of {town}", "a shop full of old things"),
        Place("in the night market of {town}", "a night market with paper lanterns"),
        Place("in the tavern cellars of {town}", "a tavern with candles and smoke"),
        Place("in the foundling house of {town}", "a grey city in the rain"),
        Place("in the clock tower of {town}", "the wheels of a great clock"),
    ),
    (
        "to rob the one house in the city that has never been robbed, and take nothing",
        "to buy {their} own name out of the guild's black book",
        "to find out who pays for the flowers on a grave without a name",
        "to own one door and the only key to it",
        "to see the magistrate who hanged {their} brother slip, just once",
    ),
    (
        "The city watch came for the wrong twin, and {they} said nothing.",
        "{They} picked the pocket of a dying man and read the letter.",
        "A fire in the tanneries left {them} a locked box and no family to open it with.",
        "The guild taught {them} everything and then sent the bill.",
    ),
    (
        "{they} draw{s} a pension from both sides of the law",
        "the beggar at the corner is {their} father, and richer than the mayor",
        "{they} once stole a child's toy and {has} been trying to return it ever since",
        "the mask in {their} cupboard is on the wanted posters",
    ),
)

COURT = Scene(
    "court",
    words_of(
        "intrigue royal king queen prince princess noble palace castle throne empire emperor duke lord lady "
        "masquerade aristocrat political politics kingdom crown romance romantic elegant ball"
    ),
    ("paladin", "bard", "rogue", "mage", "cleric"),
    (
        Place("at the court of {town}", "a palace hall with red curtains"),
        Place("on the servants' stairs of {town} Palace", "a candlelit corridor in a palace"),
        Place("in the walled gardens of {town}", "a palace garden with roses"),
        Place("at the embassy in {town}", "tall windows and a map on the wall"),
        Place("in the royal kennels of {town}", "a castle courtyard in the morning"),
        Place("among the seamstresses of {town}", "rolls of coloured silk"),
        Place("in the tower rooms of Castle {town}", "a castle tower at sunset"),
        Place("in the royal library of {town}", "a library with a golden globe"),
    ),
    (
        "to see the right child on the throne, which is not the one who sits there",
        "to dance at one ball under {their} own name",
        "to burn the one letter that could start a war",
        "to be forgotten by three dukes and one queen",
        "to clear the name of a lady who died with it stained",
    ),
    (
        "{They} tasted the queen's wine for six years; the one cup {they} left was the wrong one.",
        "A duel over a glove cost {them} a friend and the use of two fingers.",
        "The old king smiled at {their} mother once too often, and the family was sent away.",
        "{They} carried a sealed order to the gaoler and learned too late what it said.",
    ),
    (
        "{they} and the crown prince were changed in the nursery",
        "every letter of the ambassador passes through {their} hands first",
        "{they} still wear{s} the ring of a house that was struck from the rolls",
        "the king has been dead since Tuesday",
    ),
)

WAR = Scene(
    "war",
    words_of(
        "battle army siege soldier mercenary fortress rebel rebellion revolution military veteran knight conquest "
        "battlefield invasion legion warlord war-torn"
    ),
    ("warrior", "paladin", "cleric", "ranger", "necromancer"),
    (
        Place("in the siege lines before {town}", "an army camp with banners"),
        Place("in the fortress of {town}", "a fortress wall under dark clouds"),
        Place("on the burnt border near {town}", "a burnt field with crows"),
        Place("in the baggage train of the Fourth of {town}", "carts and tents in the rain"),
        Place("at the field hospital of {town}", "a white tent with lamps"),
        Place("in the signal tower of {town}", "a tower with a red beacon"),
        Place("among the deserters of {town}", "a camp fire in a dark forest"),
        Place("at the broken bridge of {town}", "a broken bridge over a river"),
    ),
    (
        "to find the officer who gave the order, and ask for it in writing",
        "to carry forty-one names to forty-one doors",
        "to never again be the last one on the wall",
        "to bring home the banner, or what is left of it",
        "to sleep a night through without being relieved of watch",
    ),
    (
        "{They} held the gate for one hour too long, and {has} a medal for it.",
        "Of the company that marched out of {town}, {they} alone walked back.",
        "{They} opened a door to the enemy because there was a child on the other side.",
        "A truce was broken by the one arrow that {they} loosed.",
    ),
    (
        "{they} deserted first and {was} made a hero for arriving early",
        "the dead general's last words were not the ones on the monument",
        "{they} fought under both banners in the same week",
        "the enemy's best scout is writing letters to {them}",
    ),
)

UNDEAD = Scene(
    "undead",
    words_of(
        "ghost vampire zombie skeleton grave graveyard death dead necromancy haunted horror gothic dark crypt lich "
        "spirit plague curse cursed halloween spooky blood bone night nightmare shadow werewolf necromancer"
    ),
    ("necromancer", "cleric", "paladin", "mage", "rogue"),
    (
        Place("beside the graveyard of {town}", "an old graveyard in the moonlight"),
        Place("in the catacombs of {town}", "a crypt with candles and skulls"),
        Place("in the plague town of {town}", "an empty grey town at night"),
        Place("at the bell chapel of {town}", "a ruined chapel with ravens"),
        Place("in the haunted house on {town} Hill", "a crooked house under the moon"),
        Place("among the gravediggers of {town}", "gravestones and bare trees"),
        Place("on the night road to {town}", "a dark forest and a red moon"),
        Place("in the bone library of {town}", "a library with skulls between the books"),
    ),
    (
        "to let one particular ghost finish its sentence",
        "to die, properly this time, in a bed",
        "to return a borrowed skull before its owner asks",
        "to learn the name on the gravestone that bears {their} own date of birth",
        "to see the sun rise over the crypt and nothing stir",
    ),
    (
        "{They} sat with the dying of {town} until there was nobody left to sit with.",
        "The plague stepped over {their} bed and took the rest of the house.",
        "{They} called a name into an open grave and something else came.",
        "A vampire was invited in, very politely, by {them}.",
    ),
    (
        "{their} sister has been dead for nine years and still does the mending",
        "{they} {does} not cast a shadow on Sundays",
        "{they} {was} buried once and {has} kept the shovel",
        "the curse of the house was spoken by {them}, in jest, at the age of six",
    ),
)

LEARNING = Scene(
    "learning",
    words_of(
        "magic magical arcane academy school university library book scholar alchemy alchemist spell student "
        "wizardry science inventor invention museum archive riddle mystery"
    ),
    ("mage", "necromancer", "bard", "cleric", "monk"),
    (
        Place("at the academy of {town}", "a library with tall shelves"),
        Place("in the archive of {town}", "shelves of scrolls by candlelight"),
        Place("in the observatory of {town}", "a brass telescope and the night sky"),
        Place("in the alchemists' street of {town}", "glass bottles of many colours"),
        Place("in the copying room of {town} Abbey", "a writing desk by a window"),
        Place("among the mapmakers of {town}", "maps on every wall"),
        Place("in the physic garden of {town}", "a herb garden behind old walls"),
        Place("at the school for unlikely children in {town}", "a stone school with ivy"),
    ),
    (
        "to find the missing ninth volume, and whoever tore it out",
        "to write one book that nobody dares to chain to a shelf",
        "to prove the dean wrong in front of everyone, including the dean",
        "to learn the one spell that was crossed out in {their} mother's hand",
        "to ask the oldest question in the archive and stay for the answer",
    ),
    (
        "An experiment of {theirs} turned the east wing to glass, with the lamplighter in it.",
        "{They} failed the last examination by one word, and it was the word that mattered.",
        "{Their} teacher stepped through a chalk circle and left {them} holding the chalk.",
        "{They} read a book that {they} had been asked not to read, and cannot now read any other.",
    ),
    (
        "the diploma on {their} wall is in somebody else's name",
        "{they} sold {their} own shadow to pay the fees",
        "{they} {has} learned to read only last winter",
        "the famous discovery was made by the cook",
    ),
)

RUINS = Scene(
    "ruins",
    words_of(
        "ruin ancient temple tomb treasure adventure explorer archaeology relic lost forgotten myth mythology "
        "legend god goddess prophecy apocalypse apocalyptic wasteland labyrinth"
    ),
    ("ranger", "cleric", "rogue", "mage", "paladin"),
    (
        Place("in the ruins of {town}", "white ruins covered in ivy"),
        Place("among the treasure hunters of {town}", "ruins with ropes and lamps"),
        Place("at the last shrine of {town}", "a small shrine among broken columns"),
        Place("under the fallen aqueduct of {town}", "a row of broken arches at sunset"),
        Place("beneath the giant statue of {town}", "the stone foot of a giant statue"),
        Place("in the labyrinth of {town}", "old stone walls with torches"),
        Place("at the dig in {town}", "ancient stairs under a blue sky"),
        Place("in the hollow temple of {town}", "a dark temple with one ray of light"),
    ),
    (
        "to put one thing back where it was taken from",
        "to read the line that was chiselled out of every wall",
        "to find the god whose name is missing from the shrine",
        "to disprove a prophecy in which {they} {is} described rather well",
        "to walk the labyrinth and come out by the same door",
    ),
    (
        "The floor of the old temple held {them} and not {their} partner.",
        "{They} woke something under {town} and the town has been moved since.",
        "A prophecy named {them} at birth, and nobody has spoken to {them} plainly ever since.",
        "{They} broke the seal to save a friend; the friend was behind a different door.",
    ),
    (
        "{they} carved the ancient inscription {themself}, aged fourteen",
        "{they} {has} worshipped at the wrong altar for years, and it has begun to answer",
        "the idol in the museum is a copy, and the true one is in {their} pack",
        "the prophecy means somebody else, and {they} {has} met them",
    ),
)

ROAD = Scene(
    "road",
    words_of(
        "travel traveller traveler journey wanderer road inn caravan circus carnival festival merchant trade "
        "trader train bounty western cowboy wagon pilgrimage quest music theatre theater"
    ),
    ("bard", "monk", "ranger", "warrior", "cleric"),
    (
        Place("in the wagons of the {town} Fair", "painted wagons and coloured flags"),
        Place("at the crossroads of {town}", "a crossroads under a wide sky"),
        Place("in the coaching inn of {town}", "a tavern with a big fire"),
        Place("on the toll bridge of {town}", "a stone bridge over a river"),
        Place("among the strolling players of {town}", "a wooden stage with a blue curtain"),
        Place("at the pilgrims' house of {town}", "a road winding through green hills"),
        Place("along the old coin road to {town}", "a long straight road at dawn"),
        Place("in the horse market of {town}", "horses in a dusty square"),
    ),
    (
        "to reach the town that every signpost gives a different distance to",
        "to pay back a stranger's kindness, with interest",
        "to play one evening to an empty house and be heard",
        "to deliver a letter that is now eleven years late",
        "to be asked, somewhere, to stay",
    ),
    (
        "{They} {was} left at an inn as security for a bill, and nobody came.",
        "The wagon went over the edge because {they} had to have the last word.",
        "Robbers took the mule, the money and the only portrait of {their} mother.",
        "One winter {they} sang for bread in front of a house that had been {theirs}.",
    ),
    (
        "{they} {has} a spouse in two towns, and they have begun to correspond",
        "the letter in {their} coat is blank",
        "{they} owe{s} the fortune-teller a year, and it is the coming one",
        "the song that made {them} known was written by a rival who died of it",
    ),
)

STARS = Scene(
    "stars",
    words_of(
        "space star planet galaxy cosmic cosmos moon lunar alien robot cyberpunk futuristic future sci-fi scifi "
        "astral comet celestial heaven sky cloud airship nebula spaceship android"
    ),
    ("mage", "monk", "ranger", "paladin", "cleric"),
    (
        Place("aboard the star-ship {town}", "a night sky full of stars and a red planet"),
        Place("in the comet mines of {town}", "a grey cavern under the stars"),
        Place("on the third moon of {town}", "a pale moon desert and a dark sky"),
        Place("in the drifting observatory of {town}", "brass instruments and the night sky"),
        Place("among the sail-menders of {town} Dock", "silver sails against the stars"),
        Place("in the glass gardens of {town} Station", "a garden under glass at night"),
        Place("at the lighthouse between the worlds near {town}", "a tower of light among stars"),
        Place("in the cloud harbour of {town}", "airships above the clouds at sunset"),
    ),
    (
        "to steer by a star that is not on any chart yet",
        "to find the ship that left {town} before {they} {was} born and has not arrived",
        "to stand, once, on a world with weather",
        "to hear the silence past the last beacon and come back to describe it",
        "to bring a seed to a moon where nothing grows",
    ),
    (
        "{They} closed the airlock on an order and {has} counted the seconds since.",
        "A long sleep between two suns cost {them} everyone {they} knew.",
        "The beacon went dark on {their} watch, and three ships with it.",
        "{They} grew up under a dome that cracked on a festival day.",
    ),
    (
        "{they} {was} built, not born, and {has} told nobody but the cat",
        "the distress call came from {their} own voice, forty years old",
        "{they} {has} been steering by a star that went out",
        "the navigator's charts were wrong on purpose, and {they} drew them",
    ),
    everyday=False,
)

PEOPLES = (CITY, COURT, WAR, UNDEAD, LEARNING, RUINS, ROAD, STARS)
