"""--memory under `live`: a flood on an interface does not take more than the bound, and the connection around it is logged exactly.

FLOODS=all sends every kind of bench/attack; here some are, so that it does not take long.
"""
import json
import os
import re
import signal

from memory_test import ATTACKS, attack, packets, wanted
from sensor import Net, Sensor, read_text
from sensor_capture_test import fresh

SHARE = 2  # of what the captures of memory_test have, one in so many
SMALL = ["--ring", "32M", "--spool", "1M"]


def peak_of(sensor):
    """=> The largest resident set so far, in MiB."""
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
    if lost == 0:  # on a machine that has no time for it, some are
        assert packets(rows) == packets(want), (name, packets(rows), packets(want))
        row, alike = wanted(rows), wanted(want)
        for column in ("service", "history", "conn_state", "orig_pkts", "resp_pkts", "orig_bytes", "resp_bytes"):
            assert row.get(column) == alike.get(column), (name, column, row, alike)
    assert stats["bound"]["held"] <= stats["bound"]["bytes"] < bound << 20, stats["bound"]
    return peak, stats


def test_a_flood_on_an_interface_stays_below_the_bound(env):
    env = env.at(env.tmp)
    env.connlog = env.build + "/connlog"  # sanitizers have memory of their own
    names = list(ATTACKS) if os.environ.get("FLOODS") == "all" else ["syns", "fragments"]
    with Net() as net:
        for i, name in enumerate(names):
            shared = 114 if name == "tunnels" else 82  # tunnels are tracked by each worker
            for workers, bound in ((1, 66), (2, shared)) if os.environ.get("FLOODS") == "all" else (((1, 66), (2, shared))[i % 2],):
                peak, stats = flood(env, net, name, workers, bound)
                print("%s, -j %d: %.1f of %d MiB, %d lost, %s" % (name, workers, peak, bound, stats["input"]["dropped"], stats["emergency"]))
