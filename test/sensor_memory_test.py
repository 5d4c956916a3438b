"""--memory under `live`: a flood on an interface does not take more than the bound, and the connection around it is
logged exactly. `make floods` (FLOODS=all) sends every kind of bench/attack, of each a million connections and of SYNs ten
million; the tests send a sample, which is quicker."""
import json
import os
import re
import shutil
import signal

from env import Skip
from memory_test import ATTACKS, EACH, MANY, attack, packets, wanted
from sensor import Net, Sensor, read_text
from sensor_capture_test import fresh
import veth

SHARE = 2  # one in so many of what memory_test's captures have
RATE = 200000  # packets a second
RATES = {"hellos": 100000, "holes": 150000, "tunnels": 100000}
LARGE = 96  # MiB
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


def send_many(env, net, name, count):
    """Sends that many connections of an attack to a sensor. Returns (statistics, peak, rows of the log, connections, the row
    of the connection around the flood when it is alone)."""
    path, connections = attack(env, name, count)
    alike = wanted(env.command(env.connlog, "--format", "json", "-f", "host 192.0.2.1", path).stdout.splitlines())
    sensor = Sensor(env, net, "-o", "logs", "--fields", "id.orig_h," + ",".join(COLUMNS), "--memory", "%dM" % LARGE, "--ring", "32M",
                    "--spool", "16M", "--stats", "stats.json", quick=False)
    env.must(*net.inside, env.build + "/bench/send", veth.SENDS, path, str(RATES.get(name, RATE)), "0", timeout=900)
    os.unlink(path)
    peak = peak_of(sensor)
    sensor.signal(signal.SIGTERM)
    sensor.process.wait(300)
    with open(env.tmp + "/stats.json") as f:
        return json.load(f), peak, sensor, connections, alike


def check_many(env, net, name, count):
    stats, peak, sensor, connections, alike = send_many(env, net, name, count)
    records, seen, found, lost = 0, 0, [], stats["input"]["dropped"]
    with open(sensor.folder + "/conn.log") as f:
        for row in f:
            records += 1
            seen += packets([row])
            if "192.0.2.1" in row:
                found.append(row)
    print("%d %s: %d records, %.1f of %d MiB, %d lost, ended early: %d, %d; services given up: %d" % (
        count, name, records, peak, LARGE, lost, stats["ended"]["hurried"], stats["ended"]["evicted"],
        stats["limits"]["inspections_given_up"]), flush=True)
    assert peak < LARGE, "%s: %.1f MiB" % (name, peak)
    total = count * EACH[name][1] + alike["orig_pkts"] + alike["resp_pkts"]
    if name == "syns":  # each packet is one of a record
        assert seen + lost == total, (seen, lost, sensor.said())
    if lost == 0:  # a slow machine loses some
        assert seen == total, (name, seen, total)
        assert connections <= records <= connections * 1.001, (name, records, connections)
        row = wanted(found)
        assert [row.get(column) for column in COLUMNS] == [alike.get(column) for column in COLUMNS], (row, alike)


def test_millions_of_each_flood_on_an_interface(env):
    if os.environ.get("FLOODS") != "all":
        raise Skip("takes minutes: make floods")
    for name in ATTACKS:
        here = fresh(env)
        here.connlog = env.build + "/connlog"
        with Net() as net:
            check_many(here, net, name, MANY if name == "syns" else 1000000)
        shutil.rmtree(here.tmp)
