"""The kinds of damage to a capture: each function here takes packets and returns damaged ones; damage() applies some of them."""
T_MAX = 2**32 * 10**9 - 1                                # pcap's seconds have 32 bits


def dropped(rng, packets):
    share = rng.choice((0.02, 0.1, 0.3))
    return [p for p in packets if rng.random() >= share]


def repeated(rng, packets):
    share, later = rng.choice((0.02, 0.2, 1)), rng.choice((0, 2000, 50_000_000))
    out = []
    for t, frame, wire in packets:
        out += [(t, frame, wire)] + ([(t + later, frame, wire)] if rng.random() < share else [])
    return out


def swapped(rng, packets):
    """Swaps neighbours; the times stay in order."""
    out = list(packets)
    for i in range(len(out) - 1):
        if rng.random() < 0.1:
            (t, *one), (u, *two) = out[i], out[i + 1]
            out[i], out[i + 1] = (t, *two), (u, *one)
    return out


def back_in_time(rng, packets):
    by = rng.choice((1000, 10**9, 100 * 10**9))
    return [(t - by if rng.random() < 0.05 else t, frame, wire) for t, frame, wire in packets]


def snapped(rng, packets):
    size = rng.choice((14, 34, 54, 60, 68, 96, 200, rng.randrange(1, 300)))
    return [(t, frame[:size], wire) for t, frame, wire in packets]


def flipped(rng, packets):
    share, out = rng.choice((0.05, 0.3)), []
    for t, frame, wire in packets:
        if frame and rng.random() < share:
            at = rng.randrange(len(frame))
            frame = frame[:at] + bytes([frame[at] ^ 1 << rng.randrange(8)]) + frame[at + 1:]
        out.append((t, frame, wire))
    return out


def headers_changed(rng, packets):
    """Changes one of the first 60 bytes, where lengths, flags and numbers are."""
    share, out = rng.choice((0.05, 0.3)), []
    for t, frame, wire in packets:
        if frame and rng.random() < share:
            at = rng.randrange(min(60, len(frame)))
            frame = frame[:at] + bytes([rng.choice((0, 1, 255, rng.randrange(256)))]) + frame[at + 1:]
        out.append((t, frame, wire))
    return out


def stretched(rng, packets):
    first, factor = packets[0][0], rng.choice((0, 0.01, 20, 400))
    return [(first + int((t - first) * factor), frame, wire) for t, frame, wire in packets]


def late_start(rng, packets):
    return packets[rng.randrange(len(packets)):]


def one_direction(rng, packets):
    """Keeps what goes to one half of the receiving MAC addresses; without MAC addresses, every other packet."""
    macs = sorted({frame[:6] for _, frame, _ in packets})
    keep = rng.choice(macs)
    if len(macs) > 1:
        return [p for p in packets if p[1][:6] == keep]
    return packets[::2]


def paused(rng, packets):
    out, by = [], 0
    for t, frame, wire in packets:
        if rng.random() < 0.03:
            by += rng.choice((6, 65, 310, 3700)) * 10**9
        out.append((t + by, frame, wire))
    return out


KINDS = (dropped, repeated, swapped, back_in_time, snapped, flipped, headers_changed, stretched, late_start, one_direction, paused)


def damage(rng, packets):
    """Returns (the names of the changes, the packets)."""
    done = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        kind = rng.choice(KINDS)
        worse = kind(rng, packets)
        if worse:                                        # a capture without packets tests nothing
            packets = worse
            done.append(kind.__name__.replace("_", " "))
    return done, [(min(max(t, 0), T_MAX), frame, wire) for t, frame, wire in packets]
