"""Captures for the events of connections."""
from captures_tcp import A, A6, B, B6
from event_cases import EVENT_CASES
from netlib import *


def tcp_events(cap):
    for i, (_, script, _) in enumerate(EVENT_CASES):
        Flow(cap, cport=42000 + i).play(script)
        if i + 1 < len(EVENT_CASES):
            for _ in range(20):
                cap.add(ip_udp(A, B, 41999, 49999, b"time goes by"), dt=0.5)
            cap.now += 600 * 10**9


def udp_events(cap):
    """Requests and replies; 100 of the originator's and 10 of the responder's have a wrong checksum."""
    for i in range(3):
        cap.add(ip_udp(A, B, 47100, 49999, b"request"))
        cap.add(ip_udp(B, A, 49999, 47100, b"reply"))
    for i in range(100):
        cap.add(ip_udp(A, B, 47100, 49999, b"request", bad=True))
    for i in range(10):
        cap.add(ip_udp(B, A, 49999, 47100, b"reply", bad=True))
    cap.add(ip_udp(B, A, 49999, 47100, b"reply"))


def tunnels(cap):
    """One connection that comes without a tunnel, then in 6in4, in 6in4 twice, in another tunnel, in two, and without one again."""
    def packet(side, *outer):
        p = ip_udp(*((A, B, 47200, 49999) if side == "c" else (B, A, 49999, 47200)), b"payload")
        for src, dst in reversed(outer):
            p = ip4(src, dst, 4, p)
        cap.add(p)
    one, other = ("10.9.0.1", "10.9.0.2"), ("10.9.1.1", "10.9.1.2")
    for around in ((), (one,), (one,), (other,), (one, other), ()):
        packet("c", *around)
    for i in range(3):
        packet("s", (other if i % 2 else one))


def flow_labels(cap):
    """Each side's flow label changes, once to the same value; the first packet of a side is not a change."""
    for side, label in (("c", 5), ("s", 0), ("c", 5), ("c", 6), ("s", 0), ("s", 0xfffff), ("c", 0), ("c", 5)):
        ends = (A6, B6, 47300, 49999) if side == "c" else (B6, A6, 49999, 47300)
        cap.add(ip6(*ends[:2], 17, udp(*ends, b"labelled"), label=label))


def long_lived(cap):
    """TCP, UDP and ICMP with a packet every four seconds for a minute, for events that depend on time and size."""
    flow = Flow(cap, cport=47400).play("c:S s:SA c:A")
    for i in range(15):
        flow.play("c:PA=100,dt=4 s:A")
        cap.add(ip_udp(A, B, 47401, 49999, filler(72)))
        cap.add(echo(A, B, 7, i))
    cap.add(ip4(A, B, 132, bytes(20)))


# The options of each packet of the capture below: those of a usual SYN, wrong ones, rare ones, and truncated ones.
OPTIONS = [
    b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + struct.pack("!II", 0xfffffff0, 7) + b"\x01\x03\x03\x07",
    b"\x02\x03\x05\x03\x04\x07\x07\x04\x03\x00\x08\x04\x01\x02" b"\x00",          # every length is wrong
    b"\x05\x0a" + struct.pack("!II", 1, 2**32 - 1) + b"\x05\x05\x01\x02\x03" b"\x01",   # SACK
    # Quick-Start, user timeout, fast open, and an unknown one
    b"\x1b\x08\x06\x40" + struct.pack("!I", 99) + b"\x1c\x04\x00\x09\x22\x02\xfe\x05\xab\xcd\xef",
    b"\x00\x02\x04\x05",                                                                # nothing after the end
    b"\x01\x02\x00\x01",                                                                # no length: parsing stops
    b"\x01\x02\x09\x01",                                                                # longer than the header
    b"\x01\x01\x01\x02",                                                                # no room for a length
]


def options(cap):
    flow = Flow(cap, cport=47500)
    flow.packet("c", SYN, options=OPTIONS[0]).packet("s", SYN | ACK, options=OPTIONS[1])
    for given in OPTIONS[2:]:
        flow.packet("c", ACK, options=given)


CAPTURES = {"events-options": options, "events-tcp": tcp_events, "events-udp": udp_events, "events-tunnels": tunnels, "events-flow-labels": flow_labels,
            "events-long-lived": long_lived}
