"""--memory: whatever comes in, the process stays below the bound, each connection is logged, and a connection that
existed before a flood is logged as if there had been none. `make floods` (FLOODS=all) sends ten million of each
kind."""
import json
import os
import re
import struct
import subprocess
import sys

from env import Skip

ATTACKS = {"syns": 350000, "pairs": 150000, "hellos": 100000, "holes": 60000, "fragments": 150000, "tunnels": 80000}
MANY = 10000000
EACH = {"syns": (1, 1), "pairs": (1, 2), "hellos": (1, 4), "holes": (1, 9), "fragments": (0, 0), "tunnels": (1.5, 1.5)}  # records and packets for each
BOUND = 36  # MiB, of which connections get 20
PROGRAM = ["--seed", "x", "--format", "json", "--fields", "all"]


def attack(env, name, count):
    """Returns (path, connections)."""
    path = env.tmp + "/" + name + ".pcap"
    done = env.command(env.build + "/bench/attack", name, count, path)
    assert done.returncode == 0, done.stderr
    return path, int(done.stderr)


# The peak is counted from a process's fork on, so a small process starts it.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measured(env, *args):
    """Runs the program without sanitizers. Returns (rows, standard error, the largest resident set in MiB)."""
    done = env.command(sys.executable, "-S", "-c", MEASURE, env.build + "/connlog", *PROGRAM, *args)
    assert done.returncode == 0, done.stderr
    said, _, peak = done.stderr.rstrip("\n").rpartition("\n")
    return done.stdout.splitlines(), said, int(peak) / 1024


def wanted(rows):
    """Returns the row of the connection that existed before the flood."""
    found = [row for row in map(json.loads, (r for r in rows if "192.0.2.1" in r)) if row["id.orig_h"] == "192.0.2.1"]
    assert len(found) == 1, found
    return found[0]


def packets(rows):
    return sum(int(n) for row in rows for n in re.findall(r'"(?:orig|resp)_pkts":(\d+)', row))


def check_attack(env, name, *args, bound=BOUND):
    path, connections = attack(env, name, ATTACKS[name])
    free, _, _ = measured(env, path)
    rows, said, peak = measured(env, "--memory", "%dM" % bound, "--stats", "stats.json", *args, path)
    os.unlink(path)
    assert peak < bound, "%s: %.1f MiB" % (name, peak)
    # A connection that was ended early and goes on is logged again as a new one, so there may be more rows, but with
    # the same packets in total.
    assert len(free) == connections <= len(rows) <= connections + connections // 1000, (name, len(rows), len(free), connections)
    assert packets(rows) == packets(free), (name, packets(rows), packets(free))
    row = wanted(rows)
    assert row == wanted(free) and row["service"] == "http" and row["orig_pkts"] > 6000, (name, row)
    with open(env.tmp + "/stats.json") as f:
        return said, json.load(f)


def test_no_flood_takes_more_than_the_bound(env):
    for name in ATTACKS:
        said, stats = check_attack(env, name)
        if name == "fragments":  # they have a bound of their own
            assert stats["fragments"]["evicted"] > 0 and stats["emergency"]["begun"] == 0 and said == "", (stats, said)
            continue
        assert stats["emergency"]["begun"] > 0 and "memory runs short" in said, (name, said)
        assert stats["ended"]["evicted"] > 0 or stats["ended"]["hurried"] > 0 or stats["limits"]["inspections_given_up"] > 0, name
        assert stats["bound"]["held"] <= stats["bound"]["bytes"] == (BOUND - 16) << 20, stats["bound"]
        if name == "syns":  # SYNs time out soon, so the emergency ends again
            assert "memory suffices again" in said.splitlines()[-1] and len(said.splitlines()) <= 4, said
            assert stats["stages"] == {"hurry": 0, "give_up": 0, "end": 0} and stats["emergency"]["begun"] == 1, stats
            assert stats["emergency"]["given_back"] > 0 and stats["bound"]["held"] < stats["bound"]["bytes"] // 2, stats


def streamed(env, name, *args):
    """Runs the program on MANY connections of an attack, through a pipe. Returns (records, their packets, rows of the
    wanted connection, MiB)."""
    attack = subprocess.Popen([env.build + "/bench/attack", name, str(MANY), "/dev/stdout"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    records, packets_seen, found = 0, 0, []
    with open(env.tmp + "/said", "w+") as said:
        program = subprocess.Popen([sys.executable, "-S", "-c", MEASURE, env.build + "/connlog", "--seed", "x", "--format", "json", "-q", *args, "-"],
                                   stdin=attack.stdout, stdout=subprocess.PIPE, stderr=said, text=True)
        attack.stdout.close()
        for row in program.stdout:
            records += 1
            packets_seen += packets([row])
            if "192.0.2.1" in row:
                found.append(row)
        assert program.wait() == 0 and attack.wait() == 0, (program.returncode, attack.returncode)
        said.seek(0)
        return records, packets_seen, found, int(said.read()) / 1024


def test_ten_million_of_each_flood(env):
    if os.environ.get("FLOODS") != "all":
        raise Skip("takes minutes: make floods")
    for name, (each, packets_each) in EACH.items():
        _, alone, wanted_alone, _ = streamed(env, name, "-f", "host 192.0.2.1")
        records, seen, found, peak = streamed(env, name, "--memory", "%dM" % BOUND)
        expected = MANY * each + 1
        print("%s: %d records, %.1f of %d MiB" % (name, records, peak, BOUND), flush=True)
        assert peak < BOUND, "%s: %.1f MiB" % (name, peak)
        assert expected <= records <= expected * 1.001, (name, records)
        assert seen == MANY * packets_each + alone, (name, seen)
        assert found == wanted_alone and len(found) == 1, (name, found, wanted_alone)


def test_workers_share_the_bound(env):
    said, stats = check_attack(env, "syns", "-j", "2", bound=48)
    assert stats["emergency"]["begun"] >= 1 and "memory runs short" in said, said
    assert stats["bound"]["bytes"] == (32 - 2 * 4) << 20, stats["bound"]


def test_under_sanitizers(env):
    """Uses few enough connections for a slow build, with the smallest bound that is accepted."""
    for name, count in (("syns", 250000), ("holes", 40000), ("tunnels", 30000)):
        path, connections = attack(env, name, count)
        rows = env.run(*PROGRAM, "-q", "max_memory=16M", "--stats", "stats.json", path).stdout.splitlines()
        with open(env.tmp + "/stats.json") as f:
            stats = json.load(f)
        assert connections <= len(rows) <= connections + connections // 1000, (name, len(rows), connections)
        assert stats["emergency"]["begun"] > 0, (name, stats)
        assert wanted(rows)["service"] == "http" and wanted(rows)["conn_state"] == "SF"


def cut_behind(path, packets):
    """Truncates a capture after that many packets."""
    with open(path, "r+b") as f:
        f.seek(24)
        for _ in range(packets):
            f.seek(struct.unpack("<8xI4x", f.read(16))[0], os.SEEK_CUR)
        f.truncate(f.tell())


def test_the_end_of_input_has_its_order(env):
    """More connections are open than can be sorted at once: they come in the same order as without a bound."""
    path, _ = attack(env, "syns", 150000)
    cut_behind(path, 150000)
    free = env.run(*PROGRAM, "tcp_attempt_delay=60msec", path).stdout
    for bound in (["max_memory=32M"], ["max_memory=64M", "-j", "2"]):
        done = env.run(*PROGRAM, "tcp_attempt_delay=60msec", *bound, path)
        assert done.stderr == "" and done.stdout == free, bound


def test_what_is_too_little_is_said(env):
    path, _ = attack(env, "syns", 1)
    assert "16M at least" in env.run("max_memory=1M", path, code=2).stderr
    assert "--memory 20M is too little" in env.run("--memory", "20M", path, code=2).stderr
    assert "a size like" in env.run("--memory", "much", path, code=2).stderr
    assert "16M for each worker" in env.run("max_memory=31M", "-j", "2", path, code=2).stderr
    assert "--ring and --spool" in env.run("live", "--memory", "90M", "lo", code=2).stderr
    assert env.run("--memory", "0", path).returncode == 0
