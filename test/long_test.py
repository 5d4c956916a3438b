"""--long: conn_long.log beside conn.log, at exact ages, once for each age."""
import collections
import json
import os

from env import Skip
from sensor import Net, Sensor, wait_until

LONG_LIVED = "events-long-lived.pcap"


def logs(env, *args, folder="out"):
    """Returns the text of both logs."""
    path = env.tmp + "/" + folder
    os.makedirs(path, exist_ok=True)
    env.run("-q", "--seed", "x", "-o", path, *args)
    found = []
    for name in ("conn.log", "conn_long.log"):
        with open(path + "/" + name) as f:
            found.append(f.read())
    return found


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_log_is_the_package_s(env):
    conn, longs = logs(env, "--long", "10sec,1min", env.capture(LONG_LIVED))
    plain = env.run("-q", "--seed", "x", env.capture(LONG_LIVED)).stdout
    assert conn == plain
    assert "\n#path\tconn_long\n" in longs and "\n#path\tconn\n" in conn
    assert longs.split("#fields")[1].split("\n")[0] == conn.split("#fields")[1].split("\n")[0]
    assert longs.splitlines()[-1] == conn.splitlines()[-1] and longs.splitlines()[5] == conn.splitlines()[5]  # #close and #open


def test_records_are_those_of_interim(env):
    """The records equal those of --interim without its columns, once for each age."""
    for capture in (LONG_LIVED, "tcp-states.pcap", "tcp-times.pcap", "events-tcp.pcap"):
        conn, longs = logs(env, "--format", "json", "--long", "50msec,1sec,10sec", env.capture(capture))
        want = env.run("-q", "--seed", "x", "--format", "json", "--interim", "50msec,1sec,10sec", env.capture(capture)).stdout
        ours = {"interim", "interim_ts"}
        want = [{k: v for k, v in r.items() if k not in ours and not k.endswith("_delta")} for r in rows(want) if r.get("interim", 9) <= 3]
        assert rows(longs) == want, capture
        assert not want or max(collections.Counter(r["uid"] for r in want).values()) <= 3


def test_with_interim_and_fold_and_any_j(env):
    options = ["--long", "5sec,20sec", "--interim", "10sec,20sec", "--fold", "scans,dns,icmp", env.capture(LONG_LIVED)]
    conn, longs = logs(env, *options)
    alone = env.run("-q", "--seed", "x", *options[2:]).stdout
    assert conn == alone and longs == logs(env, *options[:2], options[-1], folder="alone")[1]
    for j in "25":
        assert logs(env, "-j", j, *options, folder="j" + j) == [conn, longs], j
    assert "interim" not in longs and "fold" not in longs
    few = logs(env, *options, "--fields", "ts,uid", folder="few")
    assert few[1].split("#fields\t")[1].split("\n")[0] == "ts\tuid"


def test_conditions_scripts_and_keys(env):
    capture = env.capture(LONG_LIVED)
    _, longs = logs(env, "--long", "10sec", "--format", "json", "--json-streaming", "--where", "proto == udp", capture)
    assert [r["proto"] for r in rows(longs)] == ["udp"] and rows(longs)[0]["_path"] == "conn_long"
    with open(env.tmp + "/x.lua", "w") as f:
        f.write("function log_policy(rec) return rec.proto ~= 'udp' end\n")
    _, longs = logs(env, "--long", "10sec", "--format", "json", "--script", env.tmp + "/x.lua", capture)
    assert sorted(r["proto"] for r in rows(longs)) == ["icmp", "tcp"]
    with open(env.tmp + "/key", "wb") as f:
        f.write(bytes(range(32)))
    conn, longs = logs(env, "--long", "10sec", "--format", "json", "--anonymize", env.tmp + "/key", capture)
    assert {r["uid"] for r in rows(longs)} < {r["uid"] for r in rows(conn)}
    assert {r["id.orig_h"] for r in rows(longs)} <= {r["id.orig_h"] for r in rows(conn)}


def test_the_usual_ages_and_mistakes(env):
    capture = env.capture(LONG_LIVED)
    conn, longs = logs(env, "--long", "usual", capture)
    assert [line for line in longs.splitlines() if line[0] != "#"] == [] and longs.startswith("#separator")
    assert logs(env, "long=10min,30min,1hr,12hr,24hr,3day", capture, folder="constant") == [conn, longs]
    assert "name a folder with -o" in env.run("--long", "usual", capture, code=2).stderr
    assert "parquet has none" in env.run("--long", "usual", "-o", env.tmp, "--format", "parquet", capture, code=2).stderr
    assert "intervals such as 5min,1hr" in env.run("--long", "1hr,5min", "-o", env.tmp, capture, code=2).stderr


def test_a_log_that_cannot_be_written_is_told(env):
    if os.geteuid() == 0 and not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    os.makedirs(env.tmp + "/full")
    os.symlink("/dev/full", env.tmp + "/full/conn_long.log")
    said = env.run("-q", "--long", "10sec", "--no-sandbox", "-o", "full", env.capture(LONG_LIVED), code=1).stderr
    assert "conn_long.log" in said and "are lost" in said, said
    assert os.path.exists(env.tmp + "/full/conn.log")


def test_a_sensor_writes_it_too(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--long", "1sec", quick=False)
        net.send(0, 20)
        path = sensor.folder + "/conn_long.log"

        def lines():
            with open(path) as f:
                return [json.loads(line) for line in f]
        assert wait_until(lambda: os.path.exists(path) and len(lines()) == 20, 30), sensor.said()
        sensor.stop()
        with open(sensor.folder + "/conn.log") as f:
            conn = [json.loads(line) for line in f]
        assert sorted(r["uid"] for r in lines()) == sorted(r["uid"] for r in conn)
