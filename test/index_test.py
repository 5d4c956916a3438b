"""`connlog index`: with an index the same packets are found and less is read; an outdated index is not used."""
import os
import re
import struct

from extract_test import frames
from netlib import Capture, Pcapng, eth, ETHERNET, filler, fragments4, icmp4, ip4, ip_udp, udp

A, B = "10.0.0.1", "10.0.0.2"
NOISE = filler(1400)


def noise(cap, megabytes, net="172.16.%d.1"):
    for n in range(megabytes * 740):
        cap.add(ip_udp(net % (n % 50), "172.16.99.9", 1000 + n % 7, 2000, NOISE), dt=0.0001)


def scattered():
    """Returns three connections with the same tuple, with other traffic between their packets."""
    cap = Capture()
    for n in range(3):
        noise(cap, 1)
        for k in range(3):
            cap.add(ip_udp(A, B, 5000, 5001, b"number %d %d" % (n, k)), dt=0.5)
            cap.add(ip_udp(B, A, 5001, 5000, b"answer %d %d" % (n, k)), dt=0.5)
            noise(cap, 1)
        cap.now += 100 * 10**9
    return cap


def as_pcapng(cap, path):
    png = Pcapng()
    png.section()
    png.interface(ETHERNET, tsresol=9)
    for n, (t, frame, _) in enumerate(cap.packets):
        if n == len(cap.packets) // 2:
            png.section()
            png.interface(1)
            png.interface(ETHERNET, tsresol=9)
        png.enhanced(int(n >= len(cap.packets) // 2), t, frame)
    with open(path, "wb") as f:
        f.write(png.bytes())


def work(done):
    """Returns (captures with an index, captures, megabytes read, walks) from --verbose."""
    m = re.search(r"(\d+) of (\d+) captures have an index, ([\d.]+) MB of them read in (\d+) walks", done.stderr)
    return int(m.group(1)), int(m.group(2)), float(m.group(3)), int(m.group(4))


def both(env, *arguments, log="conn.log"):
    """Extracts with and without the index. Returns the frames and the work with the index."""
    done = env.run("extract", "-v", "--log", log, *arguments, "-w", "with.pcapng")
    env.run("extract", "--no-index", "--log", log, *arguments, "-w", "without.pcapng")
    with open(env.tmp + "/with.pcapng", "rb") as f, open(env.tmp + "/without.pcapng", "rb") as g:
        assert f.read() == g.read()
    return frames(env.tmp + "/with.pcapng"), work(done)


def index_of(path):
    folder, name = os.path.split(path)
    return os.path.join(folder, "." + name + ".connlog-index")


def test_the_same_packets_are_found_and_less_is_read(env):
    cap = scattered()
    os.mkdir(env.tmp + "/archive")
    half = len(cap.packets) // 2
    every = list(cap.packets)
    cap.packets = every[:half]
    cap.write(env.tmp + "/archive/one.pcap")
    cap.packets = every[half:]
    as_pcapng(cap, env.tmp + "/archive/two.pcapng")
    env.run("index", "archive")
    assert sorted(os.listdir(env.tmp + "/archive")) == [".one.pcap.connlog-index", ".two.pcapng.connlog-index", "one.pcap", "two.pcapng"]
    size = sum(os.path.getsize(env.tmp + "/archive/" + n) for n in ("one.pcap", "two.pcapng"))
    assert sum(os.path.getsize(index_of(env.tmp + "/archive/" + n)) for n in ("one.pcap", "two.pcapng")) < size / 1000
    env.run("-q", "-o", ".", "archive")
    rows = [row for row in env.log("-q", "--seed", "s", "archive") if row["id.orig_h"] == A]
    assert len(rows) == 3
    mine = [p[1] for p in every if b"number" in p[1] or b"answer" in p[1]]
    for n, row in enumerate(rows):
        got, (indexed, captures, read, walks) = both(env, "--where", "id.orig_h == %s and ts >= %.6f and ts <= %.6f" % (A, row["ts"] - 1, row["ts"] + 1), "archive")
        assert got == mine[6 * n:6 * n + 6]
        assert (indexed, captures, walks) == (2, 2, 1) and read < size / 1e6 / 2, (read, size)
    got, (_, _, read, walks) = both(env, "--where", "id.orig_h == " + A, "archive")
    assert got == mine and walks == 1 and read < size / 1e6 * 0.9


def test_an_index_is_made_once(env):
    cap = Capture()
    noise(cap, 2)
    cap.write(env.tmp + "/x.pcap")
    said = env.run("index", "-v", "x.pcap").stderr
    assert "x.pcap: %d packets" % len(cap.packets) in said and "was there" not in said
    with open(index_of(env.tmp + "/x.pcap"), "rb") as f:
        first = f.read()
    assert first[:8] == b"connlogX" and struct.unpack_from("<I", first, 8) == (1,)
    assert "was there" in env.run("index", "-v", "x.pcap").stderr
    assert "was there" not in env.run("index", "-v", "--anew", "x.pcap").stderr
    with open(index_of(env.tmp + "/x.pcap"), "rb") as f:
        assert f.read() == first
    assert env.run("index", code=2).stderr.startswith("connlog: no capture")
    assert "missing.pcap: is no file" in env.run("index", "missing.pcap", code=1).stderr


def test_an_index_that_is_not_good_is_not_used(env):
    cap = scattered()
    cap.write(env.tmp + "/x.pcap")
    env.run("-q", "-o", ".", "x.pcap")
    want = [p[1] for p in cap.packets if b"number" in p[1] or b"answer" in p[1]]
    for damage in ("touch", "flip", "cut", "grow"):
        env.run("index", "--anew", "x.pcap")
        if damage == "touch":
            os.utime(env.tmp + "/x.pcap", (1, 1))
        elif damage == "grow":
            cap.add(ip_udp(A, "10.9.9.9", 1, 2, b"more"))
            cap.write(env.tmp + "/x.pcap")
        else:
            with open(index_of(env.tmp + "/x.pcap"), "r+b") as f:
                data = bytearray(f.read())
                data[200] ^= 1
                f.seek(0)
                f.truncate()
                f.write(data if damage == "flip" else data[:-20])
        done = env.run("extract", "-v", "--log", "conn.log", "--where", "id.resp_h == " + B, "-w", "out", "x.pcap")
        assert frames(env.tmp + "/out") == want and work(done)[0] == 0, damage
        assert "warning: the indexes of 1 captures are not used: %d are of other versions of them, %d are damaged" % (
            (1, 0) if damage in ("touch", "grow") else (0, 1)) in done.stderr, (damage, done.stderr)


def test_fragments_in_other_blocks(env):
    """The first fragment of the encapsulation is megabytes before its last: the packet inside counts for both."""
    cap = Capture()
    vxlan = bytes([8, 0, 0, 0, 0, 0, 1, 0])
    packet = vxlan + eth(ip_udp("192.168.7.1", "192.168.7.2", 700, 701, filler(900)))
    noise(cap, 2)
    for piece in fragments4("10.1.1.1", "10.1.1.2", 17, udp("10.1.1.1", "10.1.1.2", 40000, 4789, packet), 304, ident=20):
        cap.add(piece)
        noise(cap, 2)
    cap.write(env.tmp + "/x.pcap")
    env.run("index", "x.pcap")
    env.run("-q", "-o", ".", "x.pcap")
    got, (_, _, read, walks) = both(env, "--where", "id.orig_h == 192.168.7.1", "x.pcap")
    assert got == [p[1] for p in cap.packets if NOISE not in p[1]] and len(got) == 4
    assert walks == 1 and read < os.path.getsize(env.tmp + "/x.pcap") / 1e6 * 0.7


def test_more_is_read_when_something_does_not_add_up(env):
    """The first fragment comes two minutes before the rest of the datagram, and the connection begins with the last one."""
    cap = Capture()
    pieces = fragments4(A, B, 17, udp(A, B, 5000, 5001, filler(1000)), 504)
    cap.add(pieces[0])
    noise(cap, 3)
    cap.now += 120 * 10**9
    for piece in pieces[1:]:
        cap.add(piece)
    noise(cap, 3)
    cap.write(env.tmp + "/x.pcap")
    env.run("index", "x.pcap")
    env.run("-q", "-o", ".", "x.pcap")
    got, (_, _, _, walks) = both(env, "--where", "id.orig_h == " + A, "x.pcap")
    assert got == [p[1] for p in cap.packets if NOISE not in p[1]] and walks == 2


def test_icmp_errors_by_index(env):
    cap = Capture()
    mine = ip_udp(A, B, 5000, 5001, b"into the dark")
    noise(cap, 2)
    cap.add(mine)
    noise(cap, 3)
    cap.add(ip4("10.7.7.7", A, 1, icmp4(11, 0, data=mine[:28])))
    noise(cap, 2)
    cap.write(env.tmp + "/x.pcap")
    env.run("index", "x.pcap")
    env.run("-q", "-o", ".", "x.pcap")
    got, (_, _, read, walks) = both(env, "--icmp-errors", "--where", "id.resp_h == " + B, "x.pcap")
    assert len(got) == 2 and walks == 1 and read < 4


def test_compressed_captures_are_read_whole_or_not_at_all(env):
    os.mkdir(env.tmp + "/archive")
    for n in range(3):
        cap = Capture(start=1700000000 * 10**9 + n * 1000 * 10**9)
        noise(cap, 2)
        if n == 1:
            cap.add(ip_udp(A, B, 5000, 5001, b"here"))
        cap.write(env.tmp + "/archive/%d.pcap" % n)
        env.must("gzip", "-1", env.tmp + "/archive/%d.pcap" % n)
    env.run("index", "archive")
    env.run("-q", "-o", ".", "archive")
    got, (indexed, _, read, walks) = both(env, "--where", "id.orig_h == " + A, "archive")
    assert len(got) == 1 and (indexed, walks) == (3, 1)
    assert abs(read - os.path.getsize(env.tmp + "/archive/1.pcap.gz") / 1e6) < 0.1


def test_a_damaged_capture_is_indexed_up_to_the_damage(env):
    cap = scattered()
    cap.write(env.tmp + "/x.pcap")
    with open(env.tmp + "/x.pcap", "r+b") as f:
        f.truncate(os.path.getsize(env.tmp + "/x.pcap") - 100)
    assert "the file ends" in env.run("index", "x.pcap", code=1).stderr
    env.run("-q", "-o", ".", "x.pcap", code=1)
    done = env.command(env.connlog, "extract", "-v", "--log", "conn.log", "--where", "id.orig_h == " + A, "-w", "out", "x.pcap")
    assert work(done)[0] == 1 and frames(env.tmp + "/out") == [p[1] for p in cap.packets if b"number" in p[1] or b"answer" in p[1]]
