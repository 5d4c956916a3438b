"""--memory under `live`: a flood on an interface does not take more than the bound, and the connection around it is
logged exactly. `make floods` (FLOODS=all) sends every kind of bench/attack, and ten million SYNs; the tests send a
sample, which is quicker."""
import json
import os
import re
import signal

from env import Skip
from memory_test import ATTACKS, MANY, attack, packets, wanted
from sensor import Net, Sensor, read_text
from sensor_capture_test import fresh
import veth

SHARE = 2  # one in so many of what memory_test's captures have
RATE = 200000  # SYNs a second
COLUMNS = ("service", "history", "conn_state", "orig_pkts", "resp_pkts", "orig_bytes", "resp_bytes")
SMALL = ["--ring", "32M", "--spool", "1M"]


def peak_of(sensor):
    """Returns the largest resident set so far, in MiB."""
    with open("/proc/%d/status" % sensor.process.pid) as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) / 1024


def flood(env, net, name, workers, bound):
    path, _ = attack(env, name, ATTACKS[name] // SHARE)
    want = env.command(env.connlog, "--seed", "x", "--format", "json", path).stdout.splitlines()
    sensor = Sensor(fresh(env), net, "-o", "logs", "-j", str(workers), "--memory", "%dM" % bound, "--stats", "stats.json", *SMALL,
                    quick=False)
    net.do("replay " + path)
    assert sensor.process.poll() is None, sensor.said()
    peak = peak_of(sensor)
    sensor.signal(signal.SIGTERM)
    sensor.process.wait(120)
    said = sensor.said()
    with open(sensor.env.tmp + "/stats.json") as f:
        stats = json.load(f)
    rows = read_text(sensor.folder + "/conn.log").splitlines()
    assert peak < bound, "%s, -j %d: %.1f MiB\n%s" % (name, workers, peak, said)
    lost = stats["input"]["dropped"]
    assert sensor.process.returncode == (1 if lost else 0), said
    if lost == 0:  # a slow machine loses some
        assert packets(rows) == packets(want), (name, packets(rows), packets(want))
        row, alike = wanted(rows), wanted(want)
        for column in COLUMNS:
            assert row.get(column) == alike.get(column), (name, column, row, alike)
    assert stats["bound"]["held"] <= stats["bound"]["bytes"] < bound << 20, stats["bound"]
    return peak, stats


def test_a_flood_on_an_interface_stays_below_the_bound(env):
    env = env.at(env.tmp)
    env.connlog = env.build + "/connlog"  # sanitizers use memory of their own
    names = list(ATTACKS) if os.environ.get("FLOODS") == "all" else ["syns", "fragments"]
    with Net() as net:
        for i, name in enumerate(names):
            shared = 114 if name == "tunnels" else 82  # each worker tracks tunnels itself
            for workers, bound in ((1, 66), (2, shared)) if os.environ.get("FLOODS") == "all" else (((1, 66), (2, shared))[i % 2],):
                peak, stats = flood(env, net, name, workers, bound)
                print("%s, -j %d: %.1f of %d MiB, %d lost, %s" % (name, workers, peak, bound, stats["input"]["dropped"], stats["emergency"]))


def test_ten_million_syns_on_an_interface(env):
    if os.environ.get("FLOODS") != "all":
        raise Skip("takes minutes: make floods")
    env = env.at(env.tmp)
    env.connlog = env.build + "/connlog"
    path, connections = attack(env, "syns", MANY)
    alike = wanted(env.command(env.connlog, "--format", "json", "-f", "host 192.0.2.1", path).stdout.splitlines())
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--fields", "id.orig_h," + ",".join(COLUMNS), "--memory", "96M", "--ring", "32M", "--spool", "16M",
                        "--stats", "stats.json", quick=False)
        env.must(*net.inside, env.build + "/bench/send", veth.SENDS, path, str(RATE), "0", timeout=900)
        os.unlink(path)
        peak = peak_of(sensor)
        sensor.signal(signal.SIGTERM)
        sensor.process.wait(120)
    with open(env.tmp + "/stats.json") as f:
        lost = json.load(f)["input"]["dropped"]
    records, seen, found = 0, 0, []
    with open(sensor.folder + "/conn.log") as f:
        for row in f:
            records += 1
            seen += packets([row])
            if "192.0.2.1" in row:
                found.append(row)
    print("%d records, %.1f of 96 MiB, %d lost" % (records, peak, lost))
    assert peak < 96, "%.1f MiB" % peak
    assert seen + lost == MANY + alike["orig_pkts"] + alike["resp_pkts"], (seen, lost, sensor.said())
    if lost == 0:
        assert records == connections
        row = wanted(found)
        assert [row.get(column) for column in COLUMNS] == [alike.get(column) for column in COLUMNS], (row, alike)
