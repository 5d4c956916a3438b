"""Makes conversations from the generator's dialogues: messages are dropped, cut, changed, repeated, swapped and mixed
with those of other protocols, on their own ports or on others', over a TCP that begins, loses, repeats and ends in
random ways."""
from netlib import *
from service_seeds import DIALOGUES

NAMES = sorted(DIALOGUES)
TIMES = [0.0, 0.0005, 0.01, 0.01, 0.01, 0.3]             # seconds between packets
PAUSES = [1.5, 6, 31, 62, 301]


def changed(rng, data):
    """Returns the bytes with a small mistake."""
    if not data:
        return bytes([rng.randrange(256)])
    at, how = rng.randrange(len(data)), rng.randrange(7)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[at:]
    if how == 2:
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
    if how == 3:
        return data[:at] + bytes([rng.choice((0, 1, 10, 13, 32, 127, 128, 255))]) + data[at + 1:]
    if how == 4:
        return data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + data[at:]
    if how == 5:
        return data[:at] + data[at:at + rng.randrange(1, 40)] * 2 + data[at:]
    return data[:at] + data[at + rng.randrange(1, 9):]


def edit(rng, messages):
    """Makes one change to a dialogue; `messages` is [(side, bytes)]."""
    at, how = rng.randrange(len(messages)), rng.randrange(9)
    side, data = messages[at]
    if how == 0:
        del messages[at]
    elif how == 1:
        messages.insert(at, messages[at])
    elif how == 2:
        other = rng.randrange(len(messages))
        messages[at], messages[other] = messages[other], messages[at]
    elif how == 3:
        messages[at] = (1 - side, data)
    elif how == 4:
        messages.insert(at, rng.choice(DIALOGUES[rng.choice(NAMES)][2]))
    elif how == 5 and at + 1 < len(messages):
        messages[at:at + 2] = [(side, data + messages[at + 1][1])]
    else:
        messages[at] = (side, changed(rng, data))
    if not messages:
        messages.append((0, b""))


def dialogue(rng):
    """Returns (name, UDP, port, messages)."""
    name = rng.choice(NAMES)
    udp, port, messages = DIALOGUES[name]
    messages = list(messages)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 6))):
        edit(rng, messages)
    if rng.random() < 0.2:
        port = rng.choice((40000, DIALOGUES[rng.choice(NAMES)][1]))
    return name, udp, port, messages


def dt(rng):
    return rng.choice(PAUSES) if rng.random() < 0.01 else rng.choice(TIMES)


def end_tcp(rng, flow):
    flow.play(rng.choice(("c:FA s:FA c:A", "s:FA c:FA s:A", "c:FA s:A", "s:FA c:A", "c:RA", "s:RA", "c:R s:R", "c:FA s:RA", "",
                          "c:FA s:FA c:A c:A,dt=9", "c:FA s:FA c:A c:S,dt=1,seq+9000 s:SA c:A")))


def by_tcp(rng, cap, ends, messages):
    flow = Flow(cap, *ends, isn=(rng.choice((1000, 2**32 - 20, rng.randrange(2**32))), rng.randrange(2**32)))
    flow.play(rng.choice(["c:S s:SA c:A"] * 8 + ["", "c:S", "s:SA c:A", "c:S s:SA", "c:S c:S,seq-1,dt=3 s:SA c:A"]))
    mss, quiet, rough = rng.choice((1460, 1460, 100, 7)), rng.random() < 0.3, rng.random() < 0.25
    for side, data in messages:
        for at in range(0, len(data), mss):
            letter, other, part = "cs"[side], "sc"[side], data[at:at + mss]
            flow.packet(letter, PSH | ACK, part, dt=dt(rng))
            fate = rng.randrange(12) if rough else 9
            if fate == 0:
                cap.packets.pop()                                            # lost
            elif fate == 1:
                flow.packet(letter, PSH | ACK, part, seq=-len(part), dt=dt(rng))   # sent again
            elif fate == 2:
                flow.packet(letter, PSH | ACK, changed(rng, part)[:len(part)], seq=-len(part), dt=dt(rng))
            elif fate == 3 and len(cap.packets) > 1:
                (t, *one), (u, *two) = cap.packets[-2:]
                cap.packets[-2:] = [(t, *two), (u, *one)]                    # swapped in transit
            if not quiet:
                flow.packet(other, ACK, dt=dt(rng) / 2)
    end_tcp(rng, flow)


def by_udp(rng, cap, ends, messages):
    client, cport, server, port = ends
    for side, data in messages:
        there, back = (client, server, cport, port), (server, client, port, cport)
        cap.add(ip_udp(*(back if side else there), data[:1400], none=rng.random() < 0.1 and ":" not in client), dt(rng))


def around(rng):
    """Returns a function that puts an IP packet into an Ethernet frame."""
    tag, label = rng.randrange(1, 4095), rng.randrange(16, 4000)
    return rng.choice([eth] * 12 + [lambda p: vlan(p, tag), lambda p: vlan(p, [tag, 5]), lambda p: mpls(p, label), pppoe,
                                    lambda p: eth(ip4("198.51.100.1", "198.51.100.2", 41 if p[0] >> 4 == 6 else 4, p)),
                                    lambda p: eth(ip_udp("198.51.100.3", "198.51.100.4", 46505, 4789,
                                                         b"\x08\0\0\0\0\0\x2a\0" + eth(p)))])


def conversation(rng, number):
    """Returns (a description, the packets)."""
    name, udp, port, messages = dialogue(rng)
    v6 = rng.random() < 0.15
    client = "2001:db8::%x" % (number + 1) if v6 else "192.168.1.%d" % (number % 250 + 1)
    server = "2001:db8:1::5" if v6 else rng.choice(("203.0.113.5", "93.184.215.14", "10.0.0.2"))
    cap = Capture(wrap=around(rng), start=START + rng.randrange(20 * 10**9))
    (by_udp if udp else by_tcp)(rng, cap, (client, 40000 + rng.randrange(20000), server, port), messages)
    return name, cap.packets
