"""What a test function is given: the paths of the build, and functions that run connlog."""
import copy
import json
import os
import pty
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Skip(Exception):
    """Raised by a test that cannot run here; gives the reason."""


def terminal():
    """Returns (our end, the program's end) of a terminal; skips the test if the system has none available."""
    try:
        return pty.openpty()
    except OSError as e:
        raise Skip("no terminal here: %s" % e) from None


class Env:
    def __init__(self, build):
        self.root, self.build, self.tmp = ROOT, build, None
        self.connlog = build + ("/connlog" if os.environ.get("PROGRAM") == "installed" else "/san/connlog")
        self.captures = build + "/captures"
        self.shared = os.path.abspath(os.path.join(ROOT, os.environ.get("SHARED", "../shared")))
        self.cc = os.environ.get("CC", "gcc")
        self.jobs = int(os.environ.get("JOBS", os.cpu_count()))

    def at(self, folder):
        """Returns a copy of this environment with a folder of its own for files."""
        other = copy.copy(self)
        other.tmp = folder
        return other

    def capture(self, name):
        path = os.path.join(self.captures, name)
        assert os.path.exists(path), "no capture " + path
        return path

    def command(self, *args, timeout=300, **kw):
        """Runs any program. Returns the finished process, with its output as text."""
        kw = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **kw}
        return subprocess.run([str(a) for a in args], timeout=timeout, **{"cwd": self.tmp, **kw})

    def must(self, *args, **kw):
        """Runs a program that has to succeed. Returns its standard output."""
        done = self.command(*args, **kw)
        line = " ".join(map(str, args))
        assert done.returncode == 0, "%s\nexit %d\n%s%s" % (line, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def run(self, *args, code=0, **kw):
        """Runs connlog, which has to exit with `code`. Returns the finished process."""
        done = self.command(self.connlog, *args, **kw)
        said = "connlog %s\nexit %d, not %d\n%s" % (" ".join(map(str, args)), done.returncode, code, done.stderr)
        assert done.returncode == code, said
        assert "Sanitizer" not in (done.stderr or "") and "runtime error" not in (done.stderr or ""), said
        return done

    def log(self, *args, **kw):
        """Returns the rows that connlog prints, as dictionaries."""
        done = self.run("--format", "json", "--fields", "all", *args, **kw)
        return [json.loads(line) for line in done.stdout.splitlines()]
