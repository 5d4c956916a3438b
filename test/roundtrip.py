#!/usr/bin/env python3
"""Turns a log into every format and back: roundtrip.py CONNLOG LOG|FOLDER [FORMAT...]

The log may be that of all captures in a folder. What a format keeps (docs/FORMATS.md says why not more) has to come back as it was, row by row.
"""
import os
import subprocess
import sys

BRO2 = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
        "local_orig missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents").split()

BRO0 = "ts id.orig_h id.resp_h service duration orig_bytes resp_bytes conn_state".split()
BRO1 = BRO0 + "id.orig_p id.resp_p proto".split()
BRO1_ASKS = ("duration", "orig_bytes", "resp_bytes")  # Bro 1 may have a question mark here

# Format: the columns that it keeps, None for all.
KEEPS = {
    "zeek": None,
    "json": None,
    "csv": None,
    "ossem": None,
    "ecs": None,
    "bro2": BRO2,
    "bro1.5": BRO1,
    "bro1": BRO1,
    "bro0": BRO0,
}


def rows(text):
    """Returns the rows of a Zeek log as dictionaries."""
    fields, found = [], []
    for line in text.splitlines():
        if line.startswith("#fields\t"):
            fields = line.split("\t")[1:]
        elif not line.startswith("#"):
            found.append(dict(zip(fields, line.split("\t"))))
    return found


def convert(connlog, to, text, *options):
    done = subprocess.run([connlog, "convert", "--to", to, *options], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="surrogateescape", timeout=600)
    assert done.returncode == 0, "convert --to %s: exit %d\n%s" % (to, done.returncode, done.stderr)
    return done.stdout


def excused(name, column, old, new):
    """Returns whether a difference is expected: Bro 1 has no number for some values, and writes a port's name where there is no service."""
    if not name.startswith(("bro0", "bro1")):
        return False
    return (column in BRO1_ASKS and new == "-") or (column == "service" and old == "-")


def differences(connlog, log, name):
    """Returns what a Zeek log loses, one line for each difference."""
    before = rows(log)
    after = rows(convert(connlog, "zeek", convert(connlog, name, log, "-q"), "-q", "--from", name))
    if len(before) != len(after):
        return ["%s: %d rows became %d" % (name, len(before), len(after))]
    wrong = []
    for i, (old, new) in enumerate(zip(before, after)):
        for column in KEEPS[name] or old:
            value = new.get(column, "-")  # a column that no line of JSON has is unset
            if old[column] != value and not excused(name, column, old[column], value):
                wrong.append("%s: row %d: %s: %r became %r" % (name, i + 1, column, old[column], new.get(column)))
    return wrong


def log_of(connlog, folder):
    """Returns the logs of all captures in a folder, concatenated, with every column."""
    captures = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return "".join(subprocess.run([connlog, "-q", "-C", "--fields", "all", "-r", capture], stdout=subprocess.PIPE,
                                  text=True, errors="surrogateescape", timeout=600).stdout
                   for capture in sorted(captures))


def main():
    connlog, path, *names = sys.argv[1:]
    if os.path.isdir(path):
        log = log_of(connlog, path)
    else:
        with open(path, errors="surrogateescape") as f:
            log = f.read()
    wrong = [line for name in names or KEEPS for line in differences(connlog, log, name)]
    print("\n".join(wrong[:50]) or "%d rows came back from %s" % (len(rows(log)), ", ".join(names or KEEPS)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
