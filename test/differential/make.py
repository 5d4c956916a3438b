"""The capture for a seed: conversations (remix.py), or captures of the generator, combined and damaged (damage.py). A
seed always gives the same capture, byte for byte, as long as neither of them changes."""
import random

import captures_events
import captures_net
import captures_tcp
from damage import damage
from netlib import ETHERNET, START, Capture
from remix import conversation

GENERATED = {**captures_tcp.CAPTURES, **captures_net.CAPTURES, **captures_events.CAPTURES}
PACKETS_MAX = 1500


def conversations(rng):
    cap, names = Capture(), []
    for number in range(rng.choice((1, 2, 3, 5, 12))):
        name, packets = conversation(rng, number)
        names.append(name)
        cap.packets += packets
    return names, cap.sort()


def generated(rng):
    """Returns one or two of the generator's captures; two are combined only if both are Ethernet."""
    cap, names = Capture(), []
    for name in rng.sample(sorted(GENERATED), rng.choice((1, 1, 2))):
        other = Capture(start=START + rng.randrange(10**9))
        GENERATED[name](other)
        if names and other.link != cap.link:
            continue
        cap.link = other.link
        cap.packets += other.packets
        names.append(name)
    return names, cap.sort() if rng.random() < 0.8 else cap


def capture(seed):
    """Returns (its parts, the changes, the capture)."""
    rng = random.Random("connlog %d" % seed)             # seeded with a text: the same in every version of Python
    names, cap = (generated if rng.random() < 0.3 else conversations)(rng)
    if cap.link == ETHERNET and rng.random() < 0.1:      # combine both
        more, other = conversations(rng)
        names += more
        cap.packets += other.packets
        cap.sort()
    cap.packets = cap.packets[:PACKETS_MAX]
    done, cap.packets = damage(rng, cap.packets)
    return names, done, cap
