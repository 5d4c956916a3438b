"""Live capture from rings: an interface gives what the same packets give as a capture file."""
import json
import os
import re
import signal

from sensor import Net, Sensor, numbers_in, rows_of, wait_until
import netlib
import veth

ALL = ["--fields", "all"]
TIMES = {"ts", "uid", "duration", "tunnel_parents"}  # live, packets follow each other at once, and uids depend on times


def ethernet_captures(env):
    """Returns the generated captures that can be sent on an interface unchanged."""
    found = []
    for name in sorted(os.listdir(env.captures)):
        path = os.path.join(env.captures, name)
        if name.endswith(".pcap"):
            link, frames = veth.frames_of(path)
            if link == netlib.ETHERNET and frames and all(f and 14 <= len(f) <= veth.LARGEST for f in frames):
                found.append(path)
    return found


def hurried(env, path, frames=None):
    """Returns a capture of the same frames, a microsecond apart."""
    capture = netlib.Capture()
    for i, frame in enumerate(frames or veth.frames_of(path)[1]):
        capture.packets.append((netlib.START + i * 1000, frame, len(frame)))
    out = env.tmp + "/hurried.pcap"
    capture.write(out)
    return out


def plain(rows):
    """Returns the rows sorted, without values that depend on the time."""
    return sorted(json.dumps({k: v for k, v in row.items() if k not in TIMES}, sort_keys=True) for row in rows)


def fresh(env):
    """Returns a copy of the environment with another folder, for another sensor."""
    env = env.at("%s/%d" % (env.tmp, len(os.listdir(env.tmp))))
    os.makedirs(env.tmp)
    return env


def live_rows(env, net, command, *args, **kw):
    """Returns what a sensor logs while the given commands run in the network."""
    sensor = Sensor(fresh(env), net, "-o", "logs", *ALL, *args, quick=False, **kw)
    net.do(command)
    said = sensor.stop()
    assert "were lost" not in said, said
    return rows_of(sensor.folder + "/conn.log")


def test_an_interface_gives_the_rows_of_the_capture(env):
    captures = ethernet_captures(env)
    assert len(captures) > 10, captures
    with Net() as net:
        for path in captures:
            want = plain(env.log(hurried(env, path)))
            got = plain(live_rows(env, net, "replay " + path))
            assert got == want, (path, [row for row in got if row not in want], [row for row in want if row not in got])


def test_libpcap_gives_the_same_rows(env):
    path = env.capture("tcp-states.pcap")
    with Net() as net:
        want = plain(live_rows(env, net, "replay " + path))
        for name in ("pcap:see0", "pcap::see0", "af_packet::see0"):
            assert want == plain(live_rows(env, net, "replay " + path, interfaces=(name,))), name
        assert len(want) > 10
        sensor = Sensor(env, net, "-v", interfaces=("any",))
        assert "any: captured through libpcap, not from a ring: there is no network interface" in sensor.stop()


def tagged_frames():
    """Returns frames with and without tags; to the kernel, 0x9100 is no tag."""
    datagrams = [netlib.ip4("10.0.0.%d" % i, "10.0.1.1", 17, netlib.udp("10.0.0.%d" % i, "10.0.1.1", 40000 + i, 5000, b"x" * i * 9))
                 for i in range(1, 9)]
    wraps = [netlib.eth, lambda p: netlib.vlan(p, 7), lambda p: netlib.vlan(p, [100, 7]),
             lambda p: netlib.vlan(p, [200, 8], outer=0x88a8), lambda p: netlib.vlan(p, [7, 8], outer=0x9100),
             lambda p: netlib.vlan(p, 0xe007), lambda p: netlib.vlan(p, [1, 2, 3]), netlib.eth]
    return [wrap(p) for wrap, p in zip(wraps, datagrams)]


def test_tags_are_put_back_and_filters_see_them(env):
    """The kernel removes the outermost tag of each frame, whether or not the card has left it there."""
    path = hurried(env, None, tagged_frames())
    with Net() as net:
        want = env.log(path)
        assert {row.get("vlan") for row in want} >= {None, 7, 100, 200} and {row.get("inner_vlan") for row in want} >= {7, 8}
        for bpf in ("", "vlan", "vlan 7", "not vlan", "udp port 5000", "vlan and udp port 40002", "vlan and vlan",
                    "vlan 100 and vlan 7 and udp", "ether[12:2] == 0x8100", "ether[14:2] & 0xe000 != 0", "greater 80",
                    "vlan and greater 80", "ether[12:4] == 0x81000007", "ether[15] == 7", "ether src 02:00:00:00:00:01",
                    "host 10.0.0.3", "vlan and host 10.0.0.3", "not (vlan and host 10.0.0.2)", "not host 10.0.0.1",
                    "vlan and udp[8] == 120", "vlan and ip[2:2] > 60"):
            want = plain(env.log("-f", bpf, path))
            got = plain(live_rows(env, net, "replay " + path, "-f", bpf))
            assert got == want, (bpf, got, want)


def test_a_filter_too_long_for_the_kernel_does_what_it_does(env):
    path = hurried(env, None, tagged_frames())
    bpf = " or ".join("(vlan and host 10.0.0.%d)" % i for i in range(4, 200)) + " or host 10.0.0.8"
    want = plain(env.log("-f", bpf, path))
    assert 0 < len(want) < len(tagged_frames())
    with Net() as net:
        assert plain(live_rows(env, net, "replay " + path, "-f", bpf)) == want


def test_checksums_that_are_not_computed_yet_are_good(env):
    """The kernel leaves checksums to the card, and here there is none; on the loopback interface they are never computed."""
    with Net() as net:
        net.tell("tcp 20 300000")
        net.end("there")
        sensor = Sensor(env, net, "-o", "logs", interfaces=(veth.HERE_TCP, "lo"), quick=False)
        net.tell("go")
        net.end()
        net.do("local 5 100000")
        said = sensor.stop()
        rows = [row for row in rows_of(sensor.folder + "/conn.log") if row["proto"] == "tcp"]
        assert len(rows) == 25, rows
        for row in rows:
            assert row["conn_state"] == "SF" and not re.search("[Cc]", row["history"]), row
            assert row["orig_bytes"] == row["resp_bytes"] in (100000, 300000), row
            assert row["resp_pkts"] + row["orig_pkts"] < 400, row  # on loopback each packet is seen once
        assert "checksum" not in said, said
        glued = re.search(r"here0: packets are longer than its MTU of 1500.*ethtool -K here0 ((?:\w+ off ?)+)$", said, re.M)
        assert glued and said.count("longer than its MTU") == 1, said


def interface_test(env, before, after, words, *args, **kw):
    """Sends numbers 0 to 9 before and 10 to 19 after the interface was lost."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", *args, **kw)
        net.send(0, 10)
        assert wait_until(lambda: len(numbers_in(sensor.folder)) == 10)
        before(net)
        assert wait_until(lambda: "see0: the interface %s, and is waited for" % words in sensor.said()), sensor.said()
        assert sensor.process.poll() is None
        after(net)
        assert wait_until(lambda: "see0: the interface is up" in sensor.said()), sensor.said()
        net.send(10, 10)
        assert wait_until(lambda: len(numbers_in(sensor.folder)) == 20), sensor.said()
        sensor.stop()
        assert numbers_in(sensor.folder) == list(range(20))
    return sensor


def test_an_interface_that_goes_down_is_waited_for(env):
    interface_test(env, lambda net: net.ip(env, "link", "set", "see0", "down"),
                   lambda net: net.ip(env, "link", "set", "see0", "up"), "is down")


def test_an_interface_that_goes_away_is_waited_for(env):
    """Capture goes on from another interface meanwhile."""
    def make(net):
        net.ip(env, "link", "del", "see1")
        net.do("pairs")

    for interfaces in (("see0",), ("see0", "lo")):
        interface_test(fresh(env), lambda net: net.ip(env, "link", "del", "see0"), make, "is not there",
                       interfaces=interfaces)


def test_an_interface_that_is_not_there_yet_is_waited_for(env):
    with Net() as net:
        net.ip(env, "link", "del", "see0")
        net.ip(env, "link", "del", "see1")
        done = env.command(*net.inside, env.connlog, "live", "see0")
        assert done.returncode == 1 and "see0: No such device" in done.stderr, done.stderr
        sensor = Sensor(env, net, "-o", "logs", "--wait", "-f", "udp", sockets=0)
        assert wait_until(lambda: "see0: the interface is not there, and is waited for" in sensor.said()), sensor.said()
        net.do("pairs")
        assert wait_until(lambda: "see0: the interface is up" in sensor.said()), sensor.said()
        net.send(0, 3)
        sensor.stop()
        assert numbers_in(sensor.folder) == [0, 1, 2]


def test_with_exit_on_down_it_ends_when_an_interface_does(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--exit-on-down")
        net.begin(0, 5)
        net.end()
        net.ip(env, "link", "set", "see0", "down")
        assert sensor.process.wait(20) == 1
        assert "connlog: see0: the interface is down\n" in sensor.said(), sensor.said()
        assert numbers_in(sensor.folder) == list(range(5))
        done = env.command(*net.inside, env.connlog, "live", "see0", "--exit-on-down")
        assert done.returncode == 1 and "see0: the interface is down" in done.stderr, done.stderr


def test_several_interfaces_are_one_stream_in_order(env):
    """One interface sees the originator of each connection, the other one the responder."""
    frames = [f for f in veth.frames_of(env.capture("tcp-states.pcap"))[1] if f[12:14] == b"\x08\0"]
    path = hurried(env, None, frames)
    with Net() as net:
        want = plain(env.log(path))
        got = live_rows(env, net, "split " + path, interfaces=("see0", "see1"))
        assert plain(got) == want and len(want) > 10, (plain(got), want)
        slow = live_rows(env, net, "split " + path, "--ring-timeout", "200msec", interfaces=("see0", "see1"))
        assert plain(slow) == want
        sensor = Sensor(fresh(env), net, "-o", "logs", interfaces=("see0", "see1"))
        net.send(0, 1)  # and nothing on the other interface
        assert wait_until(lambda: numbers_in(sensor.folder) == [0], 5)
        sensor.stop()


def test_what_finds_no_room_in_the_ring_is_counted(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--ring", "64K", "--ring-block", "16K", "--stats", "stats.json")
        sensor.signal(signal.SIGSTOP)
        net.send(0, 5000, size=500)
        sensor.signal(signal.SIGCONT)
        assert wait_until(lambda: "the ring of see0 had no room for" in sensor.said()), sensor.said()
        said = sensor.stop(code=1)
        lost = int(re.search(r"^connlog: (\d+) packets were lost by the kernel", said, re.M).group(1))
        assert lost + len(numbers_in(sensor.folder)) == 5000 and lost > 4000, said
        with open(env.tmp + "/stats.json") as f:
            stats = json.load(f)
        see0 = stats["interface see0"]
        assert stats["input"]["dropped"] == see0["dropped_ring"] == lost and see0["dropped_interface"] == 0, stats
        assert see0["freezes"] > 0 and see0["packets"] == 5000 - lost, stats


def test_packets_are_cut_to_what_is_asked_for(env):
    with Net() as net:
        for args, truncated in ((["--snaplen", "100"], 4), ([], 0), (["-f", "udp", "--snaplen", "100"], 4),
                                (["--ring-block", "16K"], 2)):
            sensor = Sensor(fresh(env), net, "-o", "logs", "--stats", "stats.json", *args)
            net.send(0, 3, size=20)
            net.send(3, 2, size=200)
            net.send(5, 2, size=20000)
            sensor.stop()
            with open(sensor.env.tmp + "/stats.json") as f:
                assert json.load(f)["packets"]["cut_short"] == truncated, args
            assert [row["orig_ip_bytes"] for row in rows_of(sensor.folder + "/conn.log")].count(20028) == 2, args


def test_an_interface_need_not_be_promiscuous(env):
    with Net() as net:
        for args, promiscuous in (([], 1), (["-p"], 0)):
            sensor = Sensor(env, net, *args)
            assert json.loads(net.ip(env, "-d", "-j", "link", "show", "see0"))[0]["promiscuity"] == promiscuous
            sensor.stop()
