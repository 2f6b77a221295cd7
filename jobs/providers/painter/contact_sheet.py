"""`python -m jobs.providers.painter.contact_sheet docs/contact-sheet.webp`: 24 portraits on one sheet."""

import sys
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from jobs.providers.base import PortraitRequest
from jobs.providers.painter.fields import Bytes
from jobs.providers.painter.painting import paint_portrait

COLUMNS, SIDE, MOST_BYTES = 6, 300, 600_000

SITTERS: tuple[str, ...] = (
    "an elven sorceress with long wavy copper hair and a silver circlet, calm, in an old library",
    "a dwarf warrior with a long braided red beard, stern, in his steel plate armour before the mountains",
    "a half-orc barbarian with a mohawk, war paint and furs, fierce, in the snow",
    "a halfling bard woman with curly brown hair and a feathered cap, smiling, in a tavern",
    "a tiefling warlock with dark purple skin, glowing golden eyes, black hair swept back, in a cave",
    "an old human wizard with a long white beard and a pointed hat, blue robe, at night under the moon",
    "a human paladin woman with short blonde hair and golden armour, proud, in a temple",
    "a dragonborn monk with green scales, in the desert",
    "a human rogue with stubble, a scar and a dark hood, sly, in the city at dusk",
    "a gnome tinkerer with white hair and a big moustache, cheerful, in a forge",
    "a wood elf ranger with braids and freckles, young woman, in the forest",
    "an old priestess with dark skin and grey hair in a bun, kind, in a temple",
    "a queen with black hair, a crown and a green velvet gown, haughty, in a castle hall",
    "a pirate with a goatee, a red scarf and an earring, grinning, at sea",
    "a druid with a full brown beard and tattoos, in a misty swamp",
    "a necromancer, pale, bald and hooded, sad, among ruins",
    "a young knight with brown curly hair, freckles, silver armour, in a flowering meadow",
    "a drow assassin woman with long white hair, purple eyes, black leathers, in the underdark",
    "a human monk, dark-skinned, shaved head, serene, orange robe, in the mountains",
    "a blacksmith woman with tied back red hair, determined, at the forge",
    "an orc shaman woman with black braids and a bead necklace, wise, in the forest",
    "a noble merchant with a pointed beard and a purple doublet, in the city",
    "a tiefling minstrel woman with red skin and long wavy black hair, laughing, in a tavern",
    "a dwarf cleric woman with golden braids, gentle, in a library",
)


def contact_sheet() -> Bytes:
    rows = []
    for start in range(0, len(SITTERS), COLUMNS):
        rows.append(np.hstack([_portrait(i) for i in range(start, start + COLUMNS)]))
    return cast(Bytes, np.vstack(rows))


def _portrait(number: int) -> Bytes:
    *_, last = paint_portrait(PortraitRequest(SITTERS[number], None, number + 1, 640, 640, "png"))
    if last.canvas is None:
        raise RuntimeError("the painting ended without a canvas")
    return cast(Bytes, cv2.resize(last.canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def main(path: Path) -> None:
    sheet = cv2.cvtColor(contact_sheet(), cv2.COLOR_RGB2BGR)
    for quality in range(90, 20, -8):
        _, data = cv2.imencode(path.suffix, sheet, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if data.size <= MOST_BYTES:
            break
    path.write_bytes(data.tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
