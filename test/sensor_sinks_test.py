"""Sinks of `connlog live --to`: one that is slow, away or dead never stops capture, and what becomes of its records is told."""
import glob
import json
import os
import signal
import socket

from listener import Listener
import parquet_reader
from metrics_test import Metrics, fetch, need_http
from sandbox_test import has_seccomp, installed, status_of, statuses
from sensor import Net, Sensor, numbers_in, wait_until
import veth


def numbers(lines):
    return [veth.number_of(json.loads(line)) for line in lines]


def helper_of(sensor):
    """=> The folder in /proc of the process that feeds sinks."""
    for path in glob.glob("/proc/[0-9]*"):
        try:
            s = status_of(path)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if s["Name"] == "connlog-ship" and s["PPid"] == str(sensor.process.pid):
            return path
    return None


def test_a_sink_comes_goes_and_comes_back(env):
    """Beside the log, whose process keeps no rights; the one that feeds sinks is no root either."""
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
            helper = status_of(helper_of(sensor))
            assert helper["CapPrm"] == helper["CapEff"] == "0" * 16 and helper["Uid"] == statuses(sensor)[0]["Uid"], helper
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
        os.rename(env.tmp + "/out", env.tmp + "/moved")   # it is opened anew
        net.send(3, 3)
        sensor.stop()
    lines = [open(env.tmp + "/" + name).read().splitlines() for name in ("moved", "out")]
    assert [numbers(part) for part in lines] == [[0, 1, 2], [3, 4, 5]] and os.listdir(sensor.folder) == [], lines
    stats = json.loads(env.must("cat", "stats.json"))["sink file:%s/out" % env.tmp]
    assert stats["records"] == stats["delivered"] == 6 and stats["lost"] == 0 and stats["opened"] == 2, stats


def test_what_has_no_room_in_memory_waits_on_the_disk(env):
    """In order; what is left there at the end is delivered by the next run."""
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


def test_a_helper_that_is_killed_stops_nothing(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--to", "file:%s/out" % env.tmp)
        os.kill(int(os.path.basename(helper_of(sensor))), signal.SIGKILL)
        net.send(0, 3)
        said = sensor.stop(code=1)
        assert "3 of 3 records are lost" in said and numbers_in(sensor.folder) == [0, 1, 2], said


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
