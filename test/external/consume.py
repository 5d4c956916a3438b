"""Reads connection logs with somebody else's program and prints what it made of them: consume.py PROGRAM LOG...

One line of JSON a log: a list of rows, each a dictionary of texts.  Uids, which are random, are left out, and so is what refers to them.
"""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

RANDOM = ("uid", "tunnel_parents", "index")  # index: the number of the row


def text(value):
    if isinstance(value, (set, frozenset)):
        return ",".join(sorted(map(text, value)))
    if isinstance(value, (list, tuple)):
        return ",".join(map(text, value))
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(getattr(value, "value", value))  # numbers of ctypes, enumerators


def frame(table):
    """Returns the rows of a pandas.DataFrame, its index among them."""
    table = table.reset_index()
    return [dict(zip(table.columns, row)) for row in table.itertuples(index=False)]


def zat(log):
    from zat.log_to_dataframe import LogToDataFrame
    return frame(LogToDataFrame().create_dataframe(log))


def pandas(log):
    """Reads the log as notebooks do: the names from #fields, - for unset values, and sums by service."""
    import pandas as pd
    with open(log) as f:
        names = next(line for line in f if line.startswith("#fields")).rstrip("\n").split("\t")[1:]
    table = pd.read_csv(log, sep="\t", comment="#", names=names, na_values=["-"], low_memory=False, quoting=3)
    sums = table.groupby(["proto", "conn_state"], dropna=False)[["orig_bytes", "resp_bytes", "duration", "orig_pkts"]].sum().round(6)
    return frame(table) + frame(sums)


def zeeklog2pandas(log):
    import zeeklog2pandas as reader
    return frame(reader.read_zeek(log))


def parsezeeklogs(log):
    import parsezeeklogs as reader
    return list(reader.ParseZeekLogs(log))


def zlogging(log):
    import zlogging as reader
    with open(log, "rb") as f:
        return [row.asdict() for row in reader.load(f).data]


def zeek_to_sqlite(log):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/logs")
        os.mkdir(folder + "/db")
        os.symlink(os.path.abspath(log), folder + "/logs/conn.log")
        program = os.path.join(os.path.dirname(sys.executable), "zeek_to_sqlite")
        subprocess.run([program, "-n", "all.db", "-p", folder + "/logs", "-r", folder + "/db"], check=True, stdout=subprocess.DEVNULL)
        db = sqlite3.connect(folder + "/db/all.db")
        db.row_factory = sqlite3.Row
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [dict(row) for table in sorted(tables) for row in db.execute('SELECT * FROM "%s"' % table)]


def main():
    read = globals()[sys.argv[1]]
    for log in sys.argv[2:]:
        rows = [{k: text(v) for k, v in row.items() if k not in RANDOM} for row in read(log)]
        print(json.dumps(sorted(rows, key=lambda row: sorted(row.items()))))


main()
