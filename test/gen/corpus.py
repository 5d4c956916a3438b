#!/usr/bin/env python3
"""Makes the fuzzers' seeds from the generated captures: corpus.py CAPTURES OUT [MORE]

OUT/frames gets frames with times behind a byte of options, which the head of fuzz/fuzz_engine.c describes; OUT/links
frames of more link types, as fuzz/fuzz_frag.c takes them; OUT/programs
frames between calls of other functions, as fuzz/fuzz_library.c takes them; OUT/files
gets the small captures as they are, for the capture readers; OUT/services gets what service_seeds.py makes, also from
the captures in the folder MORE, if there is one; OUT/logs gets what log_seeds.py makes, for the readers of logs; OUT/folds,
OUT/answers, OUT/indexes and OUT/networks get what format_seeds.py makes.
"""
import os
import struct
import sys

from format_seeds import write_format_seeds
from log_seeds import write_log_seeds
from netlib import ETHERNET, IEEE80211, NULL, PPP, RADIOTAP, RAW, SLL, SLL2
from service_seeds import write_seeds

LINKS = [ETHERNET, RAW, SLL, SLL2, NULL, PPP, IEEE80211, RADIOTAP]  # fuzz_engine.c's order
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"


def packets(data):
    """Returns (link type, [(microseconds, frame)]) of a little-endian microsecond pcap, or None."""
    if len(data) < 24 or data[:4] != b"\xd4\xc3\xb2\xa1":
        return None
    link, at, found = struct.unpack_from("<I", data, 20)[0], 24, []
    while at + 16 <= len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        found.append((sec * 10**6 + usec, data[at + 16:at + 16 + size]))
        at += 16 + size
    return link, found


def gap(us):
    """Returns the byte whose 4 ** n is the largest below `us`; 0 for no time."""
    n = 0
    while n < 15 and 4 ** (n + 1) <= us:
        n += 1
    return n if us > 0 else 0


def frames_input(options, found):
    out, last = [bytes([options])], found[0][0] if found else 0
    for t, frame in found:
        out.append(struct.pack("!BH", gap(t - last), len(frame)) + frame)
        last = t
    return b"".join(out)


def nflog(packet):
    payload = struct.pack("<HH", len(packet) + 4, 9) + packet  # NFULA_PAYLOAD
    return bytes([2 if packet[0] >> 4 == 4 else 10, 0, 0, 0]) + payload + bytes(-len(packet) % 4)


def of_rare_link(number, frame):
    """Returns the IP packet of an Ethernet frame as a frame of fuzz_frag.c's link type number 8 and on, or None."""
    if frame[12:14] not in (IPV4, IPV6) or len(frame) < 15:
        return None
    packet = frame[14:]
    fddi = b"\x50" + frame[:12] + b"\xaa\xaa\x03\0\0\0" + frame[12:]
    ppp = b"\xff\x03" + (b"\x00\x21" if frame[12:14] == IPV4 else b"\x00\x57") + packet
    return [nflog(packet), fddi, ppp, packet][number - 8]


def links_inputs(link, number, found):
    """Yields inputs for the decoder alone: the frames as they are, and those of Ethernet with a rarer link type, too."""
    yield frames_input(number % 16 << 3 | link, found)
    rare = 8 + number % 4
    changed = [(t, new) for t, new in ((t, of_rare_link(rare, frame)) for t, frame in found if link == 0) if new]
    if changed:
        yield frames_input(number * 7 % 16 << 3 | 0x80 | rare & 7, changed)


def program_input(link, number, found):
    """Makes a program whose functions and handled events cycle with `number`."""
    listen = b"".join(bytes([1, (number * 5 + i) % 39 | 64 * (i == 0)]) for i in range(5))
    writer = bytes([3, 2 | number % 6 * 8, number % 4, 0])
    policy = bytes([2]) + struct.pack("!I", number * 2654435761 & 0xffffffff) if number % 3 == 0 else b""
    feed, last = [bytes([0, len(found)])], found[0][0]
    for t, frame in found:
        feed.append(struct.pack("!BBH", link << 4, min(31, max(t - last, 0).bit_length()), min(len(frame), 4095)) + frame[:4095])
        last = t
    return bytes([number % 4]) + writer + listen + policy + b"".join(feed) + bytes([7, 8, 15]) + bytes(8)


def more_packets(folder):
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
            with open(path, "rb") as f:
                read = packets(f.read())
            if read:
                yield (os.path.splitext(name)[0], *read)


def main():
    captures, out = sys.argv[1:3]
    frames, files = os.path.join(out, "frames"), os.path.join(out, "files")
    os.makedirs(frames, exist_ok=True)
    os.makedirs(files, exist_ok=True)
    links, programs = os.path.join(out, "links"), os.path.join(out, "programs")
    os.makedirs(links, exist_ok=True)
    os.makedirs(programs, exist_ok=True)
    pieces = 0
    for folder, _, names in os.walk(captures):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                data = f.read()
            if name.startswith("."):
                continue
            stem = os.path.relpath(path, captures).replace("/", "-")
            if len(data) <= 1 << 14:
                with open(os.path.join(files, stem), "wb") as f:
                    f.write(data)
            read = packets(data)
            if read is None or folder != captures or read[0] not in LINKS:
                continue
            link = LINKS.index(read[0])
            # In pieces, since a fuzzer changes short inputs better; each with another set of options.
            for i in range(0, len(read[1]), 12):
                options = link | (i // 12 % 16) << 3 | (128 if i % 24 else 0)
                with open(os.path.join(frames, "%s-%03d" % (stem, i)), "wb") as f:
                    f.write(frames_input(options & 0xff, read[1][i:i + 12]))
                for n, data in enumerate(links_inputs(link, pieces, read[1][i:i + 12])):
                    with open(os.path.join(links, "%s-%03d-%d" % (stem, i, n)), "wb") as f:
                        f.write(data)
                pieces += 1
                with open(os.path.join(programs, "%s-%03d" % (stem, i)), "wb") as f:
                    f.write(program_input(link, i // 12, read[1][i:i + 12]))
    golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
    write_log_seeds(os.path.join(out, "logs"), golden)
    write_format_seeds(out, golden)
    folders = [captures] + [folder for folder in sys.argv[3:4] if os.path.isdir(folder)]
    write_seeds(os.path.join(out, "services"), [found for folder in folders for found in more_packets(folder)])


if __name__ == "__main__":
    main()
