"""The programs that are compared: connlog in several ways, and Zeek.  Each turns a capture into rows."""
import gzip
import json
import os
import shutil
import subprocess
import tempfile

from netlib import NFLOG
from packets import pcapng, same_link

SCRIPTS = ["policy/protocols/conn/" + name for name in (
    "community-id-logging", "mac-logging", "vlan-logging", "failed-service-logging", "ip-proto-name-logging",
    "pppoe-session-id-logging", "speculative-service")]
TIMEOUT = 120


class Failure(Exception):
    """A program that crashed, ran too long or printed no rows."""


def run(command, folder, stdin=None):
    """Returns (exit status, standard output, standard error)."""
    try:
        done = subprocess.run(command, cwd=folder, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure("%s: no end after %d s" % (command[0], TIMEOUT)) from None
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def rows_of(text, what):
    try:
        return [json.loads(line) for line in text.splitlines()]
    except ValueError as e:
        raise Failure("%s: no JSON: %s" % (what, e)) from None


def written(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


# ---- ways to pass a capture to connlog: each returns (further arguments, standard input or None)

def plain(cap, folder):
    return [written(folder, "capture.pcap", cap.pcap())], None


def one_by_one(cap, folder):
    return ["max_batch=1", *plain(cap, folder)[0]], None


def standard_input(cap, folder):
    return ["-"], cap.pcap()


def other_order(cap, folder):
    order = "<" if cap.link == NFLOG else ">"            # NFLOG's own fields have the file's byte order, and ours are little-endian
    return [written(folder, "capture.pcap", cap.pcap(order, nano=True))], None


def next_generation(cap, folder):
    return [written(folder, "capture.pcapng", pcapng(cap))], None


def two_files(cap, folder):
    half = len(cap.packets) // 2
    parts = [same_link(cap, cap.packets[:half]), same_link(cap, cap.packets[half:])]
    return [written(folder, "%d.pcap" % i, part.pcap()) for i, part in enumerate(parts)], None


def gzipped(cap, folder):
    return [written(folder, "capture.gz", gzip.compress(cap.pcap(), 1))], None


def gzipped_generation(cap, folder):
    return ["max_batch=7", written(folder, "capture.gz", gzip.compress(pcapng(cap), 1))], None


def zstd(cap, folder):
    path = written(folder, "capture.zst", subprocess.run(["zstd", "-q", "-c", "-1"], input=cap.pcap(), stdout=subprocess.PIPE,
                                                         check=True).stdout)
    return [path], None


WAYS = {"batches of one": one_by_one, "pcapng": next_generation, "gzip": gzipped, "pcapng in gzip, batches of seven": gzipped_generation,
        "big-endian nanoseconds": other_order, "standard input": standard_input, "two files": two_files}
if shutil.which("zstd"):
    WAYS["zstd"] = zstd


class Connlog:
    """Runs connlog on captures in one of the ways."""

    def __init__(self, path, way=None):
        self.path, self.way = os.path.abspath(path), way
        self.name = "connlog" + (" (%s)" % way if way else "")

    def rows(self, cap):
        with tempfile.TemporaryDirectory(prefix="connlog-differential-") as folder:
            more, stdin = (WAYS[self.way] if self.way else plain)(cap, folder)
            code, out, said = run([self.path, "-q", "-C", "--seed", "differential", "--format", "json", "--fields", "all", *more],
                                  folder, stdin)
        if code != 0 or said:
            raise Failure("%s: exit %d\n%s" % (self.name, code, said[-4000:]))
        return rows_of(out, self.name)

    def command(self):
        return "%s -C --format json --fields all FILE   # %s" % (self.path, self.way or "as it is")


class Zeek:
    """Runs Zeek with every script that adds a column."""

    name = "Zeek"

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def rows(self, cap):
        with tempfile.TemporaryDirectory(prefix="connlog-differential-") as folder:
            path = written(folder, "capture.pcap", cap.pcap())
            code, _, said = run([self.path, "-C", "-r", path, *SCRIPTS, "LogAscii::use_json=T"], folder)
            if code != 0:
                raise Failure("%s: exit %d\n%s" % (self.name, code, said[-4000:]))
            if not os.path.exists(folder + "/conn.log"):
                return []                                # no connections
            with open(folder + "/conn.log", "rb") as f:
                return rows_of(f.read(), self.name)

    def command(self):
        return "%s -C -r FILE %s LogAscii::use_json=T" % (self.path, " ".join(SCRIPTS))
