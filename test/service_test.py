"""The sensor as a service: connlog.service as systemd sees it, and what the sensor tells the service manager."""
import json
import os
import re
import shutil
import socket

from env import Skip
from library_test import install
from sensor import Net, Sensor


def analyze(env, *args):
    """Returns what systemd-analyze reports about the installed unit, except for the program's path."""
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze here")
    root = install(env)
    with open(root + "/lib/systemd/system/connlog.service") as f:
        unit = f.read()
    assert "/opt/connlog/bin/connlog live --config /opt/connlog/etc/connlog/connlog.conf\n" in unit and "@PREFIX" not in unit
    path = env.tmp + "/connlog.service"
    with open(path, "w") as f:
        f.write(unit.replace("/opt/connlog/bin/", root + "/bin/"))
    return env.command("systemd-analyze", *args, path, env={**os.environ, "SYSTEMD_PAGER": ""})


def test_systemd_takes_the_unit(env):
    done = analyze(env, "verify", "--man=no")
    assert done.returncode == 0 and done.stderr == done.stdout == "", done.stdout + done.stderr


def test_the_unit_exposes_little(env):
    done = analyze(env, "security", "--offline=true", "--no-pager")
    if "ffline" in done.stderr and done.returncode != 0:
        raise Skip("this systemd-analyze does not judge files: " + done.stderr.strip())
    level = re.search(r"Overall exposure level for connlog.service: ([\d.]+)", done.stdout)
    assert level and float(level.group(1)) <= 2.0, done.stdout[-600:] + done.stderr


class Manager:
    """A socket like the one on which systemd listens for its services."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(30)
        self.said = []

    def wait_for(self, start):
        """Returns the next line that begins with the text."""
        while True:
            for line in self.socket.recv(65536).decode().split("\n"):
                self.said.append(line)
                if line.startswith(start):
                    return line


def test_the_service_manager_is_told(env):
    """It says that it is ready, alive, what it is doing, and that it stops; a command that it starts cannot speak for it."""
    with Net() as net:
        manager = Manager(env.tmp + "/notify")
        env.must("chmod", "777", env.tmp + "/notify")
        environ = {**os.environ, "NOTIFY_SOCKET": env.tmp + "/notify", "WATCHDOG_USEC": "400000"}
        sensor = Sensor(env, net, "-o", "logs", "--rotate-interval", "1hr", "--rotate-exec",
                        "echo \"socket:$NOTIFY_SOCKET:$WATCHDOG_USEC\" >&2; true", environ=environ)
        manager.wait_for("READY=1")
        net.send(0, 50)
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("WATCHDOG=1")
        status = manager.wait_for("STATUS=")
        while not re.search(r"\d+ packets/s, [\d.]+ Mbit/s; \d+ connections open, 50 logged; lost: 0 packets, 0 records", status):
            status = manager.wait_for("STATUS=")
        assert "STOPPING=1" not in manager.said
        said = sensor.stop()
        manager.wait_for("STOPPING=1")
        assert "socket::\n" in said, said


def test_an_abstract_socket_and_none(env):
    with Net() as net:
        for name, good in (("@connlog-test-%d" % os.getpid(), True), ("relative", False), ("/no/such/socket", False)):
            # An abstract name belongs to a network namespace: only a sensor in ours can be heard.
            if name[0] == "@":
                manager = Manager("\0" + name[1:])
                done = env.command("timeout", "2", env.connlog, "live", "lo", env={**os.environ, "NOTIFY_SOCKET": name})
                if "no permission" in done.stderr:
                    raise Skip("no capturing here: " + done.stderr.strip())
                manager.wait_for("READY=1")
            else:
                Sensor(env, net, environ={**os.environ, "NOTIFY_SOCKET": name}).stop()
