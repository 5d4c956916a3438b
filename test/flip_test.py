"""A recogniser may flip a connection while a segment is on TCP's short way: the segment counts for the side that sent it."""
import json
import struct

from netlib import Capture, Flow


def message(flags):
    """Returns a DNS message over TCP with one question."""
    dns = struct.pack(">6H", 7, flags, 1, 0, 0, 0) + b"\x07example\x03com\x00" + struct.pack(">2H", 1, 1)
    return struct.pack(">H", len(dns)) + dns


def test_segments_count_for_the_side_that_sends_them(env):
    cap = Capture()
    flow = Flow(cap, cport=40053, sport=53).play("c:S s:SA c:A")
    flow.say("c", message(0x8000))  # a reply, so the client is the server
    flow.say("s", message(0))
    flow.play("c:FA s:FA c:A")
    sent = {"c": 0, "s": 0}
    for _, packet, *_ in cap.packets:
        port, = struct.unpack_from(">H", packet, 34)
        sent["c" if port == 40053 else "s"] += 1
    cap.write(env.tmp + "/flip.pcap")
    row, = map(json.loads, env.run("--format", "json", env.tmp + "/flip.pcap").stdout.splitlines())
    assert row["id.orig_p"] == 53 and "^" in row["history"], row
    assert (row["orig_pkts"], row["resp_pkts"]) == (sent["s"], sent["c"]), (row, sent)
