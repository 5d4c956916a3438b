#!/usr/bin/env python3
"""Writes every capture of the tests, the demo and the fuzzers' seeds into a folder: gen.py DIR

What is in the captures is said in captures_tcp.py (sessions, states, timers), captures_net.py (link layers,
fragments, tunnels), captures_events.py (for events) and here (file formats, damage, files that belong together).  It needs Python alone; the zstd
variants need the zstd program and are left out where it is missing.  The same version writes the same bytes.
"""
import gzip
import os
import shutil
import subprocess
import sys

import captures_events
import captures_net
import captures_tcp
from netlib import *


def made(fill):
    cap = Capture()
    fill(cap)
    return cap


def save(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def pcapng_of(cap, order="<"):
    """The packets of a capture, split over two interfaces with different clocks, in two sections."""
    ng = Pcapng(order)
    ng.section()
    ng.interface(ETHERNET)                                                # microseconds by default
    ng.interface(ETHERNET, tsresol=9, tsoffset=1000)                      # nanoseconds, 1000 s behind
    half = len(cap.packets) // 2
    for i, (t, frame, wire) in enumerate(cap.packets[:half]):
        if i % 2:
            ng.enhanced(1, t - 1000 * 10**9, frame, wire)
        else:
            ng.enhanced(0, t // 1000, frame, wire, b"a comment")
    ng.block(0x0bad, b"a block that nobody knows")
    ng.section(">" if order == "<" else "<")
    ng.interface(ETHERNET, tsresol=7)
    for i, (t, frame, _) in enumerate(cap.packets[half:]):
        (ng.obsolete if i % 3 == 0 else ng.enhanced)(0, t // 100, frame)
    return ng.bytes()


def pcapng_links():
    """One section whose interfaces have different link types, and simple blocks, which have no time."""
    ng = Pcapng()
    ng.section()
    t = START // 1000
    for i, (link, wrap) in enumerate([(ETHERNET, eth), (RAW, lambda p: p), (SLL, sll), (PPP, ppp)]):
        ng.interface(link)
        ng.enhanced(i, t + i * 1000, wrap(ip_udp("10.0.0.1", "10.0.0.2", 47000 + i, 49999, b"query")))
        ng.enhanced(i, t + i * 1000 + 500, wrap(ip_udp("10.0.0.2", "10.0.0.1", 49999, 47000 + i, b"answer")))
    ng.interface(ETHERNET, tsresol=0x80 | 20)                             # in 2^-20 s
    ng.enhanced(4, (t + 5000 << 20) // 10**6, eth(ip_udp("10.0.0.1", "10.0.0.2", 47008, 49999, b"binary clock")))
    ng.simple(eth(ip_udp("10.0.0.1", "10.0.0.2", 47009, 49999, b"no time")))
    return ng.bytes()


def formats(out):
    """http.pcap in every file format: all must give the same log."""
    cap = made(captures_tcp.http)
    plain = cap.pcap()
    save(out + "/formats/big-endian.pcap", cap.pcap(">"))
    save(out + "/formats/nano.pcap", cap.pcap(nano=True))
    save(out + "/formats/nano-big-endian.pcap", cap.pcap(">", nano=True))
    save(out + "/formats/little.pcapng", pcapng_of(cap))
    save(out + "/formats/big.pcapng", pcapng_of(cap, ">"))
    save(out + "/formats/http.pcap.gz", gzip.compress(plain, mtime=0))
    save(out + "/formats/members.gz", gzip.compress(plain[:1000], mtime=0) + gzip.compress(plain[1000:], mtime=0))
    save(out + "/formats/gzip-by-content.pcap", gzip.compress(pcapng_of(cap), mtime=0))
    if shutil.which("zstd"):
        for name, data in (("http.pcap.zst", plain), ("zstd-by-content.dat", pcapng_of(cap))):
            done = subprocess.run(["zstd", "-q", "-c", "-3"], input=data, stdout=subprocess.PIPE, check=True)
            save(out + "/formats/" + name, done.stdout)
    save(out + "/links.pcapng", pcapng_links())


def damaged(out):
    """Captures that end or break in the middle; everything before that is good."""
    cap = made(captures_tcp.http)
    plain, ng = cap.pcap(), pcapng_of(cap)
    save(out + "/damaged/cut-in-packet.pcap", plain[:-30])
    save(out + "/damaged/cut-in-header.pcap", plain[:24 + 16 + 71 + 9])
    save(out + "/damaged/header-only.pcap", plain[:24])
    save(out + "/damaged/half-a-header.pcap", plain[:13])
    save(out + "/damaged/empty.pcap", b"")
    save(out + "/damaged/no-capture.pcap", b"This is no capture at all, just text.\n" * 20)
    huge = struct.pack("<IIII", 1700000000, 0, 0xfffffff0, 60)
    save(out + "/damaged/huge-length.pcap", plain[:24] + huge + bytes(60))
    save(out + "/damaged/cut.pcapng", ng[:-30])
    save(out + "/damaged/bad-block-length.pcapng", ng[:28] + struct.pack("<II", 1, 3) + ng[36:])
    save(out + "/damaged/cut.pcap.gz", gzip.compress(plain, mtime=0)[:-200])
    packed = bytearray(gzip.compress(plain, mtime=0))
    packed[len(packed) // 2] ^= 0xff
    save(out + "/damaged/wrong-bits.pcap.gz", bytes(packed))


def parts(out):
    """One capture split by time into files whose names are in the wrong order; connections cross the boundaries."""
    cap = Capture()
    for i in range(6):
        Flow(cap, cport=48000 + i).play("c:S s:SA c:A c:PA=100 s:A s:PA=200 c:A c:FA s:FA c:A")
    for i in range(40):
        cap.add(ip_udp("192.168.1.10", "203.0.113.5", 48010, 49999, filler(i)), at=START + i * 14 * 10**6)
    cap.sort().write(out + "/whole.pcap")
    size = (len(cap.packets) + 3) // 4
    names = ["d-first.pcap", "c-second.pcap", "b-third.pcap.gz", "a-fourth.pcapng"]
    for i, name in enumerate(names):
        piece = Capture()
        piece.packets = cap.packets[i * size:(i + 1) * size]
        data = piece.pcap()
        if name.endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        elif name.endswith(".pcapng"):
            ng = Pcapng()
            ng.section()
            ng.interface(ETHERNET)
            for t, frame, wire in piece.packets:
                ng.enhanced(0, t // 1000, frame, wire)
            data = ng.bytes()
        save(out + "/parts/" + name, data)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gen.py DIR")
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for name, fill in {**captures_tcp.CAPTURES, **captures_net.CAPTURES, **captures_events.CAPTURES}.items():
        made(fill).write("%s/%s.pcap" % (out, name))
    made(captures_tcp.http).snapped(68).write(out + "/snaplen.pcap", snaplen=68)
    backwards = made(captures_tcp.http)
    backwards.packets[5:9] = [(t - 2 * 10**9, frame, wire) for t, frame, wire in backwards.packets[5:9]]
    backwards.write(out + "/backwards.pcap")
    Capture().write(out + "/empty.pcap")
    formats(out)
    damaged(out)
    parts(out)


if __name__ == "__main__":
    main()
