"""Finds the smallest capture that still differs, by delta debugging (Zeller's ddmin): leaves out packets, then bytes of
payloads, as long as the difference remains. It knows nothing about the cause; `differs`, which the caller passes, runs
the programs."""
import packets as P


class Budget:
    """Calls `differs` for captures, never twice for the same one, and at most as often as the budget allows."""

    def __init__(self, differs, runs):
        self.differs, self.left, self.known = differs, runs, {}

    def __call__(self, cap):
        data = cap.pcap()
        if data not in self.known:
            if self.left <= 0:
                return False
            self.left -= 1
            self.known[data] = self.differs(cap)
        return self.known[data]


def ddmin(items, stays):
    """Returns a part of `items` (a list or bytes) for which stays() is true, as it is for the whole, and from which no
    single item can be removed. Tries halves first, then ever smaller pieces."""
    if stays(items[:0]):
        return items[:0]
    size = max(1, len(items) // 2)
    while True:
        at, before = 0, len(items)
        while at < len(items):
            less = items[:at] + items[at + size:]
            if less and stays(less):
                items = less
            else:
                at += size
        if size == 1 and len(items) == before:
            return items
        size = max(1, size // 2)


def shorter(cap, index, payload):
    """Yields captures in which packet `index` has that shorter payload: one in which the rest of its TCP connection
    moves up, so that there is no gap, and one in which it does not."""
    place = P.locate(cap.link, cap.packets[index][1])
    less = place.end - place.payload - len(payload)
    plain = list(cap.packets)
    plain[index] = P.replaced(cap.packets[index], place, payload)
    if place.proto == P.TCP:
        seq = P.numbers(cap.packets[index][1], place)[0]
        up = list(plain)
        for i, packet in enumerate(cap.packets):
            other = P.locate(cap.link, packet[1]) if i != index else None
            if other is None or other.proto != P.TCP or set(other.ends) != set(place.ends):
                continue
            same = other.ends == place.ends
            behind = (P.numbers(packet[1], other)[0 if same else 1] - seq) & 0xffffffff
            if 0 < behind < 2**31:
                up[i] = P.moved(packet, other, less if same else 0, 0 if same else less)
        yield P.same_link(cap, up)
    yield P.same_link(cap, plain)


def shorten(cap, index, stays):
    """Returns the capture with as little payload in packet `index` as possible."""
    place = P.locate(cap.link, cap.packets[index][1])
    if place is None or place.payload == place.end:
        return cap
    best = [cap]

    def try_payload(payload):
        for candidate in shorter(cap, index, payload):
            if stays(candidate):
                best[0] = candidate
                return True
        return False

    ddmin(cap.packets[index][1][place.payload:place.end], try_payload)
    return best[0]


def fewer_packets(cap, stays):
    kept = ddmin(cap.packets, lambda some: bool(some) and stays(P.same_link(cap, some)))
    return P.same_link(cap, kept)


def reduced(cap, differs, runs):
    """Returns the smallest capture found for which differs(capture) stays true; tries at most `runs` captures."""
    stays = Budget(differs, runs)
    cap = fewer_packets(cap, stays)
    before = None
    while before != cap.pcap() and stays.left > 0:
        before = cap.pcap()
        longest = sorted(range(len(cap.packets)), key=lambda i: -len(cap.packets[i][1]))
        for index in longest:
            cap = shorten(cap, index, stays)
        cap = fewer_packets(cap, stays)
    return cap
