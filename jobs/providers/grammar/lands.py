"""The scenes that are landscapes."""

from jobs.providers.grammar.english import words_of
from jobs.providers.grammar.scenes import Place, Scene

SEA = Scene(
    "sea",
    words_of(
        "pirate piracy ocean ship sail sailor captain crew coast island harbour harbor port mermaid kraken whale "
        "naval navy boat beach tide lighthouse corsair buccaneer underwater fisher fisherman lagoon reef shipwreck "
        "nautical"
    ),
    ("rogue", "bard", "warrior", "ranger", "cleric"),
    (
        Place("in the harbour town of {town}", "a harbour full of masts at dusk"),
        Place("on the pirate island of {town}", "a green island in a blue sea"),
        Place("aboard the three-master {town}", "the deck of a ship under grey sails"),
        Place("at the lighthouse of {town}", "a lighthouse above a stormy sea"),
        Place("among the reef divers of {town}", "a shallow sea and white cliffs"),
        Place("in the shipyards of {town}", "the ribs of an unfinished ship by the sea"),
        Place("on the fog coast near {town}", "a grey sea in fog"),
        Place("in a tavern on the quay of {town}", "a tavern by the sea with lanterns in the windows"),
    ),
    (
        "to buy back the ship that was gambled away in a single night",
        "to find the island that is drawn on only half a map",
        "to hear the pirate who sank the Patience say why",
        "to sail once around everything and come home in the same boat",
        "to raise a bell from forty fathoms and ring it at a certain wedding",
    ),
    (
        "The sea gave back the boat, the nets and the dog, but not {their} brother.",
        "On {their} first voyage the crew mutinied, and {they} held the lantern.",
        "Pirates took {them} at eleven and let {them} go at nineteen; {they} {has} not decided which was worse.",
        "A rope, a wave and one moment of shouting in vain: since then {they} {has} not trusted a calm sea.",
        "The captain {they} loved went down with a cargo that {they} had packed badly.",
    ),
    (
        "the wreckers' fire that night was {theirs}",
        "{they} cannot swim, and never could",
        "the treasure was found long ago and is holding up a pigsty",
        "{they} talk{s} to something under the keel, and it answers",
    ),
)

DESERT = Scene(
    "desert",
    words_of(
        "dune sand oasis caravan camel nomad sultan pharaoh sun heat drought mirage bazaar scorpion arabian egyptian"
    ),
    ("ranger", "mage", "monk", "rogue", "paladin"),
    (
        Place("at the oasis of {town}", "palm trees and a pool in the desert"),
        Place("in the sun-baked city of {town}", "a desert city of white walls"),
        Place("among the salt caravans of {town}", "a caravan crossing red dunes"),
        Place("in a cave monastery above {town}", "red cliffs in the desert"),
        Place("at the last well before {town}", "an old well in the desert at noon"),
        Place("in the spice bazaar of {town}", "a bazaar with coloured awnings"),
        Place("under the tents of {town}", "tents in the desert at night, full of stars"),
        Place("beside the buried temple of {town}", "temple ruins half under sand"),
    ),
    (
        "to find the river that ran here before the sand did",
        "to lead one caravan across the Glass Waste and lose nobody",
        "to drink, once, from the spring that the old maps leave blank",
        "to learn who sold the wells of {town}",
        "to see rain fall on the house where {their} mother was born",
    ),
    (
        "The well failed in the third summer, and {they} {was} sent away so that there would be one mouth less.",
        "A sandstorm took eleven travellers; {they} had been their guide.",
        "{They} walked nine days with the sun on one side, and half of {their} face still remembers it.",
        "The sultan's tax collectors left the house, the goat and no grandfather.",
    ),
    (
        "{they} know{s} where the water is and sell{s} it by the cup",
        "the mirage spoke first, and {they} gave it {their} true name",
        "{they} let the raiders in and {was} paid in dates",
        "the bones under the tent pole belong to {their} master",
    ),
)

WINTER = Scene(
    "winter",
    words_of(
        "snow ice frost frozen icy cold glacier blizzard north northern arctic polar tundra yule christmas snowy viking"
    ),
    ("warrior", "druid", "ranger", "cleric", "mage"),
    (
        Place("in the snowbound village of {town}", "a village under deep snow"),
        Place("on the ice of Lake {town}", "a frozen lake and a pale sun"),
        Place("at the mountain pass of {town}", "a snowy mountain pass"),
        Place("among the reindeer herders of {town}", "a snow plain with dark pines"),
        Place("in the long hall of {town}", "a fire in a wooden hall in winter"),
        Place("at the northern watchtower of {town}", "a stone tower in a blizzard"),
        Place("on the whaling coast of {town}", "a cold grey sea with ice"),
        Place("under the glacier of {town}", "blue ice and snowy mountains"),
    ),
    (
        "to find out who lit the fire on the far side of the glacier",
        "to wake the spring early, whatever it costs",
        "to bring the frozen dead of the pass home, one by one",
        "to earn a place by the fire that nobody can take away",
        "to follow the white stag until it turns round",
    ),
    (
        "The winter of the wolves left {them} two fingers fewer and no neighbours.",
        "{They} slept through the avalanche and woke up an orphan.",
        "One night in a blizzard {they} let go of a hand.",
        "{They} kept watch when the ice broke; {they} had thought the noise was the wind.",
    ),
    (
        "{they} ate what {they} had sworn not to eat that winter",
        "{they} {does} not feel the cold and never did",
        "somebody still breathes under the ice, and {they} bring{s} news there",
        "{they} burned the neighbours' boat to live until spring",
    ),
)

FOREST = Scene(
    "forest",
    words_of(
        "wood woods woodland tree jungle grove wild wilderness nature fairy faerie fey fae mushroom moss deer beast"
    ),
    ("druid", "ranger", "bard", "monk", "rogue"),
    (
        Place("at the edge of {town} Wood", "a green forest with old trees"),
        Place("in the tree-houses of {town}", "a forest with rope bridges"),
        Place("among the charcoal burners of {town}", "a dark forest with blue smoke"),
        Place("in the mushroom hollows of {town}", "a forest floor with tall mushrooms"),
        Place("beside the mill-stream of {town}", "a stream in a sunny forest"),
        Place("at the crossroads inn of {town} Forest", "a tavern among trees, windows lit"),
        Place("under the great oak of {town}", "one huge oak in evening light"),
        Place("in the birch country round {town}", "a birch forest in autumn"),
    ),
    (
        "to find the tree that was planted on the day {they} {was} born",
        "to speak with the stag that stood at {their} cradle",
        "to win back the seven days that the fair folk owe {them}",
        "to walk the forest from one end to the other, which nobody has done twice",
        "to see the axe of the king's forester buried, handle and all",
    ),
    (
        "The forest closed behind {them} once, and the friend two steps behind was on the wrong side.",
        "A fire that began in {their} own hearth ate the old grove in a night.",
        "{They} {was} gone for an afternoon among the toadstools; at home it had been twelve years.",
        "The wolf that {they} had raised by hand was shot at {their} own door.",
    ),
    (
        "{they} {was} swapped in the cradle and {has} met the other one",
        "{they} felled the one tree that must not be felled",
        "every full moon {they} leave{s} a plate outside, and it comes back washed",
        "the outlaw of the wood and {they} have the same father",
    ),
)

MOUNTAINS = Scene(
    "mountains",
    words_of(
        "mountain mine miner mining cave cavern peak cliff underground deep dungeon volcano forge smith gem underdark"
    ),
    ("warrior", "cleric", "monk", "mage", "paladin"),
    (
        Place("in the mining town of {town}", "a mining town below steep mountains"),
        Place("under the mountain of {town}", "a great cavern with lamps"),
        Place("in the cliff monastery of {town}", "a monastery high in the mountains"),
        Place("among the goatherds above {town}", "green slopes and snowy mountains"),
        Place("at the forges of {town}", "a forge with red fire"),
        Place("in the crystal caves of {town}", "a cave with glowing crystals"),
        Place("on the rope bridges of {town}", "a rope bridge over a mountain gorge"),
        Place("beside the smoking peak of {town}", "a volcano against a dark sky"),
    ),
    (
        "to open the gallery that the elders walled up with the lamps still burning",
        "to forge one blade that needs no oath to hold it",
        "to find out what has been knocking, all these years, from below",
        "to climb the peak of which {their} father said only: not that one",
        "to bring the stolen heartstone back down to the dark",
    ),
    (
        "When the roof of the mine came down, {they} {was} the only one on the right side of it.",
        "{They} sat four days in the dark with a voice that turned out to be nobody.",
        "A goat track, a loose stone, a sister: {they} never finish{es} the story.",
        "The forge that made {their} name burned off {their} eyebrows and killed {their} teacher.",
    ),
    (
        "{they} heard the warning knock and stayed for the silver",
        "the famous sword is painted tin",
        "{they} dug one gallery too deep and closed it with {their} own hands",
        "there is a dragon's egg in the bread oven",
    ),
)

SWAMP = Scene(
    "swamp",
    words_of("marsh bog fen moor mire mud reed frog toad delta river mangrove bayou heath lake fog mist"),
    ("druid", "necromancer", "rogue", "ranger", "bard"),
    (
        Place("in the stilt village of {town}", "houses on stilts in a green swamp"),
        Place("among the eel fishers of {town}", "reeds and still water in the mist"),
        Place("at the ferry of {town}", "a wide brown river in the morning"),
        Place("on the moor above {town}", "a purple moor under low clouds"),
        Place("in the drowned quarter of {town}", "flooded ruins and willow trees"),
        Place("at the hanging tree of {town}", "a bare black tree in fog"),
        Place("among the raft people of {town}", "a slow river between willow trees"),
        Place("among the peat cutters of {town}", "a dark bog at sunset"),
    ),
    (
        "to catch the light that led three cousins into the reeds",
        "to drain one field and grow one apple tree in it",
        "to ask the bog what it did with the crown",
        "to ferry one passenger across and learn, at last, who it is",
    ),
    (
        "The river moved one spring and left the family farm on the wrong bank of a war.",
        "Marsh fever took the hearing of one ear and every memory of {their} mother's voice.",
        "{They} followed the lights once, came back, and {was} the only one who did.",
        "A witch was drowned here on {their} word.",
    ),
    (
        "the ferryman's coin in {their} pocket was never paid",
        "{they} {has} seen {their} own face in the water, older, and shaking its head",
        "the village lies so quiet because {they} made a bargain for it",
        "{they} know{s} where the old king lies, and that he is not dead enough",
    ),
)

FARMLAND = Scene(
    "farmland",
    words_of(
        "village farm farmer field harvest country rural pastoral cozy cosy garden orchard sheep shepherd spring autumn"
    ),
    ("cleric", "druid", "bard", "warrior", "monk"),
    (
        Place("in the apple village of {town}", "an orchard full of apples"),
        Place("on a sheep farm near {town}", "green hills with sheep"),
        Place("at the windmill of {town}", "a windmill over yellow fields"),
        Place("in the baker's lane of {town}", "a village street in the morning"),
        Place("among the beekeepers of {town}", "a garden with beehives and flowers"),
        Place("in the market town of {town}", "a market square on a sunny day"),
        Place("beside the chapel of {town}", "a small chapel among fields"),
        Place("in the vineyards of {town}", "vineyards under an evening sky"),
    ),
    (
        "to win the harvest fair once before {their} mother is too old to see it",
        "to buy back the farm that {their} father lost at cards",
        "to find out why nothing grows in the corner field",
        "to come home with enough silver to build a roof that does not leak",
    ),
    (
        "The press-gang came at harvest and took everyone who could hold a scythe, except {them}.",
        "A hailstorm of half an hour ended six generations of farming.",
        "{They} broke a promise at the altar and never explained it.",
        "The baby of the family wandered off while {they} counted sheep.",
    ),
    (
        "the scarecrow in the north field is wearing somebody's clothes, and {they} know{s} whose",
        "the prize recipe is stolen",
        "{they} buried a soldier's pay under the third beehive",
        "{they} married the miller's heir under a false name and then ran",
    ),
)

LANDS = (SEA, DESERT, WINTER, FOREST, MOUNTAINS, SWAMP, FARMLAND)
