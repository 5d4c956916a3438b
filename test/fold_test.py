"""--fold: similar records become one row, nothing is lost, and the result is the same at any -j and in convert."""
import collections
import glob
import json
import random
import re
import struct

import parquet_reader

SUMS = ["orig_bytes", "resp_bytes", "missed_bytes", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"]
OURS = ["fold.count", "fold.rule", "fold.last", "fold.orig_hosts", "fold.resp_hosts", "fold.resp_ports", "fold.orig_samples",
        "fold.resp_samples", "fold.port_samples"]
ALL = "scans,dns,icmp"
FEW = ["tcp-states.pcap", "udp-icmp.pcap", "http.pcap", "ethernet.pcap", "ip-tunnels.pcap", "ipv6.pcap"]


def captures(env):
    return [c for c in sorted(glob.glob(env.captures + "/*.pcap*")) if "damaged" not in c]


def rows(env, *args):
    """Returns the records with all columns, including those of folded rows."""
    lines = env.run("-q", "--seed", "x", "--format", "json", "--fields", "all,+interim,+" + ",+".join(OURS), *args).stdout
    return [json.loads(line) for line in lines.splitlines()]


def total(records):
    """Returns what must not change: the number of connections and the sums of everything that is counted."""
    sums = collections.Counter()
    for r in records:
        sums["records"] += r.get("fold.count", 1)
        sums["microseconds"] += round(r.get("duration", 0) * 1e6)
        for name in SUMS:
            sums[name] += r.get(name, 0)
    return sums


def body(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def checksum(data):
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff


def syn(source, target, port):
    tcp = struct.pack("!HHIIBBHHH", 40000, port, 0, 0, 0x50, 2, 1024, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(source + target + struct.pack("!BBH", 0, 6, 20) + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, target)
    return bytes(12) + b"\x08\0" + ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def scan(env, attempts, step=0.0005):
    """Writes a capture of SYNs to (address, port)."""
    path = env.tmp + "/scan.pcap"
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, (host, port) in enumerate(attempts):
            frame = syn(bytes([10, 0, 0, 1]), bytes(map(int, host.split("."))), port)
            micros = round((1700000000 + i * step) * 1e6)
            f.write(struct.pack("<IIII", micros // 1000000, micros % 1000000, len(frame), len(frame)) + frame)
    return path


def golden_text(env):
    paths = [env.capture(name) for name in FEW]
    return env.run("-q", "--seed", "test", "--fold", ALL, "--fold-where", "conn_state == SF and resp_bytes > 0", "--fields", "all,+" + ",+".join(OURS),
                   *paths).stdout


def write(env):
    """Called by `make golden`."""
    with open(env.root + "/test/golden/fold.log", "w") as f:
        f.write(golden_text(env))


def test_the_log_is_the_one_checked_in(env):
    with open(env.root + "/test/golden/fold.log") as f:
        assert golden_text(env) == f.read()


def test_nothing_vanishes(env):
    folded = 0
    for capture in captures(env):
        plain, got = rows(env, capture), rows(env, "--fold", ALL, "--fold-where", "proto == tcp", "--fold-by", "id.orig_h", capture)
        assert total(got) == total(plain), capture
        folded += len(plain) - len(got)
        by_uid = {r["uid"]: r for r in plain}
        for r in got:
            if "fold.count" not in r:
                assert by_uid[r["uid"]] == r, capture
            else:
                assert r["fold.count"] > 1 and r["fold.last"] >= r["ts"] and r["ts"] <= by_uid[r["uid"]]["ts"], capture
    assert folded > 200, folded


def test_any_number_of_workers_and_convert_make_the_same(env):
    for name in FEW + ["events-tcp.pcap", "tcp-times.pcap", "udp-tunnels.pcap"]:
        for options in (["--fold", ALL], ["--fold", "icmp,scans", "--fold-where", "conn_state == SF", "--fold-window", "100msec"],
                        ["--fold", ALL, "--fold-memory", "9K"]):
            want = body(env.run("-q", "--seed", "x", *options, env.capture(name)).stdout)
            for j in "25":
                assert body(env.run("-q", "--seed", "x", "-j", j, *options, env.capture(name)).stdout) == want, (name, options, j)
            plain = env.run("-q", "--seed", "x", env.capture(name)).stdout
            got = body(env.run("convert", "--to", "zeek", *options, input=plain, stdin=None).stdout)
            assert got == want or "9K" in options, (name, options)  # reading from a log takes more memory


def test_rows_that_are_read_stay_rows(env):
    once = env.run("-q", "--seed", "x", "--fold", ALL, *[env.capture(name) for name in FEW]).stdout
    twice = env.run("convert", "--to", "zeek", "--fold", ALL, input=once, stdin=None).stdout
    fields = once.split("#fields\t")[1].split("\n")[0].split("\t")
    assert {line for line in body(once) if line.split("\t")[fields.index("fold.count")] != "-"} <= set(body(twice))


def test_a_scan_of_all_ports_is_a_row(env):
    ports = list(range(65536))
    random.Random(1).shuffle(ports)
    capture = scan(env, [("10.0.0.2", port) for port in ports])
    got, = rows(env, "--fold", "scans", capture)
    assert got["fold.count"] == got["fold.resp_ports"] == got["orig_pkts"] == 65536 and "id.resp_p" not in got
    assert (got["id.orig_h"], got["id.resp_h"], got["fold.rule"], got["fold.resp_hosts"]) == ("10.0.0.1", "10.0.0.2", "scans", 1)
    assert got["fold.port_samples"] == [str(p) for p in ports[:8]] and "fold.resp_samples" not in got
    assert abs(got["fold.last"] - 1700000000 - 65535 * 0.0005) < 1e-5 and got["ts"] == 1700000000


def test_a_scan_of_many_hosts_is_a_row(env):
    hosts = ["10.%d.%d.%d" % (2 + i // 65536, i // 256 % 256, i % 256) for i in range(70000)]
    got, = rows(env, "--fold", "scans", "--fold-window", "1hr", scan(env, [(h, 22) for h in hosts]))
    assert got["fold.count"] == 70000 and got["id.resp_p"] == 22 and "id.resp_h" not in got
    assert abs(got["fold.resp_hosts"] - 70000) < 70000 * 0.05 and got["fold.resp_samples"] == hosts[:8]
    got, = rows(env, "--fold", "scans", scan(env, [(h, 22) for h in hosts[:1536]]))
    assert got["fold.resp_hosts"] == 1536


def test_hosts_by_ports_are_rows_of_one_or_the_other(env):
    attempts = [("10.0.0.%d" % h, p) for h in range(2, 12) for p in range(1, 101)]
    got = rows(env, "--fold", "scans", scan(env, attempts))
    assert len(got) == 10 and all(r["fold.count"] == 100 and r["fold.resp_ports"] == 100 for r in got)
    random.Random(2).shuffle(attempts)
    got = rows(env, "--fold", "scans", scan(env, attempts))
    assert len(got) < 40 and sum(r.get("fold.count", 1) for r in got) == 1000
    assert all("id.resp_h" in r or "id.resp_p" in r for r in got)


def test_windows_and_memory_end_rows(env):
    capture = scan(env, [("10.0.0.2", p) for p in range(1, 1001)], step=1)
    got = rows(env, "--fold", "scans", "--fold-window", "100sec", capture)
    assert [r["fold.count"] for r in got] == [100] * 10 and [r["ts"] for r in got] == [1700000000 + 100 * i for i in range(10)]
    assert [r["fold.count"] for r in rows(env, "--fold", "scans", capture)] == [300, 300, 300, 100]
    capture = scan(env, [("10.0.%d.%d" % (i % 8, i % 200), i) for i in range(1, 2001)])
    done = env.run("-q", "--seed", "x", "--format", "json", "--fold", "scans", "--fold-memory", "20K", "--stats", "-", capture)
    counts = json.loads(done.stderr)["fold"]
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(r.get("fold.count", 1) for r in got) == 2000
    assert counts["early"] > 100 and counts["open"] == 0 and counts["given_up"] == 0
    assert counts["rows"] == sum("fold.count" in r for r in got) and counts["records"] == sum(r.get("fold.count", 0) for r in got)


def test_formats_carry_the_columns(env):
    capture = env.capture("udp-icmp.pcap")
    want = rows(env, "--fold", ALL, capture)
    assert any("fold.count" in r for r in want)
    out = {f: env.run("-q", "--seed", "x", "--format", f, "--fields", "all,+" + ",+".join(OURS), "--fold", ALL, capture, text=False).stdout
           for f in ("zeek", "json", "csv", "ossem", "ecs", "parquet")}
    for name in ("zeek", "csv", "ecs", "json"):
        again = env.run("convert", "--to", "json", "--from", name, input=out[name], stdin=None, text=False).stdout
        got = [json.loads(line) for line in again.splitlines()]
        assert [{k: r.get(k) for k in OURS} for r in got] == [{k: r.get(k) for k in OURS} for r in want], name
    with open(env.tmp + "/x.parquet", "wb") as f:
        f.write(out["parquet"])
    got, _ = parquet_reader.read(env.tmp + "/x.parquet")
    assert [r["fold.count"] for r in got] == [r.get("fold.count") for r in want]
    assert [r["fold.resp_samples"] for r in got] == [r.get("fold.resp_samples") for r in want]


def test_columns_and_mistakes(env):
    capture = env.capture("tcp-states.pcap")

    def header(*more):
        return env.run("--fold", "scans", *more, capture).stdout.split("#fields\t")[1].split("\n")[0].split("\t")
    assert header()[-9:] == OURS and header("--fields", "-fold.last")[-8:] == [n for n in OURS if n != "fold.last"]
    assert header("--fields", "ts,fold.count") == ["ts", "fold.count"]
    assert "fold" not in env.run(capture).stdout
    for options, text in ((["--fold", "noise"], "'noise' is no kind of noise"), (["--fold", "scans,"], ""), (["--fold-window", "5min"], "what"),
                          (["--fold", "dns", "--fold-window", "0"], "a time like 5min"), (["--fold", "dns", "--fold-memory", "x"], "a size like 64M"),
                          (["--fold", "dns", "--fold-by", "uid"], "there is none"), (["--fold-where", "srvice == dns"], "did you mean service"),
                          (["--fold-where", "proto == tcp", "--fold-by", "nothing"], "'nothing' is no column")):
        for command in ([], ["convert", "--to", "json"]):
            if text:
                assert text in env.run(*command, *options, capture, code=2).stderr, options


def test_rows_are_no_addresses_in_clear(env):
    with open(env.tmp + "/key", "wb") as f:
        f.write(bytes(range(32)))
    capture = scan(env, [("10.9.8.%d" % (i + 1), 22) for i in range(5)])
    for log in (env.run("-q", "--fold", "scans", "--anonymize", env.tmp + "/key", capture).stdout,
                env.run("convert", "-q", "--to", "zeek", "--anonymize", env.tmp + "/key", input=env.run("-q", "--fold", "scans", capture).stdout, stdin=None).stdout):
        line, = body(log)
        samples = line.split("\t")[-2].split(",")
        assert len(samples) == 5 and "10.9.8" not in log and len({s.rsplit(".", 1)[0] for s in samples}) == 1, line


def test_interim_records_are_not_folded(env):
    got = rows(env, "--interim", "10sec", "--fold", ALL, "--fold-where", "ts is set", "--fold-by", "proto", env.capture("events-long-lived.pcap"))
    plain = rows(env, env.capture("events-long-lived.pcap"))
    assert total(r for r in got if "interim" not in r) == total(plain)
    assert [r for r in got if "interim" in r and "fold.count" in r] == []


def test_a_script_s_records_and_conditions_come_before(env):
    capture = scan(env, [("10.0.0.2", p) for p in range(1, 101)])
    got, = rows(env, "--fold", "scans", "--where", "id.resp_p < 51", capture)
    assert got["fold.count"] == 50
    with open(env.tmp + "/x.lua", "w") as f:
        f.write("function log_policy(rec) rec.service = 'lab' return true end\n")
    assert len(rows(env, "--fold", "scans", "--script", env.tmp + "/x.lua", capture)) == 100


def test_reports_weigh_rows(env):
    ports = scan(env, [("10.0.0.2", p) for p in range(1, 1001)] + [("10.0.1.%d" % (h % 250), 22) for h in range(200)])
    for inputs in ([ports], [env.capture(name) for name in FEW]):
        for name, options in (("plain", []), ("folded", ["--fold", ALL])):
            with open(env.tmp + "/" + name + ".log", "w") as f:
                f.write(env.run("-q", *options, *inputs).stdout)
        plain, folded = [env.run("report", "-n", "-u", "--summary", name + ".log").stdout for name in ("plain", "folded")]
        assert plain.splitlines()[0] == folded.splitlines()[0] and plain.splitlines()[2] == folded.splitlines()[2]
        states = [re.findall(r"^\S+ +(\w+) .* ([\d,]+) +\S+ *\S+ *\S*$", t.split("\nstates")[1].split("\nlongest")[0], re.M) for t in (plain, folded)]
        assert states[0] == states[1] and states[0]
    plain, folded = [env.run("report", "-n", "-u", "--scans", env.tmp + "/" + name + ".log").stdout for name in ("plain", "folded")]
    with open(env.tmp + "/x.log", "w") as f:
        f.write(env.run("-q", "--fold", "scans", ports).stdout)
    found = env.run("report", "-n", "-u", "--scans", "x.log").stdout
    assert re.search(r"^ +1,000 +1,000 +0 .* tried ports of 10.0.0.2/tcp: 1, 2, 3 \.\.\.$", found, re.M), found
    assert re.search(r"^ +200 +200 +0 .* tried hosts at 22/tcp: 10.0.1.0, 10.0.1.1, 10.0.1.2 \.\.\.$", found, re.M), found
    assert "1,200 connections" in env.run("report", "-n", "--longest", "x.log").stdout
    assert "1,200 connections stand in rows" in env.run("report", "-n", "--beacons", "x.log").stdout
    assert "(1,000 connections)" in env.run("report", "-n", "x.log").stdout
