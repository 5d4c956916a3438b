"""What the programs of bench/ share: measuring commands in turns, and keeping what was measured for bench/report.

Machines are shared and have moods, so what is to be compared runs in turns, one round after the other, and the median of the rounds
counts.  CPU is user plus system time of the whole process, memory its largest resident set.
"""
import collections
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

Cost = collections.namedtuple("Cost", "cpu peak wall")  # seconds, bytes, seconds


def measure(build, command, cwd=None):
    """Runs it, without its output.  Returns Cost"""
    noted = build + "/bench/cost.txt"
    done = subprocess.run([build + "/bench/cost", noted, *command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit("bench: %s: exit %d\n%s" % (" ".join(command), done.returncode, done.stderr))
    with open(noted) as f:
        return Cost(*map(float, f.read().split()))


def in_turns(build, commands, rounds):
    """Runs the commands of a dict, `rounds` times one after the other.  Returns {name: summary}"""
    costs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(measure(build, command))
    return {name: summary(seen) for name, seen in costs.items()}


def summary(costs):
    """Returns the medians, and how far apart the CPU times were."""
    cpu = [c.cpu for c in costs]
    return {"cpu": statistics.median(cpu), "low": min(cpu), "high": max(cpu), "peak": max(c.peak for c in costs),
            "wall": statistics.median(c.wall for c in costs)}


class Captures:
    """Writes synthetic captures (bench/gen.c) into BUILD/bench or another folder, and removes them again unless KEEP=1."""

    def __init__(self, build, folder=None):
        self.folder, self.generator = folder or build + "/bench", build + "/bench/gen"
        self.keep = os.environ.get("KEEP") == "1"

    def write(self, name, *numbers):
        """Returns (path, packets, connections, bytes)"""
        path = "%s/%s.pcap" % (self.folder, "-".join([name, *map(str, numbers)]))
        said = subprocess.check_output([self.generator, name, *map(str, numbers), path], text=True)
        return (path, *map(int, said.split()))

    def remove(self, path):
        if not self.keep:
            os.unlink(path)


# ---- what is kept ----------------------------------------------------------------------------------------------------

def read_first(path, key):
    """Returns what stands behind `key` in the first line of a file that has it, or ''."""
    try:
        with open(path) as f:
            return next((line.split(":", 1)[1].strip() for line in f if line.startswith(key)), "")
    except OSError:
        return ""


def machine():
    kib = int((read_first("/proc/meminfo", "MemTotal") or "0").split()[0])
    return {"processor": read_first("/proc/cpuinfo", "model name") or platform.machine(), "cores": os.cpu_count(),
            "memory": kib * 1024, "system": "%s %s" % (platform.system(), platform.release()),
            "virtual": " hypervisor" in read_first("/proc/cpuinfo", "flags"),
            "load": os.getloadavg()[0]}


def version(build):
    said = subprocess.check_output([build + "/connlog", "--version"], text=True).splitlines()[0]
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=os.path.dirname(os.path.abspath(__file__)),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return said + (" (%s)" % done.stdout.strip() if done.returncode == 0 else "")


def version_in(command, build):
    """Returns the first thing like 1.2 or 1.2.3 that a command prints; None where it is not installed."""
    words = command.format(build=build).split()
    if not shutil.which(words[0]):
        return None
    said = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace").stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found.group(0) if found else "?"


def keep(build, name, results):
    """Writes BUILD/bench/NAME.json: the results, and where and when they came from."""
    results = {"when": time.strftime("%Y-%m-%d %H:%M"), "version": version(build), "machine": machine(), **results}
    with open("%s/bench/%s.json" % (build, name), "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
