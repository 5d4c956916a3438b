"""Several rings for an interface, one for each worker (`live -j N`): the kernel spreads the packets, and the log is that of one ring."""
import json
import os
import random
import re
import signal
import struct

from metrics_test import Metrics, fetch, sensor_with_metrics
from sensor import Net, Sensor, numbers_in, rows_of, wait_until
from sensor_capture_test import ALL, ethernet_captures, fresh, hurried, plain
import netlib
import veth

WORD = 0xffffffff
SOME = ("fragments.pcap", "http.pcap", "ip-tunnels.pcap", "ipv6.pcap", "tcp-states.pcap", "udp-icmp.pcap", "udp-tunnels.pcap")


def share(addresses, of):
    """Returns the share that src/base/pairhash.h computes."""
    a, b = (struct.unpack(">%dI" % (len(x) // 4), x) for x in addresses)

    def fold(words):
        h = 0
        for word in words:
            h = (h * 0x9e3779b1 + word) & WORD
        return h

    a, b = fold(a), fold(b)
    h = ((a + b) * 0x9e3779b1 & WORD) ^ a ^ b
    h = (h ^ h >> 16) * 0x85ebca6b & WORD
    h = (h ^ h >> 13) * 0xc2b2ae35 & WORD
    h ^= h >> 16
    return (h >> 16) * of >> 16


def stats_of(sensor):
    with open(sensor.env.tmp + "/stats.json") as f:
        return json.load(f)


def rings_of(stats, name="see0"):
    """Returns the counters of each ring."""
    found = [stats.get("ring %d of %s" % (k, name)) for k in range(64)]
    return [ring for ring in found if ring]


def sensor_of(env, net, n, *args, **kw):
    return Sensor(fresh(env), net, "-o", "logs", "-j", str(n), "--stats", "stats.json", *args, **kw)


def rows_by(env, net, n, command, *args, **kw):
    sensor = sensor_of(env, net, n, *ALL, *args, quick=False, **kw)
    net.do(command)
    said = sensor.stop()
    assert "were lost" not in said and "with one ring" not in said, said
    return rows_of(sensor.folder + "/conn.log"), stats_of(sensor)


def captures(env):
    found = ethernet_captures(env)
    if os.environ.get("CAPTURES") == "all":
        return found
    return [path for path in found if os.path.basename(path) in SOME] or found[:4]


def test_any_number_of_rings_gives_the_rows_of_the_capture(env):
    with Net() as net:
        for path in captures(env):
            want = plain(env.log(hurried(env, path)))
            for n in (1, 2, 4):
                rows, stats = rows_by(env, net, n, "replay " + path)
                got = plain(rows)
                assert got == want, (path, n, [row for row in got if row not in want], [row for row in want if row not in got])
                rings = rings_of(stats)
                assert len(rings) == (n if n > 1 else 0), (n, stats)
                assert n == 1 or sum(r["packets"] for r in rings) == stats["interface see0"]["packets"], stats


def crowd(count):
    """Returns [(frame, the addresses of its outermost IP header)] for many pairs of hosts, in both directions and with
    every kind of encapsulation."""
    dice, found = random.Random(7), []
    wraps = [netlib.eth, lambda p: netlib.vlan(p, 7), lambda p: netlib.vlan(p, [100, 7]),
             lambda p: netlib.vlan(p, [200, 8], outer=0x88a8)]
    for i in range(count):
        if i % 3:
            pair = ["10.%d.%d.%d" % tuple(dice.randrange(256) for _ in range(3)) for _ in range(2)]
            make, proto = netlib.ip4, 17
        else:
            pair = ["2001:db8::%x:%x" % (dice.randrange(1 << 16), dice.randrange(1 << 16)) for _ in range(2)]
            make, proto = netlib.ip6, 17
        for a, b, ports in ((*pair, (40000 + i, 5000)), (*pair[::-1], (5000, 40000 + i))):
            packet = make(a, b, proto, netlib.udp(a, b, *ports, b"x" * 9))
            at, size = (12, 4) if make is netlib.ip4 else (8, 16)
            found.append((wraps[i % 4](packet), (packet[at:at + size], packet[at + size:at + 2 * size])))
    return found


def test_the_kernel_spreads_packets_as_the_engine_does(env):
    frames = crowd(400)
    path = hurried(env, None, [frame for frame, _ in frames])
    with Net() as net:
        want = plain(env.log(path))
        for n in (2, 3, 4):
            rows, stats = rows_by(env, net, n, "replay " + path)
            assert plain(rows) == want and len(want) == 400
            shares = [share(addresses, n) for _, addresses in frames]
            assert [r["packets"] for r in rings_of(stats)] == [shares.count(k) for k in range(n)], (n, stats)
            tracked = [len(env.log("--shard", "%d/%d" % (k, n), path)) for k in range(n)]
            assert tracked == [shares.count(k) // 2 for k in range(n)], (n, tracked)
        for bpf in ("vlan", "ip6", "not vlan"):
            want = plain(env.log("-f", bpf, path))
            rows, _ = rows_by(env, net, 4, "replay " + path, "-f", bpf)
            assert plain(rows) == want and want, bpf


def test_rings_of_several_interfaces_are_one_stream(env):
    frames = [f for f in veth.frames_of(env.capture("tcp-states.pcap"))[1] if f[12:14] == b"\x08\0"]
    path = hurried(env, None, frames)
    with Net() as net:
        want = plain(env.log(path))
        rows, stats = rows_by(env, net, 2, "split " + path, interfaces=("see0", "see1"), sockets=4)
        assert plain(rows) == want and len(want) > 10
        assert all(len(rings_of(stats, name)) == 2 for name in ("see0", "see1")), stats


def test_each_ring_counts_what_it_had_no_room_for(env):
    with Net() as net:
        sensor = sensor_of(env, net, 2, "--ring", "512K", "--ring-block", "16K")
        sensor.signal(signal.SIGSTOP)
        net.do("udp 0 1 0 20")
        path = hurried(env, None, [frame + b"y" * 400 for frame, _ in crowd(3000)])
        net.do("replay " + path)
        sensor.signal(signal.SIGCONT)
        assert wait_until(lambda: "the ring of see0 had no room for" in sensor.said()), sensor.said()
        said, stats = sensor.stop(code=1), stats_of(sensor)
        lost = int(re.search(r"^connlog: (\d+) packets were lost by the kernel", said, re.M).group(1))
        rings = rings_of(stats)
        assert [r["dropped"] > 0 and r["freezes"] > 0 for r in rings] == [True, True], stats
        assert sum(r["dropped"] for r in rings) == lost == stats["interface see0"]["dropped_ring"], stats
        assert sum(r["packets"] + r["dropped"] for r in rings) == 6001, stats


def test_metrics_have_each_ring(env):
    with Net() as net:
        sensor = sensor_with_metrics(env, net, "-j", "2")
        path = hurried(env, None, [frame for frame, _ in crowd(50)])
        net.do("replay " + path)

        def packets():
            m = Metrics(fetch(env, net)[2])
            return [m("connlog_ring_packets_total", interface="see0", ring=str(k)) for k in range(2)]

        assert wait_until(lambda: sum(packets()) == 100), packets()
        m = Metrics(fetch(env, net)[2])
        assert min(packets()) > 10 and m("connlog_ring_lost_total", interface="see0", ring="1") == 0
        sensor.stop()


def test_rings_outlive_an_interface_that_is_down(env):
    with Net() as net:
        net.ip(env, "link", "set", "see0", "down")
        sensor = sensor_of(env, net, 2, "--memory", "256M", "-f", "udp", sockets=0)
        assert wait_until(lambda: "see0: the interface is down" in sensor.said()), sensor.said()
        for k in range(3):
            net.ip(env, "link", "set", "see0", "up")
            assert wait_until(lambda: sensor.said().count("see0: the interface is up") == k + 1), sensor.said()
            net.send(10 * k, 10)
            assert wait_until(lambda: len(numbers_in(sensor.folder)) == 10 * (k + 1)), sensor.said()
            net.ip(env, "link", "set", "see0", "down")
            assert wait_until(lambda: sensor.said().count("see0: the interface is down") == k + 2), sensor.said()
        said = sensor.stop()
        assert numbers_in(sensor.folder) == list(range(30)) and "one ring" not in said, said
        assert len(rings_of(stats_of(sensor))) == 2


def test_an_interface_that_comes_back_is_captured_with_one_ring(env):
    """A group of sockets cannot be bound again, and no privilege is left to make others."""
    with Net() as net:
        net.ip(env, "link", "del", "see0")
        net.ip(env, "link", "del", "see1")
        sensor = sensor_of(env, net, 4, "--wait", "-f", "udp", sockets=0)
        assert wait_until(lambda: "see0: the interface is not there, and is waited for" in sensor.said()), sensor.said()
        for k in range(3):
            net.do("pairs")
            assert wait_until(lambda: sensor.said().count("see0: the interface is up") == k + 1), sensor.said()
            net.send(10 * k, 10)
            assert wait_until(lambda: len(numbers_in(sensor.folder)) == 10 * (k + 1)), sensor.said()
            net.ip(env, "link", "del", "see0")
            net.ip(env, "link", "del", "see1")
            assert wait_until(lambda: sensor.said().count("see0: the interface is not there") == k + 2), sensor.said()
        said = sensor.stop()
        assert numbers_in(sensor.folder) == list(range(30)), said
        assert said.count("see0: captured with one ring from now on") == 1, said
        rings = rings_of(stats_of(sensor))
        assert len(rings) == 4 and sum(r["packets"] for r in rings) == 30, rings


def test_loopback_has_one_ring(env):
    with Net() as net:
        sensor = sensor_of(env, net, 4, interfaces=("lo",), quick=False)
        net.do("local 5 1000")
        sensor.stop()
        rows = [row for row in rows_of(sensor.folder + "/conn.log") if row["proto"] == "tcp"]
        assert len(rows) == 5 and all(row["conn_state"] == "SF" and "T" not in row["history"].upper() for row in rows), rows
