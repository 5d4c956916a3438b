"""`connlog extract`: exactly the packets that a record counted, from captures of every kind, and the messages when they do not match."""
import json
import os
import struct

from netlib import ETHERNET, Capture, Flow, Pcapng, eth, filler, fragments4, icmp4, ip4, ip_udp, udp

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
START = 1700000000


def blocks(path):
    """Returns [(type, contents)] of a little-endian pcapng file."""
    with open(path, "rb") as f:
        data = f.read()
    found, at = [], 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        assert struct.unpack_from("<I", data, at + size - 4)[0] == size
        found.append((kind, data[at + 8:at + size - 4]))
        at += size
    return found


def options(data):
    """Returns [(code, value)]."""
    found = []
    while len(data) >= 4:
        code, n = struct.unpack_from("<HH", data)
        if code == 0:
            break
        found.append((code, data[4:4 + n]))
        data = data[4 + (n + 3 & ~3):]
    return found


def packets(path):
    """Returns [(interface, time in its units, bytes, length on the wire, [comments])]."""
    found = []
    for kind, body in blocks(path):
        if kind == 6:
            interface, hi, lo, caplen, length = struct.unpack_from("<IIIII", body)
            rest = body[20 + (caplen + 3 & ~3):]
            found.append((interface, hi << 32 | lo, body[20:20 + caplen], length, [v.decode() for c, v in options(rest) if c == 1]))
    return found


def interfaces(path):
    return [(struct.unpack_from("<H", body)[0], struct.unpack_from("<I", body, 4)[0], options(body[8:]))
            for kind, body in blocks(path) if kind == 1]


def frames(path):
    return [p[2] for p in packets(path)]


def strip(rows):
    """Removes what depends on a seed or on the rest of the capture."""
    return sorted(json.dumps({k: v for k, v in row.items() if k not in ("uid", "tunnel_parents")}, sort_keys=True) for row in rows)


def log_of(env, capture, name="conn.log", *more):
    """Writes the log of the capture. Returns its rows."""
    with open(os.path.join(env.tmp, name), "w") as f:
        f.write(env.run("-q", *more, capture).stdout)
    return env.log("-q", *more, capture)


def test_the_packets_of_all_records_make_the_same_log(env):
    """With -C: a packet with a bad checksum leaves a letter in the history, but is not counted."""
    for name in ("http.pcap", "tcp-states.pcap", "tcp-times.pcap", "udp-icmp.pcap", "fragments.pcap", "ip-tunnels.pcap", "udp-tunnels.pcap",
                 "links.pcapng", "link-nflog.pcap", "snaplen.pcap", "ipv6.pcap", "link-wifi-qos.pcap"):
        capture = env.capture(name)
        rows = log_of(env, capture, "conn.log", "-C")
        env.run("extract", "-C", "--log", "conn.log", "--where", "ts is set", "-w", "out.pcapng", capture)
        assert strip(env.log("-q", "-C", "out.pcapng")) == strip(rows), name


def test_a_file_each_makes_the_record(env):
    for name in ("udp-tunnels.pcap", "fragments.pcap", "tcp-states.pcap"):
        capture = env.capture(name)
        folder = name + ".d"
        env.run("extract", "-C", "--seed", "s", "--where", "orig_pkts + resp_pkts > 0", "-w", folder + "/", capture)
        rows = [row for row in env.log("-q", "-C", "--seed", "s", capture) if row["orig_pkts"] + row["resp_pkts"] > 0]
        assert sorted(os.listdir(env.tmp + "/" + folder)) == sorted(row["uid"] + ".pcapng" for row in rows) and len(rows) > 2
        for row in rows[::3]:
            again = env.log("-q", "-C", "%s/%s.pcapng" % (folder, row["uid"]))
            assert strip([row])[0] in strip(again), row
            assert row["uid"] in packets("%s/%s/%s.pcapng" % (env.tmp, folder, row["uid"]))[0][4][0]


def test_fragments_of_a_datagram(env):
    cap = Capture()
    pieces = fragments4(A, B, 17, udp(A, B, 5000, 5001, filler(3000)), 1000)
    other = ip_udp(A, C, 5000, 5001, b"other")
    for packet in (pieces[2], other, pieces[0], other, *pieces[3:], pieces[1], ip_udp(B, A, 5001, 5000, b"answer"), other):
        cap.add(packet)
    cap.write(env.tmp + "/f.pcap")
    env.run("extract", "--where", "id.resp_h == " + B, "-w", "f.pcapng", "f.pcap")
    want = [packet[1] for i, packet in enumerate(cap.packets) if i not in (1, 3, len(cap.packets) - 1)]
    assert frames(env.tmp + "/f.pcapng") == want
    comments = [p[4][0] for p in packets(env.tmp + "/f.pcapng")]
    assert sum("(fragment)" in c for c in comments) == len(pieces) - 1 and "(fragment)" not in comments[-2]


def test_the_fragments_of_an_envelope(env):
    """The contents of a VXLAN packet that came in fragments, one of which is fragmented again inside."""
    cap = Capture()
    vxlan = bytes([8, 0, 0, 0, 0, 0, 1, 0])
    inner = fragments4("192.168.7.1", "192.168.7.2", 17, udp("192.168.7.1", "192.168.7.2", 700, 701, filler(1600)), 800, ident=9)
    for n, piece in enumerate(inner):
        for packet in fragments4(A, B, 17, udp(A, B, 40000, 4789, vxlan + eth(piece)), 304, ident=20 + n):
            cap.add(packet)
        cap.add(ip_udp(A, B, 41000, 41001, b"between"))
    cap.write(env.tmp + "/v.pcap")
    log = env.run("-q", "--seed", "s", "v.pcap").stdout
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(log)
    env.run("extract", "--log", "conn.log", "--where", "id.orig_h == 192.168.7.1", "-w", "v.pcapng", "v.pcap")
    want = [p[1] for p in cap.packets if b"between" not in p[1]]
    assert len(want) > 6 and frames(env.tmp + "/v.pcapng") == want


def test_two_connections_with_one_tuple(env):
    cap = Capture()
    for n in range(3):
        cap.add(ip_udp(A, B, 5000, 5001, b"first %d" % n), dt=1)
    for n in range(2):
        cap.add(ip_udp(B, A, 5001, 5000, b"second %d" % n), dt=100 if n == 0 else 1)
    flow = Flow(cap, A, 2000, B, 2001)
    flow.play("c:S s:SA c:A c:PA=10 s:A c:FA s:FA c:A")
    Flow(cap, A, 2000, B, 2001, isn=(777777, 888888)).play("c:S s:SA c:A c:PA=20 s:A")
    cap.write(env.tmp + "/t.pcap")
    rows = log_of(env, "t.pcap", "conn.log", "--seed", "s")
    assert len(rows) == 4, rows
    every = [p[1] for p in cap.packets]
    parts = {}
    for row in rows:
        env.run("extract", "--log", "conn.log", "--uid", row["uid"], "--seed", "s", "-w", row["uid"], "t.pcap")
        parts[row["ts"]] = frames(env.tmp + "/" + row["uid"])
        env.run("extract", "--uid", row["uid"], "--seed", "s", "-w", "same", "t.pcap")
        assert frames(env.tmp + "/same") == parts[row["ts"]]
    assert [parts[ts] for ts in sorted(parts)] == [every[:3], every[3:5], every[5:13], every[13:]]


def test_pcapng_keeps_what_it_said(env):
    frame = lambda n, to=B: eth(ip_udp(A, to, 6000, 6001, b"number %d" % n))
    png = Pcapng()
    png.section()
    png.interface(ETHERNET, snaplen=200)
    png.interface(ETHERNET, tsresol=9)
    png.block(1, png.pack("HHI", 101, 0, 96) + png.option(2, b"tun7") + png.option(8, png.pack("Q", 10**9)) + png.option(9, b"\x94") + png.option(0, b""))
    png.enhanced(0, START * 10**6 + 1, frame(0))
    png.enhanced(1, START * 10**9 + 123456789, frame(1), wire=90, comment=b"a note")
    png.enhanced(2, START * 2**20 + 2**19, ip_udp(A, B, 6000, 6001, b"raw"))
    png.enhanced(1, START * 10**9 + 600000001, frame(2, C))
    png.section(">")
    png.block(1, png.pack("HHI", ETHERNET, 0, 0) + png.option(2, b"big") + png.option(9, b"\x09") + png.option(14, png.pack("q", 5)) + png.option(0, b""))
    png.enhanced(0, (START - 4) * 10**9 + 999999999, frame(3), comment=b"another")
    with open(env.tmp + "/in.pcapng", "wb") as f:
        f.write(png.bytes())
    env.run("extract", "--where", "id.resp_h == " + B, "-w", "out.pcapng", "in.pcapng")
    out = env.tmp + "/out.pcapng"
    got = packets(out)
    assert [p[2] for p in got] == [frame(0), frame(1), ip_udp(A, B, 6000, 6001, b"raw"), frame(3)]
    assert [p[1] for p in got] == [START * 10**6 + 1, START * 10**9 + 123456789, START * 2**20 + 2**19, (START - 4) * 10**9 + 999999999]
    assert got[1][3] == 90 and got[1][4][0] == "a note" and got[3][4][0] == "another" and "connlog: C" in got[3][4][1]
    assert [p[0] for p in got] == [0, 1, 2, 3]
    assert interfaces(out) == [(1, 200, []), (1, 0, [(9, b"\x09")]), (101, 96, [(2, b"tun7"), (8, struct.pack("<Q", 10**9)), (9, b"\x94")]),
                               (1, 0, [(2, b"big"), (9, b"\x09"), (14, struct.pack("<q", 5))])]
    assert strip(env.log("-q", "out.pcapng")) == strip(row for row in env.log("-q", "in.pcapng") if row["id.resp_h"] == B)


def test_pcap_of_nanoseconds_and_snap_lengths(env):
    cap = Capture()
    for n in range(4):
        cap.add(ip_udp(A, B, 5000, 5001, filler(500)), dt=0.000000123)
    cap.snapped(100)
    for order in "<>":
        cap.write(env.tmp + "/n.pcap", order=order, nano=True, snaplen=100)
        env.run("extract", "--where", "ts is set", "-w", "n.pcapng", "n.pcap")
        assert [(p[1], p[2], p[3]) for p in packets(env.tmp + "/n.pcapng")] == cap.packets
        assert interfaces(env.tmp + "/n.pcapng") == [(1, 100, [(9, b"\x09")])]


def test_icmp_errors_by_option(env):
    cap = Capture()
    mine = ip_udp(A, B, 5000, 5001, b"into the dark")
    cap.add(mine)
    cap.add(ip4(C, A, 1, icmp4(11, 0, data=mine[:28])))
    cap.add(ip4(C, A, 1, icmp4(11, 0, data=ip_udp(A, B, 5002, 5001, b"another")[:28])))
    cap.add(ip4(B, A, 1, icmp4(3, 3, data=mine)))
    cap.write(env.tmp + "/i.pcap")
    every = [p[1] for p in cap.packets]
    env.run("extract", "--where", "proto == udp", "-w", "i.pcapng", "i.pcap")
    assert frames(env.tmp + "/i.pcapng") == every[:1]
    env.run("extract", "--where", "proto == udp", "--icmp-errors", "-w", "i.pcapng", "i.pcap")
    assert frames(env.tmp + "/i.pcapng") == [every[0], every[1], every[3]]
    assert "(ICMP error)" in packets(env.tmp + "/i.pcapng")[1][4][0]


def test_many_files_and_compressed_ones(env):
    cap = Capture()
    for n in range(20000):
        cap.add(ip_udp(A, B if n % 400 == 0 else C, 5000 + n % 50, 53, b"%06d" % n + bytes(100)), dt=0.0005)
    os.mkdir(env.tmp + "/archive")
    every = list(cap.packets)
    for n in range(4):
        cap.packets = every[n * 5000:n * 5000 + 5000]
        cap.write(env.tmp + "/archive/%d.pcap" % n)
    env.must("gzip", env.tmp + "/archive/2.pcap")
    want = [p[1] for n, p in enumerate(every) if n % 400 == 0]
    env.run("-o", ".", "archive")
    env.run("extract", "--log", "conn.log", "--where", "id.resp_h == " + B, "-w", "a.pcapng", "archive")
    assert frames(env.tmp + "/a.pcapng") == want
    env.run("extract", "--log", "conn.log", "--where", "id.resp_h == " + B, "-f", "host " + B, "-w", "b.pcapng", "archive")
    assert frames(env.tmp + "/b.pcapng") == want


def test_records_of_other_formats(env):
    capture = env.capture("http.pcap")
    for form in ("json", "csv", "ecs", "ossem", "bro2"):
        with open(env.tmp + "/log", "w") as f:
            f.write(env.run("-q", "--seed", "s", "--format", form, capture).stdout)
        env.run("extract", "--log", "log", "--where", "service has http", "-w", form, capture)
        assert len(frames(env.tmp + "/" + form)) == 14, form


def test_a_community_id_needs_no_log(env):
    row = env.log("-q", "--fields", "all", env.capture("http.pcap"))[0]
    env.run("extract", "--uid", row["community_id"], "-w", "out", env.capture("http.pcap"))
    assert len(frames(env.tmp + "/out")) == row["orig_pkts"] + row["resp_pkts"]


def test_what_does_not_add_up_is_said(env):
    """Uses the log of another run: one row counts more packets, another belongs to a connection that is not in the capture."""
    capture = env.capture("http.pcap")
    rows = env.log("-q", "--seed", "s", capture)
    tcp_rows = [row for row in rows if row["proto"] == "tcp"]
    tcp_rows[0]["orig_pkts"] += 1
    tcp_rows[1]["id.orig_p"] = 1
    with open(env.tmp + "/conn.log", "w") as f:
        f.write("".join(json.dumps(row) + "\n" for row in tcp_rows))
    done = env.run("extract", "--log", "conn.log", "--where", "ts is set", "-w", "out", capture, code=1)
    assert tcp_rows[0]["uid"] + ": the packets are not those that the record counted: orig_pkts is" in done.stderr
    assert tcp_rows[1]["uid"] + ": no connection with its addresses and ports begins at" in done.stderr
    assert "2 of %d connections are not exact" % len(tcp_rows) in done.stderr
    assert len(frames(env.tmp + "/out")) == sum(row["orig_pkts"] + row["resp_pkts"] for n, row in enumerate(tcp_rows) if n != 1) - 1


def test_mistakes(env):
    capture = env.capture("http.pcap")
    for arguments, code, want in (
            (["--uid", "C1", capture], 2, "-w FILE"), (["-w", "o", capture], 2, "--uid or --where says"),
            (["-w", "o", "--uid", "C1", capture], 2, "uids are random numbers"),
            (["-w", "o", "--uid", "C1", "--seed", "s", capture], 1, "--uid C1: no connection has it; is --seed the log's?"),
            (["-w", "o", "--where", "nonsense == 1", capture], 2, "no column 'nonsense'"),
            (["-w", "o", "--where", "duration > 1hr", capture], 1, "no record meets the condition"),
            (["-w", "o", "--where", "ts is set", "-"], 1, "standard input cannot be read twice"),
            (["-w", "o", "--where", "ts is set", "missing.pcap"], 1, "missing.pcap: cannot be opened"),
            (["-w", "no/such/o", "--where", "ts is set", capture], 1, "cannot write no/such/o"),
            (["-w", "o", "--log", "missing.log", "--where", "ts is set", capture], 1, "missing.log")):
        done = env.run("extract", *arguments, code=code)
        assert want in done.stderr, (arguments, done.stderr)
        assert not os.path.exists(env.tmp + "/o"), arguments
