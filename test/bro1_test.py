"""Bro 1's lines from outside: convert, read --format, what comes back."""
import json
import os

from env import Skip

EXAMPLE = "931803523.006848 54.3776 http 7320 38891 206.132.179.35 128.32.162.134 RSTO X %103\n"
COLUMNS = ["ts", "id.orig_h", "id.resp_h", "service", "duration", "orig_bytes", "resp_bytes", "conn_state"]
PORTS = ["id.orig_p", "id.resp_p", "proto"]


def rows_of(log):
    names, rows = [], []
    for line in log.splitlines():
        if line.startswith("#fields\t"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            rows.append(dict(zip(names, line.split("\t"))))
    return rows


def convert(env, text, *args):
    return env.run("convert", "-q", *args, "-", input=text, stdin=None).stdout


def check_back(env, log, form, *more):
    """What is told at all comes back; a service only where there was one, as Bro 1 says what the port is called."""
    want = rows_of(log)
    back = rows_of(convert(env, convert(env, log, "--to", form, *more), "--from", form, "--to", "zeek"))
    assert len(want) == len(back), (form, len(want), len(back))
    for a, b in zip(want, back):
        for column in COLUMNS + (PORTS if form != "bro0" else []):
            told, marked = b.get(column, "-"), "dpd_conn_logs=T" in more
            if told != a[column] and told != "-" and not (column == "service" and a[column] == "-" and not marked):
                raise AssertionError((form, more, column, a, b))
            if column in ("service", "conn_state", "ts", "id.orig_h", "id.resp_h"):
                assert told != "-" or a[column] == "-", (form, column, a, b)


def test_the_manuals_example(env):
    assert convert(env, EXAMPLE, "--to", "bro0") == EXAMPLE
    assert convert(env, EXAMPLE, "--from", "bro0", "--to", "bro0") == EXAMPLE
    row = json.loads(convert(env, EXAMPLE, "--to", "json"))
    assert row.pop("addl") == "%103"
    assert row == {"ts": 931803523.006848, "id.orig_h": "128.32.162.134", "id.resp_h": "206.132.179.35", "proto": "tcp",
                   "service": "http", "duration": 54.3776, "orig_bytes": 7320, "resp_bytes": 38891, "conn_state": "RSTO"}


def test_what_is_told_comes_back(env):
    for name in ("http.pcap", "udp-icmp.pcap", "tcp-states.pcap", "ipv6.pcap"):
        log = env.run("-q", "--seed", "x", env.capture(name)).stdout
        for form in ("bro0", "bro1", "bro1.5"):
            for more in ([], ["--local-nets", "10.0.0.0/8,192.168.0.0/16"]):
                check_back(env, log, form, *more)
        check_back(env, log, "bro1.5", "dpd_conn_logs=T", "record_state_history=T")


def test_what_is_told_comes_back_of_all_traces(env):
    folder = env.shared + "/conformance/traces"
    if not os.path.isdir(folder):
        raise Skip("no " + folder)
    names = sorted(n for n in os.listdir(folder) if n.endswith((".pcap", ".trace")))[::8]
    assert names
    for name in names:
        log = env.run("-q", "--seed", "x", os.path.join(folder, name), code=None).stdout
        for form in ("bro0", "bro1", "bro1.5"):
            check_back(env, log, form)


def test_captures_as_lines_of_bro_1(env):
    capture = env.capture("http.pcap")
    log = env.run("-q", "--seed", "x", capture).stdout
    for form in ("bro0", "bro1", "bro1.5"):
        assert env.run("-q", "--format", form, capture).stdout == convert(env, log, "--to", form)
    row = rows_of(log)[0]
    nets = ["--local-nets", row["id.orig_h"], "--neighbor-nets", row["id.resp_h"]]
    line = env.run("-q", "--format", "bro1", *nets, capture).stdout.splitlines()[0].split()
    assert line[2:4] == [row["id.orig_h"], row["id.resp_h"]] and line[11] == "LU", line
    line = env.run("-q", "--format", "bro1", "Site::local_nets=10.99.0.0/16", "Site::local_nets+=" + row["id.orig_h"],
                   capture).stdout.splitlines()[0].split()
    assert line[11] == "L", line
    line = env.run("-q", "--format", "bro1.5", "record_state_history=T", capture).stdout.splitlines()[0].split()
    assert line[2:4] == [row["id.orig_h"], row["id.resp_h"]] and line[11:13] == ["X", row["history"]], line


def test_bad_lines_and_bad_options(env):
    done = env.run("convert", "--to", "json", "-", input=EXAMPLE + "1 1 http 1 1 1.2.3.4 host SF X\n" + EXAMPLE,
                   stdin=None, code=1)
    assert len(done.stdout.splitlines()) == 2 and "line 2" in done.stderr and "second address" in done.stderr, done.stderr
    for args, said in ((["--local-nets", "10.0.0.0/99"], "local_nets"), (["record_state_history=yes"], "T or F"),
                       (["tcp_attempt_delay=5sec"], "sets nothing of a log"), (["--neighbor-nets", "x"], "neighbor_nets")):
        done = env.run("convert", "--to", "bro1", *args, "-", input=EXAMPLE, stdin=None, code=2)
        assert said in done.stderr and not done.stdout, (args, done.stderr)
