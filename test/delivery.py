"""Finds the processes that deliver records to sinks, by their names and parents."""
import glob
import os

from sandbox_test import status_of


def processes():
    """Returns {PID: status} of all processes."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            found[os.path.basename(path)] = status_of(path)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def keeper_of(owner):
    """Returns the PID of the process that starts the delivering ones, or None; `owner.process` is connlog."""
    return next((int(pid) for pid, s in processes().items() if s["Name"] == "connlog-keeper" and s["PPid"] == str(owner.process.pid)), None)


def helpers_of(owner):
    """Returns the statuses of the delivering processes, one per sink, oldest first."""
    keeper = str(keeper_of(owner))
    found = [s for s in processes().values() if s["Name"] == "connlog-ship" and s["PPid"] == keeper]
    return sorted(found, key=lambda s: int(s["Pid"]))
