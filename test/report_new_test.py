"""report --new: hosts and services that an earlier log did not have."""
import json
import random
import re

HEAD = {"proto": "tcp", "conn_state": "SF", "orig_bytes": 10, "resp_bytes": 100}


def write(env, name, rows):
    with open(env.tmp + "/" + name, "w") as f:
        for i, row in enumerate(rows):
            f.write(json.dumps({"ts": 1700000000.0 + i, "uid": "C%d" % i, "id.orig_p": 1000, **HEAD, **row}) + "\n")


def conn(orig, resp, port, **more):
    return {"id.orig_h": orig, "id.resp_h": resp, "id.resp_p": port, **more}


def report(env, *args, code=0):
    return env.run("report", "-n", "-u", *args, code=code).stdout


def test_what_is_new(env):
    write(env, "old.json", [conn("10.0.0.1", "10.0.0.2", 80), conn("10.0.0.1", "10.0.0.3", 22), conn("10.0.0.1", "10.0.0.2", 81, conn_state="REJ", resp_bytes=0)])
    write(env, "new.json", [conn("10.0.0.1", "10.0.0.2", 80), conn("10.0.0.9", "10.0.0.2", 80), conn("10.0.0.9", "10.0.0.2", 81), conn("10.0.0.2", "10.0.0.3", 22),
                            conn("10.0.0.3", "10.0.0.1", 23, conn_state="S0", resp_bytes=0), conn("fd00::1", "10.0.0.2", 81)])
    out = report(env, "--new", "old.json", "new.json")
    assert out.startswith("2 hosts and 1 services of 6 connections are new")
    assert "The baseline has 3 connections, 3 hosts and 2 services; something new is missed with a probability of 0." not in out
    hosts, services = out.split("new host\n")[1].split("new service\n")
    assert [re.sub(r"  +", "|", line.strip()) for line in hosts.splitlines()[:2]] == [
        "2|20 B|200 B|Nov 14 22:13:21|10.0.0.9, first with 10.0.0.2", "1|10 B|100 B|Nov 14 22:13:25|fd00::1, first with 10.0.0.2"]
    assert [re.sub(r"  +", "|", line.strip()) for line in services.splitlines()] == ["2|200 B|20 B|Nov 14 22:13:22|10.0.0.2 at 81/tcp, first with 10.0.0.9"]
    assert report(env, "--new", "new.json", "new.json").startswith("0 hosts and 0 services of 6")
    assert report(env, "--new", "old.json", "--where", "id.resp_p == 80", "new.json").startswith("1 hosts and 0 services of 2")
    assert len(report(env, "--new", "old.json", "--top", "1", "new.json").split("new host\n")[1].split("\n\n")[0].splitlines()) == 1


def test_many_hosts(env):
    """None of 20,000 is missed, and memory does not grow with the baseline."""
    rng = random.Random(1)
    known = ["10.%d.%d.%d" % (rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(20000)]
    write(env, "old.json", [conn(h, "192.0.2.1", 53) for h in known])
    write(env, "new.json", [conn(h, "192.0.2.1", 53) for h in known[:2000]] + [conn("172.16.%d.%d" % (i // 256, i % 256), "192.0.2.1", 53) for i in range(2000)])
    assert report(env, "--new", "old.json", "new.json").startswith("2,000 hosts and 0 services of 4,000")
    out = report(env, "--new", "old.json", "--rows", "100", "new.json")
    assert "were dropped on the way; --rows keeps more" in out


def test_other_logs_and_mistakes(env):
    capture = env.capture("tcp-states.pcap")
    for name, more in (("a.log", []), ("b.json", ["--format", "json"]), ("c.log", ["--interim", "10msec"]), ("d.log", ["--fold", "scans"])):
        with open(env.tmp + "/" + name, "w") as f:
            f.write(env.run("-q", *more, capture).stdout)
    for name in ("a.log", "b.json", "c.log", "d.log"):
        out = report(env, "--new", name, "a.log")
        assert out.startswith("0 hosts and 0 services of 38 connections are new") and "baseline has 38 connections" in out, (name, out)
    assert "nothing.log" in env.run("report", "--new", "nothing.log", "a.log", code=1).stderr
    assert "exclude each other" in env.run("report", "--new", "a.log", "--scans", "a.log", code=2).stderr
    with open(env.tmp + "/bad.json", "w") as f:
        f.write("{}\n{damaged\n" + json.dumps({"ts": 1.0, **conn("10.0.0.1", "10.0.0.2", 80)}) + "\n")
    assert "bad.json" in env.run("report", "-n", "--new", "bad.json", "a.log", code=1).stderr
