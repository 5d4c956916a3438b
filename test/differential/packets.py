"""Takes packets apart and puts them together: reads captures, finds payload in frames, and writes captures. A packet is
(time in nanoseconds, frame, bytes on the wire), a capture is netlib's Capture. locate() finds the payload of TCP and
UDP over IPv4 and IPv6 behind the common link layers; replaced() replaces it and corrects lengths and checksums."""
import struct
from collections import namedtuple

from netlib import ETHERNET, RAW, SLL, Capture, Pcapng, checksum

TCP, UDP = 6, 17

# Offsets in the frame; `ends` is both (address, port), the sender's first.
Place = namedtuple("Place", "network transport payload end proto ends")


def read_pcap(data):
    """Returns the capture in the bytes of a classic pcap file; raises ValueError for anything else."""
    magics = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
              b"\xa1\xb2\x3c\x4d": (">", 1)}
    if data[:4] not in magics or len(data) < 24:
        raise ValueError("no pcap file (unpack it, or turn it into one with editcap -F pcap)")
    order, unit = magics[data[:4]]
    cap, at = Capture(link=struct.unpack_from(order + "I", data, 20)[0]), 24
    while at + 16 <= len(data):
        sec, rest, size, wire = struct.unpack_from(order + "IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        if len(frame) < size:
            break
        cap.packets.append((sec * 10**9 + rest * unit, frame, wire))
        at += 16 + size
    return cap


def pcapng(cap):
    """Returns the same capture as the bytes of a pcapng file, in nanoseconds."""
    ng = Pcapng()
    ng.section()
    ng.interface(cap.link, tsresol=9)
    for t, frame, wire in cap.packets:
        ng.enhanced(0, t, frame, wire)
    return ng.bytes()


def same_link(cap, packets):
    """Returns a capture of these packets."""
    other = Capture(link=cap.link)
    other.packets = list(packets)
    return other


def network(link, frame):
    """Returns the offset of the IP header, or None."""
    if link == RAW:
        return 0
    at = {ETHERNET: 12, SLL: 14}.get(link)
    if at is None or len(frame) < at + 2:
        return None
    kind = struct.unpack_from("!H", frame, at)[0]
    while kind in (0x8100, 0x88a8, 0x9100) and len(frame) >= at + 6:
        at += 4
        kind = struct.unpack_from("!H", frame, at)[0]
    return at + 2 if kind in (0x0800, 0x86dd) else None


def locate(link, frame):
    """Returns the Place of the payload of a complete packet, or None if it cannot be found."""
    ip = network(link, frame)
    if ip is None or len(frame) < ip + 20:
        return None
    if frame[ip] >> 4 == 4:
        at, proto, size = ip + (frame[ip] & 15) * 4, frame[ip + 9], struct.unpack_from("!H", frame, ip + 2)[0]
        if struct.unpack_from("!H", frame, ip + 6)[0] & 0x3fff:
            return None
        end, hosts = ip + size, (frame[ip + 12:ip + 16], frame[ip + 16:ip + 20])
    elif frame[ip] >> 4 == 6 and len(frame) >= ip + 40:
        at, proto = ip + 40, frame[ip + 6]
        end, hosts = at + struct.unpack_from("!H", frame, ip + 4)[0], (frame[ip + 8:ip + 24], frame[ip + 24:ip + 40])
    else:
        return None
    if proto not in (TCP, UDP) or end > len(frame) or end < at + (8 if proto == UDP else 20):
        return None
    payload = at + (8 if proto == UDP else (frame[at + 12] >> 4) * 4)
    ports = struct.unpack_from("!HH", frame, at)
    return Place(ip, at, payload, end, proto, tuple(zip(hosts, ports))) if at < payload <= end else None


def sealed(frame, place, end):
    """Returns the frame with correct lengths and checksums for a packet that ends at `end`."""
    frame, ip, at = bytearray(frame), place.network, place.transport
    if place.proto == UDP:
        struct.pack_into("!H", frame, at + 4, end - at)
    if frame[ip] >> 4 == 4:
        struct.pack_into("!H", frame, ip + 2, end - ip)
        struct.pack_into("!H", frame, ip + 10, 0)
        struct.pack_into("!H", frame, ip + 10, checksum(bytes(frame[ip:at])))
        hosts = bytes(frame[ip + 12:ip + 20])
    else:
        struct.pack_into("!H", frame, ip + 4, end - at)
        hosts = bytes(frame[ip + 8:ip + 40])
    where = at + (6 if place.proto == UDP else 16)
    struct.pack_into("!H", frame, where, 0)
    pseudo = hosts + struct.pack("!II", end - at, place.proto)
    total = checksum(pseudo + bytes(frame[at:end]))
    struct.pack_into("!H", frame, where, total or (0xffff if place.proto == UDP else 0))
    return bytes(frame)


def replaced(packet, place, payload):
    """Returns the packet with another payload, without padding."""
    t, frame, _ = packet
    frame = sealed(frame[:place.payload] + payload, place, place.payload + len(payload))
    return t, frame, len(frame)


def moved(packet, place, seq, ack):
    """Returns a TCP packet whose sequence numbers are lower by that amount."""
    t, frame, wire = packet
    numbers = struct.unpack_from("!II", frame, place.transport + 4)
    frame = bytearray(frame)
    struct.pack_into("!II", frame, place.transport + 4, (numbers[0] - seq) & 0xffffffff, (numbers[1] - ack) & 0xffffffff)
    return t, sealed(frame, place, place.end), wire


def numbers(frame, place):
    """Returns (sequence, acknowledgment) of a TCP packet."""
    return struct.unpack_from("!II", frame, place.transport + 4)
