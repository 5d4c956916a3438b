"""The sensor under systemd itself: a copy of this system is booted in namespaces (test/boot), connlog is installed in
it, and its service is run as an operator does."""
import os
import re
import shutil
import signal
import subprocess
import time

from env import Skip
from metrics_test import fetch, need_http
from sensor import Net, rows_of, wait_until
import veth

CONF = "/etc/connlog/connlog.conf"
LOGS = "/var/log/connlog"


class System:
    """A booted system with everything that `make install` installs, and a network like Net's."""

    def __init__(self, env):
        if os.geteuid() != 0:
            raise Skip("only root boots a system of its own")
        if not shutil.which("systemctl"):
            raise Skip("no systemd here")
        self.env, self.pid = env, None
        layer, folder = env.tmp + "/layer", env.tmp + "/" + os.path.basename(env.tmp)
        os.mkdir(folder)
        env.must("make", "-C", env.root, "install", "B=" + env.build, "CC=" + env.cc, "DESTDIR=" + layer, "PREFIX=/usr/local")
        with open("/proc/mounts") as f:
            cgroup = next((line.split()[1] for line in f if line.split()[2] == "cgroup2"), "")
        self.cgroup = "%s/%s.test" % (cgroup, os.path.basename(folder))
        with open(env.tmp + "/console", "w") as console:
            self.process = subprocess.Popen(["unshare", "-m", "-n", "-u", "-i", env.root + "/test/boot", folder, layer],
                                            stdin=subprocess.DEVNULL, stdout=console, stderr=console)

    def __enter__(self):
        try:
            if not wait_until(self.is_up, 60):
                raise Skip("no system can be booted here: " + self.console())
            self.net = Net(["nsenter", "-n", "-t", self.pid])
            self.must("ip", "link", "set", "lo", "up")
            self.must("systemd-sysusers")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.net.__exit__()
        self.end()

    def end(self):
        """Kills PID 1, and with it everything that runs there."""
        if self.pid:
            os.kill(int(self.pid), signal.SIGKILL)
        self.process.kill()
        self.process.wait(60)
        wait_until(self.has_no_cgroup, 10)

    def has_no_cgroup(self):
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                return False
        return True

    def console(self):
        with open(self.env.tmp + "/console") as f:
            return f.read()[-300:].strip()

    def is_up(self):
        if self.process.poll() is not None:
            raise Skip("no system can be booted here: " + self.console())
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
            children = f.read().split()
        if not children:
            return False
        self.pid = children[0]
        with open("/proc/%s/comm" % self.pid) as f:
            if f.read() != "systemd\n":
                return False
        return self.command("systemctl", "is-system-running").stdout in ("running\n", "degraded\n")

    def command(self, *args, **kw):
        return self.env.command("nsenter", "-t", self.pid, "-a", "env", "SYSTEMD_PAGER=", *args, cwd="/", **kw)

    def must(self, *args):
        done = self.command(*args)
        assert done.returncode == 0, "%s: %d\n%s%s\n%s" % (args, done.returncode, done.stdout, done.stderr, self.journal())
        return done.stdout

    def path(self, name):
        """Returns the path outside of a file inside."""
        return "/proc/%s/root%s" % (self.pid, name)

    def write(self, name, text, mode="w"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), mode) as f:
            f.write(text)

    def show(self, name):
        return self.must("systemctl", "show", "connlog", "--value", "-p", name).strip()

    def journal(self):
        return self.command("journalctl", "-u", "connlog", "-o", "cat").stdout

    def says(self, text):
        """Returns whether the text appears in the journal soon."""
        return wait_until(lambda: text in self.journal())

    def configure(self, *lines):
        with open(self.path(CONF)) as f:
            example = f.read()
        self.write(CONF, example + "\n".join(("interface = " + veth.CAPTURES, "format = json",
                                             "udp_inactivity_timeout = 0.3sec", *lines)) + "\n")
        self.must("connlog", "check", CONF)

    def rows(self):
        return rows_of(self.path(LOGS + "/conn.log"))

    def logs(self):
        return sorted(name for name in os.listdir(self.path(LOGS)) if not name.startswith("."))


def test_the_service_logs_reloads_and_ends_in_order(env):
    need_http(env)
    with System(env) as system:
        system.configure("metrics = 127.0.0.1:9911")
        assert system.must("systemd-analyze", "verify", "--man=no", "connlog.service") == ""
        system.must("systemctl", "start", "connlog")      # Type=notify: it captures once this is done
        system.net.send(0, 40)
        assert wait_until(lambda: len(system.rows()) == 40), system.journal()
        with open(system.path("/proc/%s/status" % system.show("MainPID"))) as f:
            status = f.read()
        assert re.search(r"^CapEff:\t0+$", status, re.M) and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status, status
        assert not re.search(r"^Uid:\t0\t", status, re.M), status
        assert wait_until(lambda: "40 logged; lost: 0 packets, 0 records" in system.show("StatusText")), system.show("StatusText")
        assert "connlog_packets_total 40\n" in fetch(env, system.net)[2]
        level = re.search(r"exposure level for connlog.service: ([\d.]+)", system.must("systemd-analyze", "security", "connlog"))
        assert float(level.group(1)) <= 2.0, level.group(0)

        # As logrotate does, and with another setting.
        log = system.path(LOGS + "/conn.log")
        os.rename(log, system.path(LOGS + "/conn.moved"))
        system.write(CONF, "rotate-interval = 1hr\nring = 32M\n", "a")
        system.must("systemctl", "reload", "connlog")
        assert wait_until(lambda: os.path.exists(log)) and system.says("ring"), system.journal()
        system.net.send(40, 40)
        assert wait_until(lambda: len(system.rows()) == 40) and len(rows_of(system.path(LOGS + "/conn.moved"))) == 40

        # What is open when it is stopped is logged, and the log gets its final name.
        system.net.send(80, 40)
        system.must("systemctl", "stop", "connlog")
        assert system.show("Result") == "success" and len(system.logs()) == 2, (system.show("Result"), system.logs())
        finished = next(name for name in system.logs() if name != "conn.moved")
        assert re.fullmatch(r"conn\.\d{4}(-\d\d){5}\.log\.zst", finished), finished
        assert len(rows_of(system.path(LOGS + "/" + finished))) == 80, system.journal()


def test_the_service_is_begun_again(env):
    """After a kill, or after it has been stuck for longer than the watchdog waits, but not when its settings are wrong."""
    with System(env) as system:
        system.configure()
        system.write("/etc/systemd/system/connlog.service.d/quick.conf", "[Service]\nRestartSec=100ms\nWatchdogSec=1s\n")
        system.must("systemctl", "daemon-reload")
        system.must("systemctl", "start", "connlog")
        for restarts, number in ((1, "KILL"), (2, "STOP")):
            system.net.send(restarts * 100, 20)
            assert wait_until(lambda: len(system.rows()) == 20), system.journal()
            system.must("systemctl", "kill", "-s", number, "connlog")
            assert wait_until(lambda: system.show("NRestarts") == str(restarts) and system.show("SubState") == "running"), \
                system.journal()
            assert system.says("is of a run that did not end"), system.journal()
        assert "Watchdog timeout" in system.must("journalctl", "-u", "connlog", "-o", "cat"), system.journal()
        assert sum(len(rows_of(system.path(LOGS + "/" + name))) for name in system.logs()) == 40, system.logs()

        # No privilege is left in it, and yet it captures from an interface that went away and came back.
        system.must("ip", "link", "del", veth.SENDS)
        assert system.says(veth.CAPTURES + ": the interface is not there"), system.journal()
        system.must("ip", "link", "add", veth.SENDS, "type", "veth", "peer", "name", veth.CAPTURES)
        for name in (veth.SENDS, veth.CAPTURES):
            system.must("ip", "link", "set", name, "up")
        assert system.says(veth.CAPTURES + ": the interface is up"), system.journal()
        system.net.send(900, 20)
        assert wait_until(lambda: len(system.rows()) == 20), system.journal()
        system.must("systemctl", "stop", "connlog")

        system.write(CONF, "nonsense = 1\n", "a")
        assert system.command("systemctl", "start", "connlog").returncode != 0
        time.sleep(0.5)
        assert system.show("ActiveState") == "failed" and system.show("ExecMainStatus") == "2", system.journal()
        assert re.search(CONF + r":\d+: no setting is called 'nonsense'", system.journal()), system.journal()
