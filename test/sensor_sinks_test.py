"""Sinks of `connlog live --to`: a slow, unreachable or dead sink never stops capture, and what happens to its records is reported."""
import glob
import json
import os
import signal
import socket

from delivery import helpers_of, keeper_of
from listener import Listener
import parquet_reader
from metrics_test import Metrics, fetch, need_http
from sandbox_test import has_seccomp, installed, status_of, statuses
from sensor import Net, Sensor, numbers_in, wait_until
import veth


def numbers(lines):
    return [veth.number_of(json.loads(line)) for line in lines]


def helper_of(sensor):
    """Returns the folder in /proc of the only delivering process, or None."""
    found = helpers_of(sensor)
    return "/proc/" + found[0]["Pid"] if len(found) == 1 else None


def test_a_sink_comes_goes_and_comes_back(env):
    """Beside the log, whose process keeps no rights; the process that feeds sinks is not root either."""
    at = env.tmp + "/s"
    for me in (env, installed(env)):
        with Net() as net:
            sensor = Sensor(me, net, "-o", "logs", "--to", "unix:" + at)
            net.send(0, 3)
            assert wait_until(lambda: "cannot connect: No such file or directory; records wait in memory" in sensor.said())
            unix = Listener(at)
            assert wait_until(lambda: len(unix.lines) == 3) and wait_until(lambda: "connected again" in sensor.said())
            unix.close()
            net.send(3, 3)
            assert wait_until(lambda: len(os.listdir(sensor.folder)) and len(numbers_in(sensor.folder)) == 6)
            again = Listener(at)
            assert wait_until(lambda: len(again.lines) == 3)
            for s in statuses(sensor):
                assert s["CapEff"] == "0" * 16 and s["Seccomp"] == ("2" if has_seccomp(env) else "0"), s
            for s in (status_of(helper_of(sensor)), status_of("/proc/%d" % keeper_of(sensor))):
                assert s["CapPrm"] == s["CapEff"] == "0" * 16 and s["Uid"] == statuses(sensor)[0]["Uid"], s
            net.send(6, 3)
            sensor.stop()
            again.close()
            assert numbers(unix.lines + again.lines) == list(range(9)) == numbers_in(sensor.folder)
            for name in os.listdir(sensor.folder):
                os.remove(sensor.folder + "/" + name)


def test_without_o_there_is_no_log(env):
    with Net() as net:
        sensor = Sensor(env, net, "--to", "file:%s/out" % env.tmp, "--stats", env.tmp + "/stats.json")
        net.send(0, 3)
        sensor.signal(signal.SIGHUP)
        sensor.signal(signal.SIGUSR2)
        assert wait_until(lambda: os.path.exists(env.tmp + "/out") and os.path.getsize(env.tmp + "/out") > 0)
        os.rename(env.tmp + "/out", env.tmp + "/moved")   # it is opened again
        net.send(3, 3)
        sensor.stop()
    lines = [open(env.tmp + "/" + name).read().splitlines() for name in ("moved", "out")]
    assert [numbers(part) for part in lines] == [[0, 1, 2], [3, 4, 5]] and os.listdir(sensor.folder) == [], lines
    stats = json.loads(env.must("cat", "stats.json"))["sink file:%s/out" % env.tmp]
    assert stats["records"] == stats["delivered"] == 6 and stats["lost"] == 0 and stats["opened"] == 2, stats


def test_what_has_no_room_in_memory_waits_on_the_disk(env):
    """Records stay in order; what is left on the disk at the end is delivered by the next run."""
    at, spool = env.tmp + "/s", env.tmp + "/spool"
    with Net() as net:
        sensor = Sensor(env, net, "--to", "unix:" + at, "--spool", "64K", "--spool", spool + ",4M", "--exit-timeout", "1sec")
        net.send(0, 1500, pause=0.0002)
        assert wait_until(lambda: glob.glob(spool + "/*/*")), sensor.said()
        said = sensor.stop()
        assert "1500 records are left in %s/unix-" % spool in said and "lost" not in said, said
        sensor = Sensor(env, net, "--to", "unix:" + at, "--spool", "64K", "--spool", spool + ",4M")
        net.send(1500, 500, pause=0.0002)
        unix = Listener(at)
        assert wait_until(lambda: len(unix.lines) >= 2000), len(unix.lines)
        sensor.stop()
        unix.close()
    assert sorted(numbers(unix.lines)) == list(range(2000)) and not glob.glob(spool + "/*/*")


def test_what_has_no_room_at_all_is_lost_and_counted(env):
    at, spool = env.tmp + "/s", env.tmp + "/spool"
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "unix:" + at, "--spool", "64K", "--spool", spool + ",1M",
                        "--exit-timeout", "1sec", "--stats", env.tmp + "/stats.json")
        net.send(0, 5000, pause=0.0002)
        assert wait_until(lambda: "records lost" in sensor.said()), sensor.said()
        unix = Listener(at)
        stats = None

        def emptied():
            return not glob.glob(spool + "/*/*")

        assert wait_until(emptied, 40), sensor.said()
        said = sensor.stop(code=1)
        unix.close()
        assert numbers_in(sensor.folder) == list(range(5000))
    stats = json.loads(env.must("cat", "stats.json"))["sink unix:" + at]
    got = numbers(unix.lines)
    assert stats["records"] == 5000 and stats["delivered"] == len(got) and stats["lost"] == 5000 - len(got) > 0, stats
    assert got == sorted(set(got)) and "%d of 5000 records are lost" % stats["lost"] in said, said


def test_a_sink_that_reads_nothing_is_given_up_at_the_end(env):
    at = env.tmp + "/s"
    server = socket.socket(socket.AF_UNIX)
    server.bind(at)
    os.chmod(at, 0o777)
    server.listen()
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "unix:" + at, "--exit-timeout", "0.5sec")
        net.send(0, 4000, pause=0.0002)
        said = sensor.stop(code=1)
        assert "records are lost" in said and numbers_in(sensor.folder) == list(range(4000)), said
    server.close()


def kill(pid):
    os.kill(int(pid), signal.SIGKILL)


def kill_helper(sensor):
    """Kills the only delivering process and waits for its replacement."""
    assert wait_until(lambda: helper_of(sensor))
    before = helper_of(sensor)
    kill(os.path.basename(before))
    assert wait_until(lambda: helper_of(sensor) not in (None, before)), sensor.said()


def stats_of(env, sink):
    return json.loads(env.must("cat", "stats.json"))["sink " + sink]


def test_a_helper_that_is_killed_is_replaced(env):
    """Killed again and again while records come: each record arrives, in order except for repeats, and all are accounted for."""
    at = env.tmp + "/d"
    unix = Listener(at, datagram=True)
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "unix:" + at, "--stats", env.tmp + "/stats.json")
        net.begin(0, 4000, pause=0.0002)
        for _ in range(3):
            kill_helper(sensor)
        net.end()
        assert wait_until(lambda: len(set(numbers(unix.datagrams))) == 4000), len(unix.datagrams)
        said = sensor.stop()
        assert said.count("its process was killed by signal 9 and is replaced (1 so far)") == 1 and "lost" not in said, said
        assert numbers_in(sensor.folder) == list(range(4000))
    unix.close()
    stats = stats_of(env, "unix:" + at)
    assert stats["records"] == stats["delivered"] == 4000 and stats["lost"] == 0 and stats["restarts"] == 3, stats


def test_what_a_killed_helper_held_is_delivered_by_the_next(env):
    """The sink cannot be reached when the process is killed: the records in memory and on the disk stay there."""
    at, spool = env.tmp + "/s", env.tmp + "/spool"
    with Net() as net:
        sensor = Sensor(env, net, "--to", "unix:" + at, "--spool", "64K", "--spool", spool + ",4M", "--stats", env.tmp + "/stats.json")
        net.send(0, 1500, pause=0.0002)
        assert wait_until(lambda: glob.glob(spool + "/*/*")), sensor.said()
        kill_helper(sensor)
        net.send(1500, 500, pause=0.0002)
        kill_helper(sensor)
        unix = Listener(at)
        assert wait_until(lambda: len(unix.lines) >= 2000), len(unix.lines)
        assert "lost" not in sensor.stop()
        unix.close()
    assert numbers(unix.lines) == list(range(2000)) and not glob.glob(spool + "/*/*")
    stats = stats_of(env, "unix:" + at)
    assert stats["delivered"] == 2000 and stats["lost"] == 0 and stats["restarts"] == 2, stats


def test_one_helper_does_not_take_others_with_it(env):
    """And when no process is left to replace them, the log goes on and the loss is reported."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "file:%s/a" % env.tmp, "--to", "file:%s/b" % env.tmp)
        first, second = helpers_of(sensor)
        kill(first["Pid"])
        assert wait_until(lambda: len(helpers_of(sensor)) == 2 and first["Pid"] not in [s["Pid"] for s in helpers_of(sensor)])
        assert second["Pid"] in [s["Pid"] for s in helpers_of(sensor)]
        net.send(0, 3)
        assert wait_until(lambda: all(os.path.exists(env.tmp + "/" + n) and len(open(env.tmp + "/" + n).readlines()) == 3 for n in "ab"))
        pids = [s["Pid"] for s in helpers_of(sensor)]
        kill(keeper_of(sensor))
        for pid in pids:
            kill(pid)
        net.send(3, 3)
        said = sensor.stop(code=1)
        assert said.count("3 of 6 records are lost") == 2 and numbers_in(sensor.folder) == list(range(6)), said


def test_files_that_are_not_complete_are_lost_with_the_process(env):
    """The files hold records of an interface; the lost ones are counted, and the next process begins new files."""
    folder = env.tmp + "/lake"
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    sink = "parquet:" + folder
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", sink, "--stats", env.tmp + "/stats.json", "--metrics", "127.0.0.1:9911")
        net.send(0, 3)
        if "libmicrohttpd" in env.run("--version").stdout:
            assert wait_until(lambda: Metrics(fetch(env, net)[2]).samples["connlog_sink_delivered_total", 'sink="%s"' % sink] == 3)
        assert wait_until(lambda: glob.glob(folder + "/*/*/.*") + glob.glob(folder + "/*/*/*")), os.listdir(folder)
        kill_helper(sensor)
        net.send(3, 3)
        said = sensor.stop(code=1)
    paths = glob.glob(folder + "/*/*/*.parquet")
    got = sorted(veth.number_of(row) for path in paths for row in parquet_reader.read(path)[0])
    stats = stats_of(env, sink)
    assert got[-3:] == [3, 4, 5] and stats["delivered"] == len(got) and stats["lost"] == 6 - len(got), (got, stats, said)


def test_a_helper_may_do_what_its_sink_needs(env):
    """And nothing more: seccomp's list, no new privileges, no capabilities. A command is only kept from administering the system."""
    at = env.tmp + "/s"
    listener = Listener(at)
    with Net() as net:
        sensor = Sensor(installed(env), net, "-o", "logs", "--to", "unix:" + at, "--to", "sqlite:%s/x.db" % env.tmp,
                        "--to", "exec:cat >%s/out" % env.tmp)
        found = helpers_of(sensor)
        assert len(found) == 3
        for s in found:
            assert s["NoNewPrivs"] == "1" and s["CapPrm"] == s["CapEff"] == s["CapAmb"] == "0" * 16, s
            assert s["Seccomp"] == ("2" if has_seccomp(env) else "0"), s
        net.send(0, 3)
        assert wait_until(lambda: len(listener.lines) == 3)
        assert sensor.stop() == ""
    listener.close()
    assert len(open(env.tmp + "/out").readlines()) == 3


def test_a_helper_that_does_not_run_for_a_while(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "file:%s/out" % env.tmp)
        helper = int(os.path.basename(helper_of(sensor)))
        os.kill(helper, signal.SIGSTOP)
        net.send(0, 4000, pause=0.0002)
        assert wait_until(lambda: len(numbers_in(sensor.folder)) == 4000)
        os.kill(helper, signal.SIGCONT)
        sensor.stop()
    with open(env.tmp + "/out") as f:
        assert numbers(f) == list(range(4000))


def test_a_sensor_that_is_killed_has_its_records_delivered(env):
    at = env.tmp + "/s"
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "unix:" + at)
        net.send(0, 3)
        assert wait_until(lambda: len(numbers_in(sensor.folder)) == 3)
        sensor.kill()
        unix = Listener(at)
        assert wait_until(lambda: len(unix.lines) == 3)
        unix.close()


def test_metrics_of_sinks(env):
    need_http(env)
    with Net() as net:
        name = "file:%s/out" % env.tmp
        sensor = Sensor(env, net, "-o", "logs", "--metrics", "127.0.0.1:9911", "--to", name, "--to", "unix:%s/nobody" % env.tmp)
        net.send(0, 5)

        def sample(metric, sink):
            m = Metrics(fetch(env, net)[2])
            return m.samples["connlog_sink_" + metric, 'sink="%s"' % sink]

        assert wait_until(lambda: sample("delivered_total", name) == 5 and sample("up", name) == 1)
        nobody = "unix:%s/nobody" % env.tmp
        assert wait_until(lambda: sample("waiting_records", nobody) == 5) and sample("up", nobody) == 0
        assert sample("failures_total", nobody) > 0 and sample("records_total", nobody) == 5
        sensor.stop(code=1)


def test_parquet_of_an_interface(env):
    """A file gets its name after a while, and all of them do at the end."""
    folder = env.tmp + "/lake"
    os.makedirs(folder)
    os.chmod(folder, 0o777)

    def rows():
        paths = [p for p in glob.glob(folder + "/*/*/*.parquet")]
        return sorted(veth.number_of(row) for path in paths for row in parquet_reader.read(path)[0])

    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "parquet:%s?file_age=1" % folder)
        net.send(0, 3)
        assert wait_until(lambda: rows() == [0, 1, 2])
        net.send(3, 3)
        sensor.stop()
    assert rows() == list(range(6)) == numbers_in(sensor.folder)
