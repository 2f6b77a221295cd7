from dataclasses import dataclass
import numpy as np
from jobs.providers.painter.fields import *
@dataclass
class Place:
    picture: Floats
    key: Colour
    air: Colour
    rim: Colour
def place_of(look, width, height):
    p = flat(height,width,(0.30,0.33,0.36))
    p += 0.05*clouds(look.chance.stream("p"),height,width,4)[...,None]
    return Place(p,(1.05,0.95,0.80),(0.55,0.65,0.80),(0.6,0.7,0.9))
