"""`connlog extract --anonymize`: packets with other addresses and nothing of the old ones, which give the same records."""
import json
import os
import re
import shutil
import struct

from anonymize_test import found, key, secrets
from env import Skip
from extract_test import blocks, frames, interfaces, options, packets
from netlib import (ETHERNET, IEEE80211, Capture, Flow, Pcapng, addr, checksum, eth, ext6, filler, fragments4, fragments6, icmp4, icmp6, ip4, ip6,
                    ip_tcp, ip_udp, tcp, udp)

A, B, C, D = "198.51.100.77", "203.0.113.201", "192.0.2.133", "233.252.0.99"
A6, B6, C6, D6 = "2001:db8:a1b2:c3d4:5e6f:7081:92a3:b4c5", "2001:db8:1122:3344:5566:7788:99aa:bbcc", "fd12:3456:789a:bcde:f012:3456:789a:bcde", "ff05::d1e2:f3a4:b5c6"
MAC1, MAC2, MAC3 = bytes.fromhex("02a1b2c3d4e5"), bytes.fromhex("02112233aabb"), bytes.fromhex("0299887766ee")
# Columns that depend on payload, on which networks are local, or on a seed.
LOST = {"service", "failed_service", "speculative_service", "service_violation"}
OTHER = {"uid", "tunnel_parents", "local_orig", "local_resp"}
CAPTURES = ("http.pcap", "tcp-states.pcap", "tcp-times.pcap", "udp-icmp.pcap", "fragments.pcap", "ip-tunnels.pcap", "udp-tunnels.pcap", "links.pcapng",
            "link-nflog.pcap", "snaplen.pcap", "ipv6.pcap", "link-wifi-qos.pcap", "ethernet.pcap", "link-fddi.pcap")


def kept(rows, without):
    return sorted(json.dumps({k: v for k, v in r.items() if k not in without}, sort_keys=True) for r in rows if r["orig_pkts"] + r["resp_pkts"] > 0)


def extract(env, capture, out, *more, code=0):
    """Extracts the packets of all records."""
    return env.run("extract", "-C", "-q", "--seed", "s", "--where", "ts is set", "--anonymize", key(env), "-w", out, *more, capture, code=code)


def anonymized(env, capture):
    return env.log("-q", "-C", "--seed", "s", "--anonymize", key(env), capture)


def test_the_records_are_the_anonymized_ones(env):
    for name in CAPTURES:
        capture = env.capture(name)
        want = anonymized(env, capture)
        for more, without in ((["--keep-payload"], OTHER), ([], OTHER | LOST)):
            extract(env, capture, "out.pcapng", *more)
            assert kept(env.log("-q", "-C", "out.pcapng"), without) == kept(want, without), (name, more)
            with open(env.tmp + "/out.pcapng", "rb") as f:
                written = f.read()
            hidden = found(bytes_of(env, capture), written)
            assert more or not hidden, (name, hidden)


def bytes_of(env, capture):
    """Returns patterns that match the addresses and uids in a capture's records, as text and as bytes."""
    rows = env.log("-q", "-C", "--seed", "s", capture)
    patterns = secrets(rows)
    for r in rows:
        for name in ("orig_l2_addr", "resp_l2_addr"):
            link = bytes.fromhex(r.get(name, "").replace(":", ""))
            if any(link):
                patterns.add(re.escape(link))
        for name in ("id.orig_h", "id.resp_h"):
            if ":" not in r[name] and len(set(addr(r[name]))) > 2:
                patterns.add(re.escape(addr(r[name])))
    return patterns


def test_captures_of_others(env):
    """With payload, everything stays the same except for roles that Zeek assigns because an address is a multicast
    address, Teredo, which is recognised by its prefix, and connections that FTP and IRC announce. Without payload,
    analyzers that find nothing give no X and do not influence which side is the originator."""
    folder = env.shared + "/conformance/traces"
    if not os.path.isdir(folder):
        raise Skip("no " + folder)
    paths = sorted(os.path.join(d, name) for d, _, names in os.walk(folder) for name in names)[::10]
    rows = 0
    for path in paths:
        plain = rows_of(env, path)
        if not plain or any(is_special(r) for r in plain):
            continue
        want = rows_of(env, path, "--anonymize", key(env))
        for more, without in ((["--keep-payload"], OTHER), ([], OTHER | LOST)):
            done = env.command(env.connlog, "extract", "-C", "-q", "--seed", "s", "--where", "ts is set", "--anonymize", key(env), *more, "-w", "out.pcapng", path)
            assert "Sanitizer" not in done.stderr and done.returncode < 2, done.stderr
            got = rows_of(env, "out.pcapng")
            if not more:
                want, got = map(without_roles, (want, got))
            assert kept(got, without) == kept(want, without), (path, more)
            with open(env.tmp + "/out.pcapng", "rb") as f:
                written = f.read()
            assert more or not found(secrets(plain), written), path
        rows += len(plain)
    assert rows > 50


def rows_of(env, path, *more):
    done = env.command(env.connlog, "-q", "-C", "--seed", "s", "--fields", "all", "--format", "json", *more, path)
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_special(r):
    group = re.match(r"(22[4-9]|23[0-9]|255\.255|ff)", r["id.resp_h"]) or re.match(r"(22[4-9]|23[0-9]|255\.255|ff)", r["id.orig_h"])
    return group or re.search("teredo|ftp|irc", json.dumps(r.get("service", "")))


def without_roles(rows):
    """Removes what depends on the order of addresses: with equal UDP ports the first sender is the originator, and there is no X."""
    changed = []
    for r in rows:
        r = dict(r, history=r.get("history", "").replace("X", ""))
        if r["id.orig_p"] == r["id.resp_p"] or "^" in r["history"]:
            r = {"ts": r["ts"], "ends": sorted((r["id.orig_h"], r["id.resp_h"])), "orig_pkts": r["orig_pkts"] + r["resp_pkts"], "resp_pkts": 0}
        changed.append(r)
    return changed


# ---- headers of every kind -----------------------------------------------------------------------------------------------------

SECRETS = [addr(a) for a in (A, B, C, D, A6, B6, C6, D6)] + [MAC1, MAC2, MAC3]
TEXTS = [a.encode() for a in (A, B, C, D, A6, B6, C6, D6)]


def every(data):
    """Returns data that contains every address, as bytes and as text."""
    return data + b"".join(SECRETS) + b" ".join(TEXTS)


def ether(payload, kind=None, pad=b""):
    return eth(payload, kind, src=MAC1, dst=MAC2, pad=False) + pad


def arp(op=1):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, op) + MAC1 + addr(A) + MAC3 + addr(B)


def vxlan(frame):
    return ip_udp(A, B, 40000, 4789, bytes([8, 0, 0, 0, 0, 0, 7, 0]) + frame)


def geneve(content, kind):
    opts = struct.pack("!HBB", 0x0102, 3, 1) + addr(A)
    return ip_udp(A, B, 40001, 6081, struct.pack("!BBHI", len(opts) // 4, 0, kind, 0x700) + opts + content)


def gtp(content):
    return ip_udp(A, B, 2152, 2152, struct.pack("!BBHIHBB", 0x34, 255, len(content) + 4 + 8, 9, 0, 0, 0xc0) + bytes([2]) + addr(A) + b"\1\1\0" + content)


def ayiya(content):
    return ip_udp(A, B, 40003, 5072, bytes([0x41, 0x52, 0x11, 41]) + struct.pack("!I", 1700000000) + addr(A6) + filler(20) + content)


def teredo(content):
    origin = b"\0\0" + struct.pack("!H", 4000 ^ 0xffff) + bytes(b ^ 0xff for b in addr(C))
    return ip_udp(A, B, 40004, 3544, b"\0\1\4\4" + addr(A) + addr(B) + filler(8) + b"\0" + origin + content)


def gre(content, kind=0x0800, flags=0xb000):
    head = struct.pack("!HHHHII", flags, kind, 0, 0, 77, 1)
    return ip4(A, B, 47, head[:4] + struct.pack("!H", checksum(head + content)) + head[6:] + content)


def quotes():
    """Builds ICMP messages about packets of each transport, whole and truncated, and a redirect."""
    said = [ip_udp(A, B, 700, 701, every(b"")), ip_tcp(A, B, 702, 703, 1, 2, 16, every(b"")), ip4(A, B, 1, icmp4(8, 0, b"\0\1\0\2", every(b"")))]
    for inner in said:
        for n in (28, 36, len(inner)):
            yield ip4(C, A, 1, icmp4(3, 1, data=inner[:n]))
    yield ip4(C, A, 1, icmp4(5, 1, rest=addr(D), data=said[0][:28]))
    inner = ip6(A6, B6, 17, udp(A6, B6, 1, 2, every(b"")))
    yield ip6(C6, A6, 58, icmp6(C6, A6, 1, 4, data=inner))
    yield ip6(C6, A6, 58, icmp6(C6, A6, 2, 0, rest=b"\0\0\5\xdc", data=inner[:60]))


def discovery():
    option = b"\1\1" + MAC1
    yield ip6(A6, D6, 58, icmp6(A6, D6, 135, 0, data=addr(B6) + option))
    yield ip6(B6, A6, 58, icmp6(B6, A6, 136, 0, rest=b"\x60\0\0\0", data=addr(B6) + b"\2\1" + MAC2))
    prefix = b"\3\4\x40\xc0" + bytes(12) + addr(A6)
    yield ip6(C6, D6, 58, icmp6(C6, D6, 134, 0, data=bytes(8) + option + prefix))
    yield ip6(C6, A6, 58, icmp6(C6, A6, 137, 0, data=addr(B6) + addr(C6) + option))
    yield ip6(A6, D6, 58, icmp6(A6, D6, 131, 0, data=addr(D6)))
    yield ip4(C, A, 1, icmp4(9, 0, rest=b"\1\2\0\x0a", data=addr(C) + bytes(4)))


def headers():
    """Builds headers with addresses in unexpected places."""
    route = bytes([7, 11, 12]) + addr(C) + addr(D)
    yield ip4(A, B, 17, udp(A, B, 5, 6, every(b"")), options=route + b"\x44\x0c\x0d\1" + addr(A) + bytes(4))
    add_addr = bytes([30, 8, 0x30, 1]) + addr(C)
    yield ip4(A, B, 6, tcp(A, B, 40010, 80, 1, 2, 16, every(b""), options=b"\2\4\5\xb4" + add_addr))
    home = b"\xc9\x10" + addr(C6)
    yield ip6(A6, B6, 60, ext6(17, udp(C6, B6, 7, 8, b"from home"), body=b"\1\2\0\0" + home))
    yield ip6(A6, B6, 43, ext6(17, udp(A6, C6, 9, 10, b"by route"), body=b"\0\1" + bytes(4) + addr(C6)))
    yield ip6(A6, B6, 43, ext6(17, udp(A6, B6, 11, 12, b"by segment"), body=b"\4\0\1\0\0\0" + addr(C6) + addr(B6)))
    yield ip6(A6, B6, 0, ext6(17, udp(A6, B6, 13, 14, b"hop by hop"), body=b"\x1e\x10" + addr(A6)))
    yield ip4(A, B, 132, every(b""))


def of_every_kind():
    cap = Capture(wrap=ether)
    inner = ip_udp(C, D, 800, 801, every(b"inner"))
    six = ip6(C6, B6, 17, udp(C6, B6, 802, 803, every(b"inner")))
    for packet in (vxlan(ether(arp(), 0x0806)), vxlan(ether(inner)), geneve(ether(inner), 0x6558), geneve(inner, 0x0800), geneve(arp(2), 0x0806),
                   gtp(inner), ayiya(six), teredo(six), gre(inner), gre(ether(inner), 0x6558), ip4(A, B, 4, inner), ip4(A, B, 41, six),
                   ip_udp(A, B, 40006, 4754, b"\0\0\x08\0" + inner), *quotes(), *discovery(), *headers()):
        cap.frame(ether(packet, pad=every(b"padding")))
    cap.frame(ether(struct.pack("!H", 5) + struct.pack("!H", 0x0800) + inner, 0x8100))
    return cap


def test_headers_of_every_kind(env):
    cap = of_every_kind()
    cap.write(env.tmp + "/in.pcap")
    extract(env, "in.pcap", "out.pcapng")
    want = anonymized(env, "in.pcap")
    assert len(want) == 25, len(want)
    assert kept(env.log("-q", "-C", "out.pcapng"), OTHER | LOST) == kept(want, OTHER | LOST)
    with open(env.tmp + "/out.pcapng", "rb") as f:
        written = f.read()
    with open(env.tmp + "/in.pcap", "rb") as f:
        before = f.read()
    assert all(s in before for s in SECRETS + TEXTS)
    assert not [s for s in SECRETS + TEXTS if s in written]
    assert [len(frame) for frame in frames(env.tmp + "/out.pcapng")] == [len(p[1]) for p in cap.packets]
    assert kept(env.log("-q", "out.pcapng"), OTHER | LOST) == kept(want, OTHER | LOST)  # all checksums that were right are still right


def test_checksums_as_wireshark_sees_them(env):
    if not shutil.which("tshark"):
        raise Skip("no tshark")
    of_every_kind().write(env.tmp + "/in.pcap")
    extract(env, "in.pcap", "out.pcapng")
    fields = ["ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "icmp.checksum.status", "icmpv6.checksum.status", "gre.checksum.status"]
    seen = []
    for name in ("in.pcap", "out.pcapng"):
        args = ["tshark", "-r", name, "-T", "fields", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        seen.append([line.replace("\t", "").replace(",", "") for line in env.must(*args, *[a for f in fields for a in ("-e", f)]).splitlines()])
    assert len(seen[0]) == len(seen[1]) > 35
    assert sum(line.count("1") for line in seen[1]) > 60  # good
    assert sum(line.count("0") for line in seen[1]) <= sum(line.count("0") for line in seen[0])  # bad


def test_bad_checksums_stay_bad_and_say_nothing(env):
    """The checksum that the network card should have completed is the sum of the packet's addresses."""
    cap = Capture()
    for n, bad in enumerate((False, True, False, True)):
        cap.add(ip_udp(A, B, 900 + n, 901, b"text", bad=bad))
        cap.add(ip_tcp(A, B, 910 + n, 911, 1, 0, 2, bad=bad))
        cap.add(ip4(A, B, 1, icmp4(8, n, b"\0\1\0\2", b"text", bad=bad)))
        cap.add(ip4(A, B, 17, udp(A, B, 920 + n, 921, b"text"), bad=bad))
        cap.add(ip_udp(A, B, 930 + n, 931, b"text", none=True))
    partial = bytearray(ip_tcp(A, B, 40000, 80, 7, 0, 2))
    partial[36:38] = struct.pack("!H", checksum(addr(A) + addr(B) + struct.pack("!HH", 6, 20)) ^ 0xffff)
    cap.add(bytes(partial))
    cap.write(env.tmp + "/in.pcap")
    extract(env, "in.pcap", "out.pcapng")
    log = lambda *args: kept(env.log("-q", *args), OTHER | LOST)
    assert log("-C", "out.pcapng") == log("-C", "--anonymize", key(env), "in.pcap")
    states = lambda name: sorted((r["id.orig_p"], r.get("history", "")) for r in env.log("-q", name))
    assert [s for s in states("in.pcap") if "C" in s[1]] == [s for s in states("out.pcapng") if "C" in s[1]]
    assert sum("C" in h for _, h in states("out.pcapng")) == 5
    new = [f for f in frames(env.tmp + "/out.pcapng") if struct.unpack_from("!H", f, 34)[0] == 40000][0]
    right = checksum(new[26:34] + struct.pack("!HH", 6, 20) + new[34:50] + b"\0\0" + new[52:54])
    assert struct.unpack_from("!H", new, 50)[0] == right + 1


# ---- fragments -----------------------------------------------------------------------------------------------------------------

def test_fragments_and_what_is_in_them(env):
    """Covers datagrams in any order, one of them an encapsulation in fragments around fragments; IPv6 as well."""
    cap = Capture()
    large = fragments4(A, B, 17, udp(A, B, 5000, 5001, every(filler(2400))), 600)
    inner = fragments4(C, D, 17, udp(C, D, 700, 701, filler(1600)), 800, ident=9)
    for n, piece in enumerate(inner):
        for packet in fragments4(A, B, 17, udp(A, B, 40000, 4789, bytes([8, 0, 0, 0, 0, 0, 1, 0]) + ether(piece)), 304, ident=20 + n):
            cap.add(packet)
            if large:
                cap.add(large.pop())
            cap.add(ip_udp(A, B, 41000, 41001, b"between"))
    for packet in large[::-1] + fragments6(A6, B6, 6, tcp(A6, B6, 50, 51, 1, 2, 16, filler(2000)), 520) + fragments4(A, B, 1, icmp4(8, 0, b"\0\1\0\1", filler(3000)), 1480, ident=44):
        cap.add(packet)
    cap.write(env.tmp + "/in.pcap")
    for more, without in ((["--keep-payload"], OTHER), ([], OTHER | LOST)):
        extract(env, "in.pcap", "out.pcapng", *more)
        want = env.log("-q", "--anonymize", key(env), "in.pcap")  # without -C: checksums are verified
        assert len(want) == 6 and kept(env.log("-q", "out.pcapng"), without) == kept(want, without), more
        assert [p[1] for p in packets(env.tmp + "/out.pcapng")] == [p[0] // 1000 for p in cap.packets]  # in the original order
    with open(env.tmp + "/out.pcapng", "rb") as f:
        written = f.read()
    assert not [s for s in SECRETS + TEXTS if s in written]


def test_pieces_of_an_aggregate(env):
    """802.11 A-MSDU: each packet in it has its own link addresses."""
    msdu = lambda packet: MAC1 + MAC2 + struct.pack("!H", len(packet)) + packet + bytes(len(packet) % 4)  # Zeek counts the padding
    snap = lambda packet, kind=0x0800: b"\xaa\xaa\3\0\0\0" + struct.pack("!H", kind) + packet
    body = msdu(snap(ip_udp(A, B, 1000, 1001, every(b"")))) + msdu(snap(arp(), 0x0806)) + msdu(snap(ip_udp(B, A, 1001, 1000, b"answer")))
    cap = Capture(wrap=lambda p: p, link=IEEE80211)
    cap.frame(b"\x88\1\0\0" + MAC2 + MAC1 + MAC3 + b"\x10\0" + b"\x80\0" + body)
    cap.write(env.tmp + "/in.pcap")
    extract(env, "in.pcap", "out.pcapng")
    want = anonymized(env, "in.pcap")
    assert kept(env.log("-q", "out.pcapng"), OTHER) == kept(want, OTHER) and want[0]["resp_pkts"] == 1
    with open(env.tmp + "/out.pcapng", "rb") as f:
        written = f.read()
    assert not [s for s in SECRETS + TEXTS if s in written]


# ---- the file ------------------------------------------------------------------------------------------------------------------

def test_pcapng_says_nothing_of_names(env):
    frame = lambda n: ether(ip_udp(A, B, 6000, 6001, b"number %d" % n))
    png = Pcapng()
    png.section()
    said = [(1, b"seen by " + TEXTS[0]), (2, b"eth-" + TEXTS[0]), (3, TEXTS[1]), (4, addr(A) + addr(B)), (5, addr(A6) + b"\x40"), (6, MAC1),
            (8, struct.pack("<Q", 10**9)), (9, b"\x09"), (11, b"\0host " + TEXTS[0]), (12, b"an OS"), (2988, MAC2)]
    png.block(1, png.pack("HHI", ETHERNET, 0, 300) + b"".join(png.option(c, v) for c, v in said) + png.option(0, b""))
    png.block(4, png.pack("HH", 1, 12) + addr(A) + b"a.example\0" + bytes(2) + png.pack("HH", 0, 0))  # names
    png.block(10, png.pack("II", 0x544c534b, 8) + b"a secret")
    body = png.pack("IIIII", 0, *divmod(1700000000 * 10**9, 2**32), len(frame(0)), len(frame(0))) + frame(0) + bytes(-len(frame(0)) % 4)
    notes = [(1, b"from " + TEXTS[0]), (2, struct.pack("<I", 1)), (3, b"\2" + bytes(4)), (4, struct.pack("<Q", 7)), (7, b"\0" + TEXTS[1])]
    png.block(6, body + b"".join(png.option(c, v) for c, v in notes) + png.option(0, b""))
    with open(env.tmp + "/in.pcapng", "wb") as f:
        f.write(png.bytes())
    extract(env, "in.pcapng", "out.pcapng")
    out = env.tmp + "/out.pcapng"
    assert interfaces(out) == [(1, 300, [(8, struct.pack("<Q", 10**9)), (9, b"\x09")])]
    packet = [b for kind, b in blocks(out) if kind == 6][0]
    assert [c for c, _ in options(packet[20 + (len(frame(0)) + 3 & ~3):])] == [2, 4, 1]
    assert {kind for kind, _ in blocks(out)} == {0x0a0d0d0a, 1, 6}
    with open(out, "rb") as f:
        written = f.read()
    assert not [s for s in SECRETS + TEXTS + [b"a.example", b"a secret", b"an OS", b"seen by"] if s in written]


def test_names_are_those_of_the_shared_log(env):
    capture = env.capture("http.pcap")
    plain, new = env.log("-q", "--seed", "s", capture), env.log("-q", "--seed", "s", "--anonymize", key(env), capture)
    became = {r["uid"]: n for r, n in zip(plain, new)}
    env.run("extract", "-q", "--seed", "s", "--where", "ts is set", "--anonymize", key(env), "-w", "each/", capture)
    assert sorted(os.listdir(env.tmp + "/each")) == sorted(n["uid"] + ".pcapng" for n in new)
    one = plain[0]["uid"]
    env.run("extract", "-q", "--seed", "s", "--uid", one, "--anonymize", key(env), "-w", "one.pcapng", capture)
    with open(env.tmp + "/one.pcapng", "rb") as f, open("%s/each/%s.pcapng" % (env.tmp, became[one]["uid"]), "rb") as g:
        written = f.read()
        assert written == g.read()
    said = [v.decode() for c, v in options(blocks(env.tmp + "/one.pcapng")[0][1][16:]) if c == 1]
    assert len(said) == 1 and said[0].startswith("%s tcp %s port " % (became[one]["uid"], became[one]["id.orig_h"])) and one.encode() not in written
    assert packets(env.tmp + "/one.pcapng")[0][4] == ["connlog: " + became[one]["uid"]]


def test_payload_is_kept_on_request_alone(env):
    cap = Capture()
    Flow(cap, A, 2000, B, 80).play("c:S s:SA c:A")
    cap.add(ip_tcp(A, B, 2000, 80, 1001, 500001, 24, b"GET / HTTP/1.0\r\nHost: the.example\r\n\r\n"))
    cap.write(env.tmp + "/in.pcap")
    for more, there in (([], False), (["--keep-payload"], True)):
        done = env.run("extract", "--where", "ts is set", "--anonymize", key(env), *more, "-w", "out.pcapng", "in.pcap")
        with open(env.tmp + "/out.pcapng", "rb") as f:
            assert (b"Host: the.example" in f.read()) == there
        assert ("warning: --keep-payload: names, addresses and contents that packets carry are in out.pcapng as they were" in done.stderr) == there


def test_mistakes(env):
    capture = env.capture("http.pcap")
    for arguments, want in ((["--keep-payload"], "--keep-payload is about --anonymize"), (["--anonymize", "nowhere"], "--anonymize nowhere: cannot be read")):
        done = env.run("extract", "-w", "o", "--where", "ts is set", *arguments, capture, code=2)
        assert want in done.stderr and not os.path.exists(env.tmp + "/o"), done.stderr
