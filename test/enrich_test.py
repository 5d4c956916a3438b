"""--networks: names of hosts and networks, the same at any -j and in convert, none in anonymized logs, and read again on SIGHUP."""
import itertools
import json
import os
import signal

import parquet_reader
import veth
from sandbox_test import installed
from sensor import QUICK, Net, Sensor, wait_until

NETWORKS = """prefix,name,site,tags
192.168.0.0/16,office,Bonn,inside
192.168.1.10,alices-laptop,,inside laptop
93.184.215.0/24,hosting,,"outside, web"
10.0.0.0/8,"ten, all of it",,
::/0,six,elsewhere,
2001:db8::/32,documentation,,v6
"""
COLUMNS = [side + what for what in ("name", "network", "site", "tags") for side in ("orig_", "resp_")]
FEW = ["http.pcap", "ipv6.pcap", "tcp-states.pcap", "udp-icmp.pcap"]


def write_csv(env, text=NETWORKS):
    path = env.tmp + "/etc/networks.csv"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)
    return path


def run(env, *args):
    return env.run("-q", "--seed", "test", "--networks", write_csv(env), *args).stdout


def golden_text(env):
    return "".join(env.run("-q", "--seed", "test", "--networks", "/dev/stdin", "--format", "json", "--fields", "id.orig_h,id.resp_h,networks",
                           env.capture(name), input=NETWORKS, stdin=None).stdout for name in FEW)


def write(env):
    """Called by `make golden`."""
    with open(env.root + "/test/golden/networks.txt", "w") as f:
        f.write(golden_text(env))


def test_the_log_is_the_one_checked_in(env):
    with open(env.root + "/test/golden/networks.txt") as f:
        assert golden_text(env) == f.read()


def test_workers_and_convert_write_the_same(env):
    paths = [env.capture(name) for name in FEW]
    for format_ in ("zeek", "json"):
        alone = run(env, "--format", format_, *paths)
        assert "alices-laptop" in alone
        for workers in "2", "5":
            assert run(env, "--format", format_, "-j", workers, *paths) == alone
    plain = env.run("-q", "--seed", "test", "--format", "json", *paths).stdout
    with open(env.tmp + "/plain.json", "w") as f:
        f.write(plain)
    assert env.run("convert", "--to", "json", "--networks", write_csv(env), env.tmp + "/plain.json").stdout == alone
    without = run(env, "--format", "json", "--fields", "-networks", *paths)
    assert without == plain


def test_parquet_has_the_columns(env):
    capture, path = env.capture("http.pcap"), env.tmp + "/x.parquet"
    with open(path, "wb") as f:
        f.write(env.run("-q", "--format", "parquet", "--networks", write_csv(env), capture, text=False).stdout)
    got, _ = parquet_reader.read(path)
    lines = [json.loads(line) for line in run(env, "--format", "json", capture).splitlines()]
    for column in COLUMNS:
        assert [row.get(column) for row in got] == [row.get(column) for row in lines], column


def test_nothing_is_in_an_anonymized_log(env):
    key = env.tmp + "/key"
    with open(key, "w") as f:
        f.write(64 * "5")
    os.chmod(key, 0o600)
    capture, fields = env.capture("http.pcap"), "all,+networks"
    shared = run(env, "--anonymize", key, "--format", "json", "--fields", fields, "--where", 'orig_name == "alices-laptop"', capture)
    assert len(shared.splitlines()) > 5
    with open(env.tmp + "/named.log", "w") as f:
        f.write(run(env, capture))
    done = env.run("convert", "--to", "json", "--anonymize", key, env.tmp + "/named.log")
    assert "leaves out columns that may hold addresses: " + ",".join(COLUMNS) in done.stderr
    again = env.run("convert", "--to", "json", "--anonymize", key, "--networks", write_csv(env), "--where", "resp_tags has web", env.tmp + "/named.log")
    assert again.stdout
    for text in shared, done.stdout, again.stdout:
        for word in ("alices", "office", "hosting", "Bonn", "inside", "outside"):
            assert word not in text, word


def test_errors_stop_the_run(env):
    for text, why in (("prefix,owner\n", "line 1: no column is called name"), ("prefix,name\n1.2.3.4/40,x\n", "line 2: a prefix is expected")):
        done = env.run("--networks", write_csv(env, text), env.capture("http.pcap"), code=2)
        assert "networks.csv: " + why in done.stderr, done.stderr
    done = env.run("--networks", env.tmp + "/none", env.capture("http.pcap"), code=2)
    assert "none: cannot be read: No such file" in done.stderr


def test_a_sensor_reads_the_file_again(env):
    def rows():
        with open(sensor.folder + "/conn.log") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]
    settings = env.tmp + "/etc/c.conf"
    path = write_csv(env, "prefix,name\n0.0.0.0/0,first\n")
    with open(settings, "w") as f:
        f.write("interface = %s\nformat = json\noutput = logs\nnetworks = %s\n%s\n" % (veth.CAPTURES, path, "\n".join(QUICK)))
    with Net() as net:
        sensor = Sensor(installed(env), net, config=settings)
        net.send(0, 50)
        assert wait_until(lambda: len(rows()) >= 50)
        assert {r["orig_network"] for r in rows()} == {"first"}
        write_csv(env, "prefix,name\n0.0.0.0/99,second\n")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: "line 2: a prefix is expected" in sensor.said()), sensor.said()
        assert "all names stay as they were" in sensor.said()
        net.send(50, 50)
        assert wait_until(lambda: len(rows()) >= 100)
        assert {r["orig_network"] for r in rows()} == {"first"}
        write_csv(env, "prefix,name\n0.0.0.0/0,second\n")
        sensor.signal(signal.SIGHUP)
        first = itertools.count(100, 50)  # other ports, so that these are new connections
        assert wait_until(lambda: net.send(next(first), 50) or rows()[-1]["orig_network"] == "second"), sensor.said()
        sensor.stop()
