"""--interim: records of connections that are still open."""
import collections
import glob
import json

DELTAS = [name + "_delta" for name in ("orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts", "orig_ip_bytes", "resp_ip_bytes")]
OURS = ["interim", "interim_ts", *DELTAS]


def captures(env):
    return [c for c in sorted(glob.glob(env.captures + "/*.pcap*")) if "damaged" not in c]


def rows(env, capture, *more):
    """Returns the records with all columns, including those of --interim."""
    lines = env.run("-q", "--seed", "x", "--format", "json", "--fields", "all,+" + ",+".join(OURS), *more, capture).stdout
    return [json.loads(line) for line in lines.splitlines()]


def test_the_records_at_the_end_are_those_without(env):
    interims = 0
    for capture in captures(env):
        got = rows(env, capture, "--interim", "50msec,1sec")
        last = [{k: v for k, v in row.items() if k not in DELTAS} for row in got if "interim" not in row]
        assert last == rows(env, capture), capture
        interims += len(got) - len(last)
    assert interims > 1000, interims


def test_deltas_add_up_and_times_are_exact(env):
    ages = [0.05, 1.0]
    for capture in captures(env):
        numbers, sums = collections.Counter(), collections.defaultdict(collections.Counter)
        for row in rows(env, capture, "--interim", "50msec,1sec"):
            uid = row["uid"]
            sums[uid].update({name: row[name] for name in DELTAS})
            totals = {name: row.get(name[:-len("_delta")], 0) for name in DELTAS}
            assert dict(sums[uid]) == totals, (capture, row)
            if "interim" not in row:
                del numbers[uid], sums[uid]
                continue
            n = row["interim"]
            numbers[uid] += 1
            assert n == numbers[uid], (capture, row)
            due = row["ts"] + (ages[n - 1] if n <= 2 else ages[-1] * (n - 1))
            assert abs(row["interim_ts"] - due) < 1e-6, (capture, row)
            assert row["ts"] + row.get("duration", 0) < row["interim_ts"], (capture, row)


def test_workers_write_the_same(env):
    for capture in ("events-long-lived.pcap", "events-tcp.pcap", "tcp-states.pcap", "tcp-times.pcap", "udp-tunnels.pcap", "ip-tunnels.pcap"):
        one, *others = [env.run("-q", "--seed", "x", "-j", j, "--interim", "10msec,100msec", env.capture(capture)).stdout for j in "125"]
        assert all(other == one for other in others), capture
        few = [env.run("-q", "--seed", "x", "-j", j, "--interim", "10msec", env.capture(capture), "max_timer_expires=2").stdout for j in "13"]
        assert few[0] == few[1], capture


def test_an_example_by_hand(env):
    out = env.run("--seed", "x", "--interim", "10sec,1min", "--fields", "proto,duration,orig_bytes,interim,interim_ts,orig_bytes_delta",
                  env.capture("events-long-lived.pcap")).stdout
    assert [line for line in out.splitlines() if line[0] != "#"] == [
        "tcp\t8.042000\t200\t1\t1700000010.010000\t200", "udp\t8.024000\t216\t1\t1700000014.041000\t216",
        "icmp\t8.024000\t24\t1\t1700000014.042000\t24", "tcp\t56.186000\t1400\t2\t1700000060.010000\t1200",
        "tcp\t60.198000\t1500\t-\t-\t100", "udp\t56.168000\t1080\t-\t-\t864", "icmp\t56.168000\t120\t-\t-\t96",
        "unknown_transport\t-\t-\t-\t-\t0"]


def test_columns_and_mistakes(env):
    capture = env.capture("events-long-lived.pcap")
    def header(*more):
        return env.run("--interim", "10sec", *more, capture).stdout.split("#fields\t")[1].split("\n")[0].split("\t")
    assert header()[-8:] == OURS and len(header()) == 30
    assert header("--fields", "-interim_ts,+vlan")[-8:] == ["interim", *DELTAS, "vlan"]
    assert header("--fields", "ts,uid") == ["ts", "uid"]
    assert "interim" not in env.run(capture).stdout
    for value in ("soon", "5min,1min", "0sec", "1min,1min", ",".join("%dsec" % (i + 1) for i in range(17))):
        assert "intervals such as 5min,1hr" in env.run("--interim", value, capture, code=2).stderr, value
    assert env.run("--seed", "x", "interim=10sec", capture).stdout == env.run("--seed", "x", "--interim", "10sec", capture).stdout


def test_conditions_reports_and_scripts_see_them(env):
    capture = env.capture("events-long-lived.pcap")
    chosen = env.run("-q", "--interim", "10sec", "--format", "json", "--where", "interim is set and orig_bytes_delta > 250", capture).stdout
    assert chosen and all(json.loads(line)["orig_bytes_delta"] > 250 and "interim" in json.loads(line) for line in chosen.splitlines())
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(env.run("--interim", "10sec", capture).stdout)
    assert len(env.run("report", "-n", "conn.log").stdout.splitlines()) == 4
    with open(env.tmp + "/x.lua", "w") as f:
        f.write("function log_policy(rec) return rec.interim ~= 2 end\n")
    numbers = [row.get("interim") for row in rows(env, capture, "--interim", "10sec", "--script", env.tmp + "/x.lua")]
    assert 1 in numbers and 3 in numbers and 2 not in numbers and numbers.count(None) == 4
