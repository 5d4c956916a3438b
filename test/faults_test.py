"""Makes system calls fail, one at a time: connlog ends with an error or goes on, and what it has written consists of
whole lines. `make faults` lets every call fail in turn (FAULTS=all); the tests take a sample, which is quicker."""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from env import Skip
from listener import Listener
from sensor import QUICK, Net
import veth

SOME = 14  # calls of a command that are tried


def prepare(env):
    path = env.build + "/san/connlog-faults"
    if not os.path.exists(path):
        raise Skip("connlog-faults is not built here")
    return path


def run(program, folder, args, **faults):
    os.makedirs(folder)
    environ = {**os.environ, **faults}
    with open(folder + "/said", "w") as said, open(folder + "/printed", "w") as printed:
        process = subprocess.Popen([program, *args], cwd=folder, stdin=subprocess.DEVNULL, stdout=printed, stderr=said, env=environ)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("it hangs") from None
    with open(folder + "/said") as f:
        return process.returncode, f.read()


def check_lines(folder):
    """Checks that whatever looks like a log or a list of rows has whole lines."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, errors="replace") as f:
                text = f.read()
            if name in ("said", "report.html") or not text or not name.endswith((".log", "printed")):
                continue
            assert text.endswith("\n"), "%s ends with %r" % (name, text[-80:])
            fields = 0
            for line in text.splitlines():
                if line.startswith("#fields"):
                    fields = line.count("\t")
                elif line.startswith("{"):
                    json.loads(line)
                elif fields and not line.startswith("#"):
                    assert line.count("\t") + 1 == fields, "%s: %r" % (name, line)


def try_one(program, folder, args, n, after):
    faults = {"FAULT_AT": str(n), **({"FAULT_AFTER": "1"} if after else {})}
    try:
        code, said = run(program, folder, args, **faults)
        assert 0 <= code <= 2, "exit %d\n%s" % (code, said)
        said = said.replace("LeakSanitizer has encountered a fatal error", "")  # /proc could not be left open for it
        assert "Sanitizer:" not in said and "runtime error" not in said, said
        assert code == 0 or said.strip(), "exit %d without a word" % code
        check_lines(folder)
    except (AssertionError, ValueError) as e:
        return "call %d%s of connlog %s: %s" % (n, " and all behind it" if after else "", " ".join(args), str(e)[:1500])
    return None


def faults(env, *args, for_good=True, first=0, last=0):
    """Runs a command with failing calls. `for_good`: also lets all calls from some call on fail. `first`, `last`:
    always includes so many calls at the beginning and at the end."""
    program = prepare(env)
    code, said = run(program, env.tmp + "/whole", args, FAULT_COUNT="1")
    assert code == 0, said
    calls = int(re.search(r"fault: (\d+) calls", said).group(1))
    every = os.environ.get("FAULTS") == "all"
    numbers = range(1, calls + 1)
    if not every and calls > SOME:
        numbers = sorted({1 + i * (calls - 1) // (SOME - 1) for i in range(SOME)} | {*numbers[:first], *numbers[calls - last:]})
    jobs = [(n, after) for n in numbers for after in ((False, True) if every and for_good else (for_good and n % 2 == 0,))]
    with concurrent.futures.ThreadPoolExecutor(min(env.jobs, 2)) as pool:
        wrong = [w for w in pool.map(lambda job: try_one(program, "%s/%d-%d" % (env.tmp, *job), args, *job), jobs) if w]
    assert not wrong, "%d of %d runs\n%s" % (len(wrong), len(jobs), "\n".join(wrong[:5]))


def test_read(env):
    faults(env, "--seed", "x", env.capture("http.pcap"), env.capture("tcp-states.pcap"))


def test_read_into_a_folder_by_workers(env):
    faults(env, "--seed", "x", "-j", "2", "-o", ".", "--format", "json", "--stats", "stats.json", "--memory", "64M",
           env.capture("http.pcap"))


def test_workers_begin(env):
    """Reads nothing, so that the last calls are those with which the workers start."""
    faults(env, "--seed", "x", "-j", "2", env.capture("empty.pcap"), last=24)


def test_events(env):
    faults(env, "events", "--all", env.capture("http.pcap"))


def log(env):
    path = env.tmp + "/conn.log"
    with open(path, "w") as f:
        f.write(env.run("--seed", "x", env.capture("http.pcap"), env.capture("tcp-states.pcap")).stdout)
    return path


def test_convert(env):
    faults(env, "convert", "--to", "json", log(env))


def test_report(env):
    faults(env, "report", log(env))


def test_report_of_differences(env):
    path = log(env)
    shutil.copy(path, env.tmp + "/other.log")
    faults(env, "report", "--diff", path, env.tmp + "/other.log")


def test_cut(env):
    faults(env, "cut", "ts", "id.orig_h", log(env))


def test_parquet(env):
    faults(env, "--seed", "x", "--format", "parquet", "-o", "out.parquet", env.capture("http.pcap"))


def test_a_lake_of_parquet(env):
    faults(env, "--seed", "x", "--format", "parquet", "-o", "./", env.capture("http.pcap"), env.capture("tcp-states.pcap"))


def test_sinks_of_this_machine(env):
    faults(env, "--seed", "x", "-o", ".", "--to", "file:a.log", "--to", "exec:cat >b.log", "--to", "sqlite:c.db",
           "--to", "parquet:.", env.capture("http.pcap"), for_good=False)  # reading waits for a sink forever


def test_sinks_of_the_network(env):
    stream, tcp = Listener(env.tmp + "/s"), Listener()
    faults(env, "--seed", "x", "--to", "unix:%s/s" % env.tmp, "--to", "tcp://127.0.0.1:%d" % tcp.port, env.capture("http.pcap"),
           for_good=False)
    stream.close()
    tcp.close()


class Redis(threading.Thread):
    """A server that accepts every command on a connection and answers with success."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            threading.Thread(target=self.answer, args=(self.socket.accept()[0],), daemon=True).start()

    def answer(self, connection):
        text = b""
        with connection:
            while got := connection.recv(1 << 16):
                text += got
                *whole, text = re.split(rb"(?=\*\d+\r\n\$\d+\r\n(?:AUTH|SELECT|XADD)\r\n)", text)
                whole += [text] if text.endswith(b"\r\n") else []
                text = b"" if text.endswith(b"\r\n") else text
                connection.sendall(b"+OK\r\n" * sum(1 for command in whole if command))


def test_a_sink_of_redis(env):
    if "redis" not in env.run("--version").stdout:
        raise Skip("built without hiredis")
    faults(env, "--seed", "x", "--to", "redis://:word@127.0.0.1:%d/stream?db=2" % Redis().port, env.capture("http.pcap"), for_good=False,
           first=50)  # during which the processes start


def live_one(program, net, folder, n, after):
    """Runs a sensor that rotates and packs, for a second and a half."""
    os.makedirs(folder + "/logs")
    os.chmod(folder, 0o777)
    os.chmod(folder + "/logs", 0o777)
    environ = {**os.environ, **({"FAULT_AT": str(n)} if n else {"FAULT_COUNT": "1"}), **({"FAULT_AFTER": "1"} if after else {})}
    with open(folder + "/said", "w") as said:
        process = subprocess.Popen([*net.inside, program, "live", veth.CAPTURES, "-o", "logs", *QUICK, "--rotate-interval", "1sec",
                                    "--compress", "gzip", "--flush-interval", "100msec", "--stats", "logs/stats.json"],
                                   cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, env=environ)
    try:
        process.wait(0.7)
    except subprocess.TimeoutExpired:
        net.send(0, 20)
        time.sleep(0.8)
        process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "call %d of live: it hangs" % n
    with open(folder + "/said") as f:
        said = f.read().replace("LeakSanitizer has encountered a fatal error", "")
    try:
        assert 0 <= process.returncode <= 2 or process.returncode == 128 + signal.SIGTERM, "exit %d" % process.returncode
        assert "Sanitizer:" not in said and "runtime error" not in said, "no word"
        check_lines(folder)
    except (AssertionError, ValueError) as e:
        return "call %d%s of live: %s\n%s" % (n, " and all behind it" if after else "", str(e)[:500], said[-1500:])
    return said if n == 0 else None


def test_live_and_rotation(env):
    program = prepare(env)
    with Net() as net:
        said = live_one(program, net, env.tmp + "/whole", 0, False)
        calls = re.search(r"fault: (\d+) calls", said)
        assert calls, said
        every, calls = os.environ.get("FAULTS") == "all", int(calls.group(1))
        numbers = range(1, calls + 1) if every else sorted({1 + i * (calls - 1) // 7 for i in range(8)})
        wrong = [w for n in numbers for w in [live_one(program, net, "%s/%d" % (env.tmp, n), n, n % 3 == 0)] if w]
    assert not wrong, "%d of %d runs\n%s" % (len(wrong), len(numbers), "\n".join(wrong[:5]))
