"""The syllables of names, by race."""

from dataclasses import dataclass

from jobs.providers.grammar.english import words_of


@dataclass(frozen=True, slots=True)
class Sounds:
    starts: tuple[str, ...]
    middles: tuple[str, ...]
    his: tuple[str, ...]
    hers: tuple[str, ...]
    house_starts: tuple[str, ...]
    house_ends: tuple[str, ...]


_HUMAN = Sounds(
    words_of(
        "Al An Ber Bran Cal Cor Dar Ed El Fen Gar Har Is Jor Kel Lan Mar Mat Ner Os Per Ros Sam Ser Tam Tor Ul Val "
        "Wil Yor Ad Bas Ced Dom Em Gil Hal Ing Leo Mor"
    ),
    words_of("a e i an ar el en in or is am o"),
    words_of("ric win bert mund dan gar ton den las ren vin mer bald fred lan nor dor mas rick wald"),
    words_of("wyn da la na ra lin beth line mira sa ya dith tha nelle rin via lia reth gard veva"),
    words_of(
        "Ash Black Bright Carter Chandler Cole Cooper Dray Fair Fletch Gold Grey Hart Hollis Lang March Mason "
        "North Pember Quill Red Sallow Tanner Thatch Under Wain Wake West Whit Wren"
    ),
    words_of(
        "wood field ward well ley more shaw by ham brook man son croft combe lock ridge worth stone bridge mont "
        "hurst low sey den ton"
    ),
)

_ELF = Sounds(
    words_of(
        "Ae Ael Ara Ari Cael Cele Dae Ela Elu Ery Fae Fin Gala Ha Ia Ily Isa Ka Lae Li Lue Mae Mira Nae Ni Ola "
        "Phae Quel Rhi Sae Sha Syl Tae Tha Tia Ula Va Vae Xa Ythe"
    ),
    words_of("la li ri na ne sha the va ve lo ro mi"),
    words_of("ril thor dir las nor rion lian ndil vor shan lor dan reth mir thas ven ras lin ron fal"),
    words_of("riel thiel wen nia lys rel the nna via sse lia mne ris thea ndra yra wyth lune shae ria"),
    words_of(
        "Star Silver Moon Leaf Dawn Dusk Swan River Briar Mist Rain Feather Willow Summer Evening Still Glass "
        "Amber Fern Thistle Cloud Heron Alder Snow Lark Pearl Night Reed Frost Honey"
    ),
    words_of(
        "fall whisper bough song light thread shade step water gleam wing bloom hand eye dancer root veil mantle "
        "arrow harp crown keeper drift thorn run"
    ),
)

_DWARF = Sounds(
    words_of(
        "Bal Bar Bov Bram Brok Bur Dag Dol Dor Dur Fal Far Gar Gim Glo Gor Grum Hal Har Hel Kaz Kor Krag Mag Mor "
        "Nor Odd Orm Rag Rur Skaf Sten Thar Thor Thra Tor Ulf Var Vol Yng"
    ),
    words_of("a e i o u ga da ri ra gu li du"),
    words_of("din rik grim gar bur nir dur bek dan mund kin brand lor dar rek rim nar vald drum gund"),
    words_of("dis hild run gret dra lin nis bera gunn ra vara trud ka dwyn bet na rith fina dora mi"),
    words_of(
        "Iron Stone Copper Coal Hammer Deep Granite Anvil Gold Bronze Barrel Flint Ore Under Grim Kettle Slate "
        "Boulder Lamp Rune Tin Cinder Broad Silver Pick Badger Salt Ember Vein Chalk"
    ),
    words_of(
        "brow beard hand foot delver shield helm back fist brewer vault belt jaw cutter keeper heel hall binder "
        "brand spur bellows nail mantle pike tooth"
    ),
)

_ORC = Sounds(
    words_of(
        "Ag Az Bag Bol Brag Dro Dur Gash Ghor Gol Gra Grim Gru Hak Horg Kar Kash Kor Kra Lok Lug Mak Maz Mug Nar "
        "Og Or Rag Rok Sha Skar Tha Thok Tor Ug Ulm Urz Vor Yag Zug"
    ),
    words_of("a o u ga ra gu zo ru ka ma na ba"),
    words_of("nak gash dak rok mog bash thar zug gul nar grom dush kar bul rag lok tuk vok gath zar"),
    words_of("sha ka ra ba gha dira na mara tha dura kha la vra shka ga ruga za yara nda ksa"),
    words_of(
        "Ash Blood Bone Broken Burnt Dust Fire Four Gore Grey Half Hard Horn Iron Loud Mud Ox Quiet Red Rock Scar "
        "Skull Smoke Split Storm Stone Thunder Two War Wolf"
    ),
    words_of(
        "tusk fist drum axe jaw belly shout spear walker back brow bellow breaker hide mane grin eater strider "
        "shoulder hearth song ear knuckle hammer bite"
    ),
)

_HALFLING = Sounds(
    words_of(
        "Al Ban Bel Ber Bir Bram Cor Dan Dil Do El Fer Fin Gil Hob Jas Jo Kit Lar Lin Mag Mar Mer Mil Ned Nim Ol "
        "Os Pad Per Pim Pop Ros Sel Tan Tib Tol Wel Wen Wil"
    ),
    words_of("i o a e lo bi di ri li da ma be"),
    words_of("bo lo do wick ry kin by ner per mo low ster ton fast mond gin bert wise kle man"),
    words_of("la na lie sy bell dy ra mina rose lily ry ta pearl da belle nia wina cy lou fern"),
    words_of(
        "Apple Barley Bramble Butter Button Clover Crumb Dimple Ember Fair Fiddle Garden Goose Green Hay Hedge "
        "Hill Honey Kettle Lamb Merry Milk Mush Nettle Oat Pepper Plum Thimble Tea Under"
    ),
    words_of(
        "field foot bottom brook barrel hill burrow cake whistle bush leaf pot worth kettle lane apron wick top "
        "bun mead stock cup hollow bloom patch"
    ),
)

_GNOME = Sounds(
    words_of(
        "Al Bim Bod Boz Brim Cog Dab Dim Ed Fib Fiz Flim Fon Ger Glim Haz Ib Jeb Kel Lod Min Nam Nib Nok Or Pil "
        "Pog Quib Ras Rim Sin Snib Tan Tik Tog Um Wad Wim Zan Zil"
    ),
    words_of("a i o u bi di lo ni zo ra ro la"),
    words_of("ble wick dle kin bolt nock ben fiz mottin der zle nar rick pin gel bert tock min lo gus"),
    words_of("la ni zo dee bell mina wyn tta bi lin nya ra mi ssy ta lina xie pa wocket zina"),
    words_of(
        "Brass Button Candle Clever Clock Cog Copper Cork Crank Dial Ever Fizzle Gear Glass Ink Lever Lens Little "
        "Nickel Paper Pepper Pocket Quick Rattle Spark Spindle Spring Thread Tinker Whistle"
    ),
    words_of(
        "bottle whistle wheel spanner lantern spark pin fuse twist nose tick winder bright cog thimble blossom "
        "bang measure hinge patch pocket wick needle turn button"
    ),
)

_TIEFLING = Sounds(
    words_of(
        "Ak Am Ar Az Bal Bel Cad Cor Dam Dra Ek Fer Gal Hav Ia Is Kai Kal Kry Lev Lil Mal Mel Mor Nav Ner Or Pel "
        "Qua Rae Rie Sal Ser Ska Tan Ther Ur Val Xan Zar"
    ),
    words_of("a e i o me ra ri li ve the zu ka"),
    words_of("mon leus kas ros thus zar dan rai xes vis mir nos deus kir ran los cian rus mus tor"),
    words_of("issa lia kis reth the nova vira mara veis phia dora xis nna via neth tri rissa bri lith mina"),
    words_of(
        "Ash Black Bright Candle Cinder Coal Crimson Dark Dusk Ember Even Fallen Flame Glass Gloam Half Lost Mid "
        "Night Pale Raven Rose Ruby Shadow Silk Smoke Sulphur Thorn Velvet Wax"
    ),
    words_of(
        "mark song heart horn glance whisper tongue wine hand fall blood light vow bell kiss kindle shade mask "
        "wick hollow thorn dance lash wing oath"
    ),
)

_DRAGONKIN = Sounds(
    words_of(
        "Ar Bal Bha Dra Don Ez Far Ghe Hes Ix Jax Kav Kor Kri Lor Med Maz Nad Nar Pan Per Raa Rho Sev Shed Sor Su "
        "Tar Tha Tor Ur Va Ver Vor Vrax Xar Yar Zel Zor Zy"
    ),
    words_of("a o i xa ra sha the va zo ri ka lo"),
    words_of("sash gar rinn thar dar rax mund hesh jed rash gon zor thrax xan vax rin kash nax tor sar"),
    words_of("ra sora ri xi thava lissa hann vyra na jhil xira sha daar rynn vith kora ssa xiri mara lin"),
    words_of(
        "Amber Ash Brass Bright Bronze Claw Cloud Copper Crest Dawn Deep Ember Fire Flame Gold Grand High Hoard "
        "Iron Jade Long Opal Red Scale Sky Smoke Steel Storm Sun Vein"
    ),
    words_of(
        "scale wing crest tail breath horn claw watcher keeper fang singer flight coil eye mantle ward roar oath "
        "brand spine blaze guard tongue walker heart"
    ),
)

_GOBLIN = Sounds(
    words_of(
        "Bik Blix Bog Crix Dak Dib Driz Fik Fliz Gib Gik Glib Gob Grik Hix Ik Jik Kez Klix Krib Mik Mog Nak Nib "
        "Nix Pik Pog Rik Rix Skib Skit Sniv Spik Tik Tok Viz Wik Yix Zib Zok"
    ),
    words_of("a i o u bi zi ku na ra le ga li"),
    words_of("nak zle grot ket bit tock mug nib git lug zap rat wort snatch nick bug sprat gle tag rik"),
    words_of("ni zza la kit bi na nettle rit sy dra mi ka ti zee wixa lla pin lix ra ta"),
    words_of(
        "Bent Bottle Broken Candle Copper Crooked Ditch Dust Fish Greasy Jam Kettle Last Left Loose Many Moth Mud "
        "Nettle Odd Penny Pot Quick Rag Rat Rust Scrap Sharp Soot Tin"
    ),
    words_of(
        "ear nose tooth thumb pocket bag lid finger boot eye snatcher whisker belly elbow biter catcher knife toes "
        "spoon button runner grin hat hook licker"
    ),
)

_HALF_ELF = Sounds(
    words_of(
        "Ada Ale Are Bre Cala Cora Dari Ela Emi Eri Fara Gali Hale Iri Jora Kae Kele Lara Leo Lori Mari Mera Nala "
        "Nera Ora Peri Rae Rona Sela Sora Tali Tere Una Vale Vani Wila Yari Zara Thea Isa"
    ),
    words_of("la li n r ve the ma ri so lo nda vi"),
    words_of("len dric than mir ron las vin dan rel win nor rian ric los vor reth mond dir ren sander"),
    words_of("lla wen line nna ra thea lin ssa via nia beth lise ria ne mira sy dra wyn nelle la"),
    words_of(
        "Alder Amber Autumn Between Birch Bright Bridge Dawn Ever Fair Far Fen Grey Hazel Hedge Ivy Lark Linden "
        "May Meadow Mill Oak River Rowan Silver Stray Swift Thorn Way West"
    ),
    words_of(
        "wood light water brook song walker stone field bough wick mere lea farer gate ward crest leaf hollow dale "
        "wright ford croft shaw bell well"
    ),
)

SOUNDS = {
    "human": _HUMAN,
    "elf": _ELF,
    "dwarf": _DWARF,
    "orc": _ORC,
    "halfling": _HALFLING,
    "gnome": _GNOME,
    "tiefling": _TIEFLING,
    "dragonkin": _DRAGONKIN,
    "goblin": _GOBLIN,
    "half-elf": _HALF_ELF,
}

EPITHETS = words_of(
    "Quiet Patient Unlucky Fair Bold Crooked Younger Elder Wanderer Kind Stubborn Red Grey Late Silent Merry "
    "Lesser Unburnt Twice-Born Left-Handed Barefoot Sleepless Honest Hasty Unbowed Lamplighter Liar Gambler "
    "Pale Ragged Sweet Watchful Unwanted Ninth Foundling Ferryman's-Child Half-Blind Wise Fool Candle-Maker "
    "Unforgiven Returned Lost Tall Small Early Storm-Crossed Beekeeper Weaver Stranger Nightingale Magpie Fox "
    "Heron Otter Wren Sparrow Badger Owl Exile Penitent Uninvited Last Thirsty Tender Grim Steady Bell-Ringer "
    "Mapmaker Cartographer Cheerful Unnamed Oathless"
)

TOWN_STARTS = words_of(
    "Salt Grey Black Amber Raven Thorn Ash Elder Mist Bell Candle Copper Crow Wolf Otter Heron Willow Alder "
    "Stone Iron Lantern Long Low High Moon Oaken Harrow Sorrow Gull Bracken Cinder Fallow Hazel Kestrel Larch "
    "Marl Nettle Osier Pewter Quern Rook Saffron Tallow Umber Vesper Wether Yarrow Bram Corn Drift"
)
TOWN_ENDS = words_of(
    "mere ford haven wick bridge gate fell water barrow reach stead moor cross dale march burn crest mouth "
    "ness holm garth combe pool shore field brook well cliff stow hurst minster port thwaite side bank den ley "
    "lock mount rise row slade strand tarn vale ward weir wharf worth cote"
)
