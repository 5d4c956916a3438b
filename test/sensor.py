"""What the tests of `connlog live` share: a network of their own to capture in, and a sensor that runs there."""
import json
import os
import signal
import subprocess
import sys
import time

from env import Skip
import veth

QUICK = ["udp_inactivity_timeout=0.3sec"]  # datagrams' connections are logged soon


class Net:
    """A network namespace with a pair of interfaces (veth.py): a new one, or the one that the command `enter` runs in."""

    def __init__(self, enter=None):
        me = [] if os.geteuid() == 0 else ["-r"]
        enter = enter or ["unshare", "-n", *me]
        try:
            self.process = subprocess.Popen([*enter, sys.executable, os.path.abspath(veth.__file__)],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            text=True)
        except OSError as e:
            raise Skip("no network of one's own here: %s" % e) from None
        self.inside = ["nsenter", "-n", "-t", str(self.process.pid)] + (["-U", "--preserve-credentials"] if me else [])
        if self.process.stdout.readline() != "ready\n":
            raise Skip("no network of one's own here: " + self.process.communicate()[1].strip()[-200:])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def begin(self, first, count, pause=0.0, size=20):
        """Begins to send numbered datagrams; end() waits until they are out."""
        self.tell("udp %d %d %s %d" % (first, count, pause, size))

    def tell(self, command):
        """Sends any command to veth.py; end() waits for it."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def end(self, word="done"):
        assert self.process.stdout.readline() == word + "\n"

    def do(self, command):
        self.tell(command)
        self.end()

    def ip(self, env, *args):
        return env.must(*self.inside, "ip", *args)

    def send(self, *args, **kw):
        self.begin(*args, **kw)
        self.end()


class Sensor:
    """A `connlog live` in that network, running and capturing from `interfaces` through as many packet sockets as
    `sockets` says. With `quick` it soon logs the connections of datagrams."""

    def __init__(self, env, net, *args, stdout=subprocess.DEVNULL, environ=None, config=None, interfaces=(veth.CAPTURES,),
                 sockets=None, quick=True):
        self.env, self.folder = env, env.tmp + "/logs"
        self.said_path = env.tmp + "/said"
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(env.tmp, 0o777)  # another user writes here once root is given up
        settings = ["--config", config] if config else [*interfaces, "--format", "json", *(QUICK if quick else ())]
        self.sockets = len(interfaces) if sockets is None else sockets
        self.threads = 0 if "--to" in args and "-o" not in args else 1
        with open(self.said_path, "w") as said:
            self.process = subprocess.Popen(
                [*net.inside, env.connlog, "live", *settings, *args], cwd=env.tmp,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=said, env=environ)
        self.wait_for_capture()

    def wait_for_capture(self):
        """Waits until its packet sockets receive everything and its log is open: from then on nothing is missed."""
        def ready():
            assert self.process.poll() is None, self.said()
            with open("/proc/%d/net/packet" % self.process.pid) as f:
                sockets = [line.split() for line in f.readlines()[1:]]
            running = [s for s in sockets if s[3] == "0003" and s[5] == "1"]
            return len(running) >= self.sockets and self.has_log()

        if not wait_until(ready, 30):
            self.process.kill()
            raise AssertionError("it does not capture: " + self.said())
        time.sleep(0.2)

    def has_log(self):
        """Returns whether it has a writing thread, which it has if it writes a log of its own."""
        return len(os.listdir("/proc/%d/task" % self.process.pid)) > self.threads

    def said(self):
        with open(self.said_path) as f:
            return f.read()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def stop(self, code=0, timeout=60):
        """Sends SIGTERM. Returns its output."""
        self.signal(signal.SIGTERM)
        self.process.wait(timeout)
        said = self.said()
        assert "Sanitizer" not in said and "runtime error" not in said, said
        assert self.process.returncode == code, (self.process.returncode, said)
        return said


def wait_until(what, seconds=20):
    """Returns whether the condition became true in time."""
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.05)
    return bool(what())


def give(folder):
    """Gives a folder that already has another file to the user that root becomes; connlog does not hand over such folders itself."""
    if os.geteuid() == 0:
        for path in [folder] + [os.path.join(folder, name) for name in os.listdir(folder)]:
            os.chown(path, 65534, 65534)


def logs_in(folder):
    """Returns the visible files, without the one being written."""
    return sorted(f for f in os.listdir(folder) if not f.startswith(".") and f != "conn.log")


def read_text(path):
    if path.endswith(".gz"):
        return subprocess.run(["gzip", "-dc", path], check=True, stdout=subprocess.PIPE).stdout.decode()
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-qdc", path], check=True, stdout=subprocess.PIPE).stdout.decode()
    with open(path) as f:
        return f.read()


def rows_of(path):
    """Returns the rows of one JSON log, all of whose lines must be complete."""
    text = read_text(path)
    assert text == "" or text.endswith("\n"), (path, text[-200:])
    return [json.loads(line) for line in text.splitlines()]


def numbers_in(folder):
    """Returns the numbers of the datagrams in all logs of a folder, sorted."""
    return sorted(veth.number_of(row) for name in os.listdir(folder) if name.startswith("conn.")
                  for row in rows_of(os.path.join(folder, name)))
