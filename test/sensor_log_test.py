"""The log of `connlog live -o`: an existing log is kept, what is written is whole, and records are written as they come."""
import json
import os
import random
import re
import signal
import struct
import subprocess
import time

from sensor import Net, Sensor, give, logs_in, numbers_in, read_text, rows_of, wait_until

SAFE = 64  # where .conn.state says how far the log has reached the disk; before it, which of two places is meant


def test_a_log_that_is_there_is_kept(env):
    with Net() as net:
        for first in (0, 5):
            sensor = Sensor(env, net, "-o", "logs")
            net.send(first, 5)
            said = sensor.stop()
        assert "was there already" in said, said
        assert len(logs_in(sensor.folder)) == 1 and logs_in(sensor.folder)[0].startswith("conn.20"), said
        assert numbers_in(sensor.folder) == list(range(10))
        assert len(rows_of(sensor.folder + "/conn.log")) == 5
        assert not [f for f in os.listdir(sensor.folder) if f.startswith(".")]


def test_records_are_in_the_log_as_they_come(env):
    """Includes records of connections that end by time alone: no packet comes after them."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs")
        net.send(0, 3)
        begun = time.time()
        assert wait_until(lambda: len(rows_of(sensor.folder + "/conn.log")) == 3)
        assert time.time() - begun < 0.3 + 0.2 + 1 + 0.5  # the connection's time-out, the allowance for late packets, the flush
        sensor.kill()
        assert len(rows_of(sensor.folder + "/conn.log")) == 3
        sensor = Sensor(env, net, "-o", "logs", "--flush-interval", "200msec")
        said = sensor.stop()
        assert "did not end" in said and "had not been written" not in said, said
        assert numbers_in(sensor.folder) == [0, 1, 2]


def test_what_was_not_written_at_a_kill_is_counted_at_the_next_start(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--flush-interval", "1hr")
        net.begin(0, 600, pause=0.005)                    # it is never idle, so it does not flush
        time.sleep(2)
        sensor.kill()
        net.end()
        sensor = Sensor(env, net, "-o", "logs")
        said = sensor.stop()  # the file appears only once something was written
        assert re.search(r"[1-9]\d* records had not been written|had not written [1-9]\d* records", said), said


def test_kill_at_any_moment_leaves_whole_lines(env):
    """Kills it twenty times; `make kills` does so two hundred times."""
    with Net() as net:
        for turn in range(int(os.environ.get("KILLS", 20))):
            sensor = Sensor(env, net, "-o", "logs", "--rotate-size", "20K", "--compress", "zstd", "--flush-interval",
                            "20msec")
            net.begin(turn * 400, 400, pause=0.001)
            time.sleep(0.2 + random.random() * 0.6)
            sensor.kill()
            net.end()
        Sensor(env, net, "-o", "logs", "--compress", "zstd").stop()
        numbers = numbers_in(sensor.folder)
        assert len(numbers) == len(set(numbers)) and len(numbers) > 300, len(numbers)
        assert not [f for f in os.listdir(sensor.folder) if f.startswith(".")], os.listdir(sensor.folder)
        assert len(logs_in(sensor.folder)) > 20


def cut_power(sensor, size, zeros=0, state=True):
    """Kills it and leaves what a disk may hold after a power cut: so many bytes of the log, zeros where it had grown,
    and a state file or none. Returns how many whole lines there are."""
    sensor.kill()
    path = sensor.folder + "/conn.log"
    with open(path, "r+b") as f:
        f.truncate(size)
        f.seek(size)
        f.write(bytes(zeros))
        f.seek(0)
        whole = f.read().count(b"\n")
    if not state:
        os.remove(sensor.folder + "/.conn.state")
    return whole


def forget_what_is_safe(folder):
    """Leaves a state file as old as the beginning of its log: it says of no byte that it has reached the disk."""
    with open(folder + "/.conn.state", "r+b") as f:
        f.seek(SAFE)
        f.write(bytes(40))


def missing_in(said):
    """Returns how many records a start reports as not written by the previous run."""
    found = re.search(r"(\d+) records had not been written|had not written (\d+) records", said)
    return int(found.group(1) or found.group(2)) if found else 0


def test_a_power_cut_leaves_whole_lines_and_the_missing_ones_are_counted(env):
    """The log may end anywhere in what was written but had not reached the disk."""
    expected, each = [], 40
    with Net() as net:
        for turn, (share, zeros, state) in enumerate(((0, 0, True), (0.01, 0, True), (0.5, 0, True), (0.77, 5000, True), (1, 4096, True),
                                                      (0.3, 0, False))):
            sensor = Sensor(env, net, "-o", "logs")
            net.send(turn * each, each)
            log = sensor.folder + "/conn.log"
            assert wait_until(lambda: len(rows_of(log)) == each), sensor.said()
            written = [row["id.orig_p"] for row in rows_of(log)]
            whole = cut_power(sensor, int(os.path.getsize(log) * share), zeros, state)
            if zeros:
                forget_what_is_safe(sensor.folder)
            expected += written[:whole]
            said = Sensor(env, net, "-o", "logs").stop()
            assert missing_in(said) == (each - whole if state else 0), (turn, whole, said)
        logs = [sensor.folder + "/" + name for name in logs_in(sensor.folder)]
        assert [row["id.orig_p"] for path in logs for row in rows_of(path)] == expected and len(expected) > each, logs
        assert all(read_text(path).endswith("\n") for path in logs if os.path.getsize(path)), logs


def zero_out(path, count):
    """Fills places in the middle of a log with zeros: half of a line, a page, three lines and what is between. Returns
    the lines that are whole."""
    with open(path, "r+b") as f:
        text = f.read()
        for share in range(1, count + 1):
            at = len(text) * share // (count + 1)
            size = (150, 4096, 1200)[share % 3]
            f.seek(at)
            f.write(bytes(size))
            text = text[:at] + bytes(size) + text[at + size:]
    return [line for line in text.decode().splitlines() if "\0" not in line]


def test_zeros_in_the_middle_of_a_log_are_taken_out_and_counted(env):
    """Where a file system allocates late, a power cut can leave them before text that had reached the disk."""
    each, places = 200, 3
    with Net() as net:
        for turn, state in enumerate((True, False)):
            sensor = Sensor(env, net, "-o", "logs")
            net.send(turn * each, each)
            log = sensor.folder + "/conn.log"
            assert wait_until(lambda: len(rows_of(log)) == each), sensor.said()
            sensor.kill()
            whole = zero_out(log, places)
            if state:
                forget_what_is_safe(sensor.folder)
            else:
                os.remove(sensor.folder + "/.conn.state")
            before = set(logs_in(sensor.folder))
            said = Sensor(env, net, "-o", "logs").stop()
            finished, = set(logs_in(sensor.folder)) - before
            assert read_text(sensor.folder + "/" + finished).splitlines() == whole and each // 2 < len(whole) < each, len(whole)
            assert "zeros in %d places were taken out" % places in said, said
            assert missing_in(said) == (each - len(whole) if state else 0), said


def test_what_has_reached_the_disk_is_known_and_not_read_again(env):
    """So a start takes no longer after a log of many gigabytes."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--flush-interval", "50msec")
        net.send(0, 20)
        log = sensor.folder + "/conn.log"

        def safe():
            with open(sensor.folder + "/.conn.state", "rb") as f:
                state = f.read()
            current, = struct.unpack_from("=Q", state, SAFE - 8)
            return struct.unpack_from("=2Q", state, SAFE + 16 * current)
        assert wait_until(lambda: os.path.getsize(log) > 0 and safe() == (os.path.getsize(log), 20)), safe()
        sensor.kill()
        with open(log, "r+b") as f:
            f.seek(100)
            f.write(b"\0")
        said = Sensor(env, net, "-o", "logs").stop()
        assert "zeros" not in said and missing_in(said) == 0, said
        finished, = logs_in(sensor.folder)
        assert len(read_text(sensor.folder + "/" + finished).splitlines()) == 20, finished


def test_a_header_is_no_record_that_is_missing(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--format", "csv")
        net.send(0, 10)
        log = sensor.folder + "/conn.log"
        assert wait_until(lambda: os.path.exists(log) and read_text(log).count("\n") == 11), sensor.said()
        cut_power(sensor, os.path.getsize(log) - 5)
        assert missing_in(Sensor(env, net, "-o", "logs", "--format", "csv").stop()) == 1


def test_hidden_logs_of_earlier_runs_are_finished_or_removed(env):
    folder = env.tmp + "/logs"
    os.makedirs(folder)
    header = "#separator \\x09\n#fields\tts\n#types\ttime\n"
    for name, text in ((".conn.log.tmp-0a1b2c", header + "1700000000.000000\n17000000"), (".conn.log.tmp-000000", header),
                       (".conn.2026-11-21-10-00-00.log.gz.part", "x"), (".other.log.tmp-0a1b2c", "kept"),
                       ("conn.summary.log", "kept")):
        with open(folder + "/" + name, "w") as f:
            f.write(text)
    give(folder)
    with Net() as net:
        Sensor(env, net, "-o", "logs").stop()
    finished = [f for f in os.listdir(folder) if f.startswith("conn.2")]
    assert len(finished) == 1 and read_text(folder + "/" + finished[0]) == header + "1700000000.000000\n", finished
    assert sorted(os.listdir(folder)) == sorted(finished + [".other.log.tmp-0a1b2c", "conn.log", "conn.summary.log"])


def test_a_hidden_log_that_is_being_written_is_left_alone(env):
    os.makedirs(env.tmp + "/logs")
    p = subprocess.Popen([env.connlog, "-o", "logs", "-"], cwd=env.tmp, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(env.capture("http.pcap"), "rb") as f:
        p.stdin.write(f.read())
    p.stdin.flush()
    assert wait_until(lambda: os.listdir(env.tmp + "/logs"))
    hidden = os.listdir(env.tmp + "/logs")
    with Net() as net:
        Sensor(env, net, "-o", "logs").stop()
        assert sorted(os.listdir(env.tmp + "/logs")) == hidden + ["conn.log"]
    p.communicate(timeout=60)
    assert p.returncode == 0 and os.listdir(env.tmp + "/logs") == ["conn.log"]


def test_two_do_not_write_the_same_log(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs")
        done = env.command(*net.inside, env.connlog, "live", "see0", "-o", "logs")
        assert done.returncode == 1 and done.stderr.endswith("is being written by another connlog\n"), done.stderr
        sensor.stop()


def test_a_log_that_is_removed_is_begun_anew(env):
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs")
        os.remove(sensor.folder + "/conn.log")
        assert wait_until(lambda: os.path.exists(sensor.folder + "/conn.log"))
        net.send(0, 2)
        assert "was removed while it was written" in sensor.stop()
        assert numbers_in(sensor.folder) == [0, 1]


def test_signals_reopen_tell_and_rotate(env):
    """None of the signals ends it, and no record is lost or written twice."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--stats", "stats.json")
        log = sensor.folder + "/conn.log"
        net.send(0, 4)
        assert wait_until(lambda: len(rows_of(log)) == 4)
        os.rename(log, sensor.folder + "/conn.moved")     # as logrotate does
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: os.path.exists(log))
        net.send(4, 4)
        assert wait_until(lambda: len(rows_of(log)) == 4)
        sensor.signal(signal.SIGHUP)                      # the log was not moved: it is continued
        sensor.signal(signal.SIGUSR2)
        assert wait_until(lambda: len(logs_in(sensor.folder)) == 2)
        sensor.signal(signal.SIGUSR1)
        assert wait_until(lambda: os.path.exists(env.tmp + "/stats.json"))
        stats = env.must("cat", "stats.json")
        assert '"records": 8' in stats and '"rotations": 1' in stats, stats
        net.begin(8, 4)
        net.end()
        sensor.stop()
        assert numbers_in(sensor.folder) == list(range(12))


def test_counters_are_written_every_so_often(env):
    """They go to the file, which is whole at every moment, or to standard error without a file."""
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "--stats", "stats.json", "--stats-interval", "100msec")
        for first in (0, 5):
            net.send(first, 5)
            assert wait_until(lambda: json.loads(read_text(env.tmp + "/stats.json"))["output"]["records"] == first + 5)
        sensor.stop()
        sensor = Sensor(env, net, "-o", "logs", "--stats-interval", "1sec")
        assert wait_until(lambda: sensor.said().count('"input"') == 2), sensor.said()
        sensor.stop()
