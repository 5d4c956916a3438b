"""Bro 1's lines: convert, read --format, and what survives the round trip."""
import json

from roundtrip import BRO0, BRO1, BRO1_ASKS, rows as rows_of

EXAMPLE = "931803523.006848 54.3776 http 7320 38891 206.132.179.35 128.32.162.134 RSTO X %103\n"


def convert(env, text, *args):
    return env.run("convert", "-q", *args, "-", input=text, stdin=None).stdout


def test_the_manuals_example(env):
    assert convert(env, EXAMPLE, "--to", "bro0") == EXAMPLE
    assert convert(env, EXAMPLE, "--from", "bro0", "--to", "bro0") == EXAMPLE
    row = json.loads(convert(env, EXAMPLE, "--to", "json"))
    assert row.pop("addl") == "%103"
    assert row == {"ts": 931803523.006848, "id.orig_h": "128.32.162.134", "id.resp_h": "206.132.179.35", "proto": "tcp",
                   "service": "http", "duration": 54.3776, "orig_bytes": 7320, "resp_bytes": 38891, "conn_state": "RSTO"}


def check_back(env, log, form, *more, columns=BRO1):
    want = rows_of(log)
    back = rows_of(convert(env, convert(env, log, "--to", form, *more), "--from", form, "--to", "zeek"))
    assert want and len(want) == len(back), (form, len(want), len(back))
    for a, b in zip(want, back):
        for column in columns:
            assert b[column] == a[column] or (column in BRO1_ASKS and b[column] == "-"), (form, more, column, a, b)


def test_what_is_told_comes_back(env):
    """Also covers networks that swap the two ends, and services with dpd_conn_logs, which tells a name derived from the
    port from a recognised one."""
    unserved = [c for c in BRO1 if c != "service"]
    for name in ("http.pcap", "udp-icmp.pcap", "tcp-states.pcap", "ipv6.pcap"):
        log = env.run("-q", "--seed", "x", env.capture(name)).stdout
        for more in ([], ["--local-nets", rows_of(log)[0]["id.orig_h"]], ["--local-nets", rows_of(log)[0]["id.resp_h"]]):
            check_back(env, log, "bro0", *more, columns=[c for c in BRO0 if c != "service"])
            check_back(env, log, "bro1", *more, columns=unserved)
            check_back(env, log, "bro1.5", *more, columns=unserved)
        check_back(env, log, "bro1.5", "dpd_conn_logs=T", "record_state_history=T", columns=BRO1 + ["history"])


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
