"""Outputs that do not accept data, and inputs that are not read in time: what `connlog live` does then."""
import json
import os
import re
import signal
import subprocess
import time

from env import Skip
from sensor import Net, Sensor, numbers_in, rows_of, wait_until


class FullDisk:
    """A small disk that is full until make_room()."""

    def __init__(self, env, size):
        self.env, self.folder, self.ballast = env, env.tmp + "/logs", env.tmp + "/logs/ballast"
        os.makedirs(self.folder)
        done = env.command("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", self.folder)
        if done.returncode != 0:
            raise Skip("no disk that can be filled: " + done.stderr.strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.env.must("umount", "-l", self.folder)

    def fill(self, leave):
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        with open(self.ballast, "wb") as f:
            f.write(b"x" * (free - leave))

    def make_room(self):
        os.remove(self.ballast)


def test_a_full_disk_stops_nothing_and_writing_goes_on_by_itself(env):
    with Net() as net, FullDisk(env, "1m") as disk:
        sensor = Sensor(env, net, "-o", "logs", "--stats", "stats.json")
        disk.fill(leave=16384)
        net.send(0, 400)
        assert wait_until(lambda: "No space left on device" in sensor.said()), sensor.said()
        rows = rows_of(disk.folder + "/conn.log")         # whole lines, as many as there was room for
        assert 0 < len(rows) < 400
        time.sleep(0.5)
        disk.make_room()
        assert wait_until(lambda: len(rows_of(disk.folder + "/conn.log")) == 400), sensor.said()
        assert wait_until(lambda: "is written again" in sensor.said())
        sensor.stop()
        assert numbers_in(disk.folder) == list(range(400))
        stats = json.loads(env.must("cat", "stats.json"))
        assert stats["output"]["lost"] == 0 and stats["output"]["written"] == 400 and stats["log"]["failures"] > 0, stats


def test_it_starts_on_a_full_disk(env):
    with Net() as net, FullDisk(env, "1m") as disk:
        disk.fill(leave=0)
        sensor = Sensor(env, net, "-o", "logs", "--format", "zeek")
        net.send(0, 3)
        assert wait_until(lambda: "No space left on device" in sensor.said()), sensor.said()
        disk.make_room()
        assert wait_until(lambda: "is written again" in sensor.said()), sensor.said()
        sensor.stop()
        with open(disk.folder + "/conn.log") as f:
            lines = f.read().splitlines()
        assert lines[0].startswith("#separator") and lines[-1].startswith("#close") and len(lines) == 12, lines


def test_on_a_disk_that_stays_full_what_is_lost_is_counted(env):
    with Net() as net, FullDisk(env, "1m") as disk:
        sensor = Sensor(env, net, "-o", "logs", "--spool", "64K", "--exit-timeout", "1sec", "--stats", env.tmp + "/stats.json")
        disk.fill(leave=8192)
        net.begin(0, 2500, pause=0.0005)
        net.end()
        assert wait_until(lambda: "records were lost" in sensor.said()), sensor.said()
        begun = time.time()
        said = sensor.stop(code=1)
        assert time.time() - begun < 15, said
        lost, total = map(int, re.search(r"(\d+) of (\d+) records are lost", said).groups())
        rows = numbers_in(disk.folder)
        assert total == 2500 and len(rows) == total - lost > 0, (total, lost, len(rows))
        assert rows == list(range(len(rows)))             # the first records were kept
        stats = json.loads(env.must("cat", "stats.json"))["output"]
        assert (stats["records"], stats["lost"], stats["written"]) == (total, lost, len(rows)), stats


def test_a_reader_that_has_gone_ends_it_with_a_message(env):
    """It notices by itself: no record has to come."""
    with Net() as net:
        read, write = os.pipe()
        sensor = Sensor(env, net, stdout=write)
        os.close(write)
        net.send(0, 1)
        assert os.read(read, 65536).count(b"\n") == 1
        os.close(read)
        assert sensor.process.wait(20) == 1
        assert "the reader of standard output has gone" in sensor.said(), sensor.said()


def test_a_reader_that_is_stuck_is_not_waited_for_for_ever(env):
    with Net() as net:
        read, write = os.pipe()
        sensor = Sensor(env, net, "--exit-timeout", "1sec", "--spool", "100K", stdout=write)
        os.close(write)
        net.begin(0, 3000, pause=0.0003)
        net.end()
        assert wait_until(lambda: "records were lost" in sensor.said()), sensor.said()
        begun = time.time()
        said = sensor.stop(code=1)
        assert time.time() - begun < 15, said
        lost, total = map(int, re.search(r"(\d+) of (\d+) records are lost", said).groups())
        with os.fdopen(read) as f:
            lines = f.read().split("\n")
        assert total == 3000 and len(lines) - 1 == total - lost, (total, lost, len(lines))


def test_a_second_signal_ends_the_waiting(env):
    with Net() as net:
        read, write = os.pipe()
        sensor = Sensor(env, net, "--exit-timeout", "1hr", stdout=write)
        os.close(write)
        net.begin(0, 1500, pause=0.0003)
        net.end()
        time.sleep(1.5)
        sensor.signal(signal.SIGINT)
        time.sleep(1)
        assert sensor.process.poll() is None
        assert "records are lost" in sensor.stop(code=1)
        os.close(read)


def test_a_signal_that_comes_twice_at_once_is_one(env):
    """As timeout(1) sends it: to its child, and then to the whole group."""
    with Net() as net:
        for turn in range(5):
            sensor = Sensor(env, net, "-o", "logs", quick=False)
            net.send(turn * 50, 50)
            for _ in range(3):
                sensor.signal(signal.SIGINT)
                time.sleep(0.002)
            assert sensor.process.wait(60) == 0 and "are lost" not in sensor.said(), sensor.said()
        assert numbers_in(sensor.folder) == list(range(250))


def test_a_slow_reader_gets_everything(env):
    with Net() as net:
        read, write = os.pipe()
        sensor = Sensor(env, net, "--exit-timeout", "60sec", stdout=write)
        os.close(write)
        net.begin(0, 1500, pause=0.0003)
        net.end()
        sensor.signal(signal.SIGTERM)
        time.sleep(1)
        with os.fdopen(read) as f:
            rows = [json.loads(line) for line in f]
        assert sensor.process.wait(60) == 0, sensor.said()
        assert len(rows) == 1500


def test_packets_that_are_lost_are_said(env):
    """Without -v and --stats."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs")
        sensor.signal(signal.SIGSTOP)
        net.send(0, 60000, size=1400)                     # more than its ring holds
        sensor.signal(signal.SIGCONT)
        assert wait_until(lambda: "packets were lost by the kernel" in sensor.said(), 60), sensor.said()
        said = sensor.stop(code=1, timeout=120)
        lost = int(re.search(r"^connlog: (\d+) packets were lost by the kernel", said, re.M).group(1))
        assert lost + len(numbers_in(sensor.folder)) == 60000, (lost, said)


def test_a_named_pipe_in_the_folder_is_written_to(env):
    with Net() as net:
        os.makedirs(env.tmp + "/logs")
        os.mkfifo(env.tmp + "/logs/conn.log")
        reader = subprocess.Popen(["cat", env.tmp + "/logs/conn.log"], stdout=subprocess.PIPE)
        sensor = Sensor(env, net, "-o", "logs", "--format", "zeek")
        net.send(0, 2)
        sensor.stop()
        lines = reader.communicate(timeout=60)[0].decode().splitlines()
        assert lines[0].startswith("#separator") and lines[-1].startswith("#close") and len(lines) == 11, lines
