"""Rotation of the log of `connlog live`: names, boundaries, the command run for rotated logs, compression, retention."""
import os
import re
import signal
import time

from env import Skip
from sensor import Net, Sensor, give, logs_in, numbers_in, read_text, rows_of, wait_until
import veth

DATE = r"(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)"
UTC = {**os.environ, "TZ": "UTC"}


def seconds(date):
    """Returns the time in a log's name, UTC."""
    return int(time.strftime("%s", time.strptime(date, "%Y-%m-%d-%H-%M-%S"))) - time.timezone


def zeek_numbers(text):
    """Returns the numbers of the datagrams in a tab-separated log."""
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [veth.number_of({"id.orig_h": row[2], "id.orig_p": row[3]}) for row in rows]


def test_nothing_is_lost_or_twice_at_a_boundary(env):
    """Logs begin at multiples of the interval and hold only the records of their own time."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--format", "zeek", "Log::default_rotation_interval=2secs", environ=UTC)
        net.begin(0, 3000, pause=0.002)
        net.end()
        sensor.stop()
        names = logs_in(sensor.folder)
        assert len(names) >= 4 and not os.path.exists(sensor.folder + "/conn.log"), names
        numbers = []
        for i, name in enumerate(names):
            begun = re.fullmatch("conn." + DATE + ".log", name).group(1)
            text = read_text(sensor.folder + "/" + name)
            assert "\n#open\t%s\n" % begun in text and text.splitlines()[-1].startswith("#close\t"), text[-200:]
            assert i == 0 or seconds(begun) % 2 == 0, names
            if i + 1 < len(names):                        # it is closed when the next one begins
                assert text.splitlines()[-1] == "#close\t" + re.search(DATE, names[i + 1]).group(1), names
            found = zeek_numbers(text)
            assert found, name
            numbers += found
        assert sorted(numbers) == list(range(3000)), (len(numbers), len(set(numbers)))


def test_a_command_is_run_for_each_log_as_zeek_runs_it(env):
    script = env.tmp + "/post process"
    with open(script, "w") as f:
        f.write('#!/bin/sh\necho "$#|$1|$2|$3|$4|$5|$6" >>"%s/calls"\necho said\nexit 3\n' % env.tmp)
    os.chmod(script, 0o755)
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-interval", "1hr",
                        'Log::default_rotation_postprocessor_cmd="\'%s\'"' % script, environ=UTC)
        net.send(0, 3)
        assert wait_until(lambda: len(rows_of(sensor.folder + "/conn.log")) == 3)
        sensor.signal(signal.SIGUSR2)
        assert wait_until(lambda: os.path.exists(env.tmp + "/calls"))
        net.send(3, 3)
        assert "ended with status 3" in sensor.stop()
    with open(env.tmp + "/calls") as f:
        calls = [line.strip().split("|") for line in f]
    date = r"\d\d-\d\d-\d\d_\d\d\.\d\d\.\d\d"
    assert len(calls) == 2 and [c[5] for c in calls] == ["0", "1"], calls
    assert sorted(call[1] for call in calls) == ["logs/" + name for name in logs_in(sensor.folder)], calls
    for call in calls:
        assert (call[0], call[2], call[6]) == ("6", "conn", "ascii"), calls
        assert re.fullmatch(date, call[3]) and re.fullmatch(date, call[4]) and call[3] <= call[4], calls
        assert call[1].startswith("logs/conn.20" + call[3][:8]), calls
    assert "said" in sensor.said()                        # on standard error, not in the log


def test_logs_of_a_size_are_packed_elsewhere(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-size", "30K", "--compress", "gzip:9", "--rotate-dir", "old/logs",
                        "--flush-interval", "50msec")
        net.begin(0, 1000, pause=0.001)
        net.end()
        sensor.stop()
        old = env.tmp + "/old/logs"
        names = sorted(os.listdir(old))
        assert len(names) > 5 and all(re.fullmatch("conn." + DATE + r"(-\d+)?\.log\.gz", name) for name in names), names
        assert all(len(read_text(old + "/" + name)) <= 30 << 10 for name in names)
        assert numbers_in(old) == list(range(1000)) and os.listdir(sensor.folder) == []


def test_a_log_that_cannot_be_moved_goes_on(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-size", "5K", "--flush-interval", "50msec")
        log = sensor.folder + "/conn.log"
        done = env.command("mount", "--bind", log, log)   # a mount point cannot be renamed
        if done.returncode != 0:
            sensor.stop()
            raise Skip("nothing can be mounted here: " + done.stderr.strip())
        net.send(0, 300, pause=0.001)
        said = sensor.stop()
        env.must("umount", log)
        assert 1 <= said.count("cannot be rotated, and goes on") <= 2, said  # and once more at the end
        assert logs_in(sensor.folder) == [] and numbers_in(sensor.folder) == list(range(300))


def test_what_was_left_unpacked_is_packed_at_the_next_start(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs")
        net.send(0, 2)
        assert wait_until(lambda: len(rows_of(sensor.folder + "/conn.log")) == 2)
        sensor.signal(signal.SIGUSR2)
        net.send(2, 2)
        assert wait_until(lambda: logs_in(sensor.folder))
        sensor.stop()
        Sensor(env, net, "-o", "logs", "--compress", "zstd:3").stop()
        names = logs_in(sensor.folder)
        assert len(names) == 2 and all(name.endswith(".log.zst") for name in names), names
        assert numbers_in(sensor.folder) == [0, 1, 2, 3]


def test_old_logs_make_room(env):
    folder = env.tmp + "/logs"
    os.makedirs(folder)

    def old(name, days, size):
        with open(folder + "/" + name, "w") as f:
            f.write("x" * size)
        os.utime(folder + "/" + name, (time.time() - days * 86400,) * 2)

    old("conn.2026-01-01-00-00-00.log", 40, 10)           # too old
    old("conn.2026-01-02-00-00-00-1.log.zst", 35, 10)     # too old
    old("conn.2026-01-03-00-00-00.log.gz", 20, 60000)     # the oldest, and the total is too large
    old("conn.2026-01-04-00-00-00.log.gz", 10, 60000)
    old("conn.important.log", 400, 10)                    # not a rotated log of ours
    old("dns.2026-01-01-00-00-00.log", 400, 10)
    give(folder)
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--keep-age", "30day", "--keep-size", "100K")
        assert wait_until(lambda: len(os.listdir(folder)) == 5), os.listdir(folder)
        sensor.stop()
    assert sorted(os.listdir(folder)) == ["conn.2026-01-04-00-00-00.log.gz", "conn.important.log", "conn.log",
                                          "dns.2026-01-01-00-00-00.log"]


def test_a_log_without_records_is_not_rotated(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--rotate-interval", "1sec", "--format", "zeek", environ=UTC)
        time.sleep(2.5)
        opened = re.search("#open\t" + DATE, read_text(sensor.folder + "/conn.log")).group(1)
        assert time.time() - seconds(opened) < 3          # a new one is begun instead
        assert logs_in(sensor.folder) == []
        sensor.stop()
        assert os.listdir(sensor.folder) == []


def test_wrong_values_are_told(env):
    capture = env.capture("http.pcap")
    for args, said in ((["--rotate-interval", "soon"], "--rotate-interval soon: an interval like"),
                       (["--rotate-size", "5X"], "--rotate-size 5X: a size like"),
                       (["--spool", "1K"], "64K at least"),
                       (["--compress", "gzip:10"], "gzip or zstd is expected"),
                       (["--compress", "lz4"], "gzip or zstd is expected"),
                       (["--keep-age", "-1day"], "--keep-age -1day"),
                       (["log_rotate_base_time=25:99"], "a time of the day"),
                       (["Log::default_rotation_date_format=%Y/%m"], "a part of a file's name"),
                       (["Log::default_rotation_interval=often"], "an interval like")):
        done = env.run("live", "no-such-interface", *args, code=2)
        assert said in done.stderr, (args, done.stderr)
    for args in (["--rotate-interval", "1hr"], ["Log::default_rotation_interval=1hr"], ["--compress", "gzip"]):
        assert "is about interfaces" in env.run(*args, capture, code=2).stderr
    env.run("Log::default_logdir=.", capture)
    assert os.path.exists(env.tmp + "/conn.log")
