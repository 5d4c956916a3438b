"""Packets and capture files, written from nothing: the words in which gen.py and its parts speak.

A packet is built from the inside out by functions that take and return bytes: eth(ip4(A, B, 17, udp(...))).
Checksums and lengths are right unless an argument says otherwise.  A Capture collects packets with their times
and writes them as pcap or pcapng; a Flow is one TCP connection that keeps both sides' sequence numbers and plays
a script of one-word steps.  Only the standard library is used, and the same program writes the same bytes.
"""
import re
import socket
import struct

ETHERNET, RAW, NULL, LOOP, PPP, SLL, SLL2, IEEE80211, RADIOTAP = 1, 101, 0, 108, 9, 113, 276, 105, 127
IPV4_LINK, IPV6_LINK, PPP_HDLC, PPPOE_LINK, FDDI, NFLOG = 228, 229, 50, 51, 10, 239
CLIENT_MAC, SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
FLAGS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG, ".": 0}
START = 1_700_000_000 * 10**9  # the time of most captures' first packets, in nanoseconds


# ---- checksums and addresses -----------------------------------------------------------------------------------

def checksum(data):
    if len(data) & 1:
        data += b"\0"
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def addr(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def pseudo(src, dst, proto, length):
    s, d = addr(src), addr(dst)
    if len(s) == 4:
        return s + d + struct.pack("!BBH", 0, proto, length)
    return s + d + struct.pack("!IBBBB", length, 0, 0, 0, proto)


# ---- link layers -----------------------------------------------------------------------------------------------

def ethertype(ip):
    return 0x86dd if ip[:1] and ip[0] >> 4 == 6 else 0x0800


def eth(payload, kind=None, src=CLIENT_MAC, dst=SERVER_MAC, pad=True):
    frame = dst + src + struct.pack("!H", ethertype(payload) if kind is None else kind) + payload
    return frame.ljust(60, b"\0") if pad else frame


def vlan(payload, tag, kind=None, outer=0x8100, **kw):
    """An Ethernet frame with one tag; `tag` may be a list for QinQ (outermost first)."""
    tags = tag if isinstance(tag, (list, tuple)) else [tag]
    body, inner = payload, ethertype(payload) if kind is None else kind
    for t in reversed(tags):
        body, inner = struct.pack("!HH", t, inner) + body, 0x8100
    return eth(body, outer, **kw)


def mpls(payload, *labels):
    stack = b"".join(struct.pack("!I", l << 12 | (i == len(labels) - 1) << 8 | 64) for i, l in enumerate(labels))
    return eth(stack + payload, 0x8847)


def pppoe(payload, session=7):
    proto = 0x57 if ethertype(payload) == 0x86dd else 0x21
    return eth(struct.pack("!BBHHH", 0x11, 0, session, len(payload) + 2, proto) + payload, 0x8864)


def sll(payload, kind=0):
    return struct.pack("!HHH", kind, 1, 6) + CLIENT_MAC + b"\0\0" + struct.pack("!H", ethertype(payload)) + payload


def sll2(payload, kind=0):
    return struct.pack("!HHIHBB", ethertype(payload), 0, 2, 1, kind, 6) + CLIENT_MAC + b"\0\0" + payload


def null(payload, order="<"):
    return struct.pack(order + "I", 30 if ethertype(payload) == 0x86dd else 2) + payload


def ppp(payload):
    return struct.pack("!BBH", 0xff, 3, 0x57 if ethertype(payload) == 0x86dd else 0x21) + payload


def nflog(payload):
    family = 10 if ethertype(payload) == 0x86dd else 2
    return bytes([family, 0, 0, 0]) + struct.pack("<HH", len(payload) + 4, 9) + payload


def llc_snap(payload, kind=None):
    return b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype(payload) if kind is None else kind) + payload


def ieee8023(payload, length=None):
    """An 802.3 frame: a length where Ethernet II has its type."""
    return eth(payload, len(payload) if length is None else length)


def wifi(payload, qos=False, to_ds=True):
    """An 802.11 data frame, from a station or to it."""
    control = struct.pack("<BB", 0x88 if qos else 0x08, 1 if to_ds else 2)
    head = control + b"\0\0" + b"\x02\0\0\0\0\x0a" + CLIENT_MAC + SERVER_MAC + b"\x10\0"
    return head + (b"\0\0" if qos else b"") + llc_snap(payload)


def radiotap(payload, **kw):
    return struct.pack("<BBHI", 0, 0, 12, 0) + b"\0\0\0\0" + wifi(payload, **kw)


# ---- the network layer -----------------------------------------------------------------------------------------

def ip4(src, dst, proto, payload, ident=1, frag=0, more=False, ttl=64, options=b"", total=None, bad=False, tos=0):
    options = options.ljust((len(options) + 3) // 4 * 4, b"\0")
    head_len = 20 + len(options)
    total = head_len + len(payload) if total is None else total
    head = struct.pack("!BBHHHBBH", 0x40 | head_len // 4, tos, total, ident, (0x2000 if more else 0) | frag // 8, ttl,
                       proto, 0) + addr(src) + addr(dst) + options
    return head[:10] + struct.pack("!H", checksum(head) ^ (0x1234 if bad else 0)) + head[12:] + payload


def ip6(src, dst, proto, payload, hops=64, length=None, label=0):
    length = len(payload) if length is None else length
    return struct.pack("!IHBB", 6 << 28 | label, length, proto, hops) + addr(src) + addr(dst) + payload


def ext6(proto, payload, body=b""):
    """A hop-by-hop, routing or destination options header: what follows it, and its body padded to 8n + 6."""
    body = body or b"\1\4\0\0\0\0"
    body = body.ljust((len(body) + 2 + 7) // 8 * 8 - 2, b"\0")
    return struct.pack("!BB", proto, (len(body) + 2) // 8 - 1) + body + payload


def frag6(proto, payload, offset, more, ident=1):
    return struct.pack("!BBHI", proto, 0, offset | more, ident) + payload


def ip(src, dst, proto, payload, **kw):
    return (ip6 if ":" in src else ip4)(src, dst, proto, payload, **kw)


def fragments4(src, dst, proto, payload, size, ident=1):
    """Returns the IPv4 fragments of a datagram, `size` (a multiple of 8) bytes each."""
    return [ip4(src, dst, proto, payload[at:at + size], ident=ident, frag=at, more=at + size < len(payload))
            for at in range(0, len(payload), size)]


def fragments6(src, dst, proto, payload, size, ident=1):
    return [ip6(src, dst, 44, frag6(proto, payload[at:at + size], at, at + size < len(payload), ident))
            for at in range(0, len(payload), size)]


# ---- transports ------------------------------------------------------------------------------------------------

def filled(head, at, total):
    """Puts the checksum in at offset `at`."""
    return head[:at] + struct.pack("!H", total) + head[at + 2:]


def tcp(src, dst, sport, dport, seq, ack, flags, data=b"", win=64240, options=b"", bad=False):
    options = options.ljust((len(options) + 3) // 4 * 4, b"\0")
    head_len = (20 + len(options)) // 4 << 4
    seg = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, head_len, flags, win, 0, 0)
    seg += options + data
    return filled(seg, 16, checksum(pseudo(src, dst, 6, len(seg)) + seg) ^ (0x1234 if bad else 0))


def udp(src, dst, sport, dport, data=b"", bad=False, none=False):
    seg = struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    total = checksum(pseudo(src, dst, 17, len(seg)) + seg) or 0xffff
    return filled(seg, 6, 0 if none else total ^ (0x1234 if bad else 0))


def icmp4(kind, code, rest=b"\0\0\0\0", data=b"", bad=False):
    seg = struct.pack("!BBH", kind, code, 0) + rest + data
    return filled(seg, 2, checksum(seg) ^ (0x1234 if bad else 0))


def icmp6(src, dst, kind, code, rest=b"\0\0\0\0", data=b"", bad=False):
    seg = struct.pack("!BBH", kind, code, 0) + rest + data
    return filled(seg, 2, checksum(pseudo(src, dst, 58, len(seg)) + seg) ^ (0x1234 if bad else 0))


def ip_udp(src, dst, sport, dport, data=b"", **kw):
    return ip(src, dst, 17, udp(src, dst, sport, dport, data, **kw))


def ip_tcp(src, dst, sport, dport, seq, ack, flags, data=b"", **kw):
    return ip(src, dst, 6, tcp(src, dst, sport, dport, seq, ack, flags, data, **kw))


def echo(src, dst, ident, seq, reply=False, data=b"abcdefgh", **kw):
    rest = struct.pack("!HH", ident, seq)
    if ":" in src:
        return ip6(src, dst, 58, icmp6(src, dst, 129 if reply else 128, 0, rest, data, **kw))
    return ip4(src, dst, 1, icmp4(0 if reply else 8, 0, rest, data, **kw))


def dns(ident, name, answer=None, kind=1):
    labels = b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"
    message = struct.pack("!HHHHHH", ident, 0x8180 if answer else 0x0100, 1, 1 if answer else 0, 0, 0) + labels
    message += struct.pack("!HH", kind, 1)
    if answer:
        a = addr(answer)
        message += struct.pack("!HHHIH", 0xc00c, kind, 1, 300, len(a)) + a
    return message


# ---- capture files ---------------------------------------------------------------------------------------------

class Capture:
    """Packets with times (nanoseconds); `wrap` makes the frame of an IP packet."""

    def __init__(self, wrap=eth, link=ETHERNET, start=START):
        self.wrap, self.link, self.now, self.packets = wrap, link, start, []

    def frame(self, frame, dt=0.001, wire=None, at=None):
        self.now = self.now + round(dt * 1e9) if at is None else at
        self.packets.append((self.now, frame, len(frame) if wire is None else wire))

    def add(self, packet, dt=0.001, **kw):
        self.frame(self.wrap(packet), dt, **kw)

    def sort(self):
        self.packets.sort(key=lambda p: p[0])
        return self

    def snapped(self, snaplen):
        self.packets = [(t, frame[:snaplen], wire) for t, frame, wire in self.packets]
        return self

    def pcap(self, order="<", nano=False, snaplen=262144):
        out = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, snaplen, self.link)]
        for t, frame, wire in self.packets:
            sec, rest = divmod(t, 10**9)
            out.append(struct.pack(order + "IIII", sec, rest if nano else rest // 1000, len(frame), wire) + frame)
        return b"".join(out)

    def write(self, path, **kw):
        with open(path, "wb") as f:
            f.write(self.pcap(**kw))


class Pcapng:
    """One pcapng file, block by block."""

    def __init__(self, order="<"):
        self.order, self.out = order, []

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def block(self, kind, body):
        body += b"\0" * (-len(body) % 4)
        total = len(body) + 12
        self.out.append(self.pack("II", kind, total) + body + self.pack("I", total))

    def option(self, code, value):
        return self.pack("HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def section(self, order=None):
        self.order = order or self.order
        self.block(0x0a0d0d0a, self.pack("IHHq", 0x1a2b3c4d, 1, 0, -1))

    def interface(self, link, tsresol=None, tsoffset=None, snaplen=0):
        options = b""
        if tsresol is not None:
            options += self.option(9, bytes([tsresol]))
        if tsoffset is not None:
            options += self.option(14, self.pack("q", tsoffset))
        self.block(1, self.pack("HHI", link, 0, snaplen) + options + (self.option(0, b"") if options else b""))

    def enhanced(self, interface, ticks, frame, wire=None, comment=b""):
        options = self.option(1, comment) + self.option(0, b"") if comment else b""
        self.block(6, self.pack("IIIII", interface, ticks >> 32, ticks & 0xffffffff, len(frame),
                                len(frame) if wire is None else wire) + frame + b"\0" * (-len(frame) % 4) + options)

    def simple(self, frame):
        self.block(3, self.pack("I", len(frame)) + frame)

    def obsolete(self, interface, ticks, frame):
        head = self.pack("HHIIII", interface, 0, ticks >> 32, ticks & 0xffffffff, len(frame), len(frame))
        self.block(2, head + frame)

    def bytes(self):
        return b"".join(self.out)


# ---- TCP connections -------------------------------------------------------------------------------------------

STEP = re.compile(r"([cs]):([FSRPAU.]+)(?:=(\d+))?((?:,[a-z]+(?:[=+-][-+]?[\d.]+)?)*)$")


class Flow:
    """One TCP connection between a client and a server; see play()."""

    def __init__(self, cap, client="192.168.1.10", cport=40000, server="203.0.113.5", sport=49999, isn=(1000, 500000)):
        self.cap, self.ends = cap, {"c": (client, cport), "s": (server, sport)}
        self.next = {"c": isn[0], "s": isn[1]}

    def packet(self, side, flags, data=b"", seq=0, ack=0, dt=0.01, **kw):
        """`seq` and `ack` are added to the correct values.  A side advances unless it sends old data."""
        other = "s" if side == "c" else "c"
        (src, sport), (dst, dport) = self.ends[side], self.ends[other]
        at = self.next[side] + seq
        answered = self.next[other] + ack if flags & ACK else 0
        # Each packet has its own IPv4 identification, as from a host; with the same one it would be the same packet.
        ident = {} if ":" in src else {"ident": (len(self.cap.packets) + 1) & 0xffff}
        self.cap.add(ip(src, dst, 6, tcp(src, dst, sport, dport, at, answered, flags, data, **kw), **ident), dt)
        end = at + len(data) + bool(flags & SYN) + bool(flags & FIN)
        self.next[side] = max(self.next[side], end)
        return self

    def play(self, script):
        """Steps such as `c:S s:SA c:A c:PA=40 s:FA,win=0,dt=2`: who, flags, bytes of data, then seq-40, ack+1 (moved by
        so much), win=N, dt=SECONDS, bad (a wrong checksum), lost (it moves on but is not in the capture)."""
        for step in script.split():
            m = STEP.match(step)
            if not m:
                raise ValueError("not a step: " + step)
            side, letters, size, rest = m.groups()
            flags, kw = sum(FLAGS[l] for l in letters), {}
            for word in rest.split(",")[1:]:
                name, sign, value = re.match(r"([a-z]+)([=+-]?)(.*)", word).groups()
                number = float(value) if name == "dt" else int(value or 0)
                kw[name] = True if not sign else -number if sign == "-" else number
            lost = kw.pop("lost", False)
            self.packet(side, flags, filler(int(size or 0)), **kw)
            if lost:
                self.cap.packets.pop()
        return self

    def say(self, side, data, dt=0.01, mss=1460):
        """Sends data of one side in segments, each of which is acknowledged."""
        for at in range(0, len(data), mss):
            self.packet(side, PSH | ACK, data[at:at + mss], dt=dt)
            self.packet("s" if side == "c" else "c", ACK, dt=dt / 2)
        return self


def filler(n):
    """Returns bytes that resemble no protocol."""
    return bytes((i * 7 + 0x81) & 0xff | 0x80 for i in range(n))
