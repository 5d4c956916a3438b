#!/usr/bin/env python3
"""Runs share/connlog's queries in an engine, with the schemas that are there for it, and prints what each answers as a line of JSON:
load.py duckdb|chdb SHARE FOLDER

FOLDER has conn.json, and in lake/ Parquet of the same rows; ClickHouse answers for both in turn.
"""
import json
import os
import sys


def statements(path):
    with open(path) as f:
        text = "\n".join(line for line in f.read().splitlines() if not line.startswith("--"))
    return [part for part in text.rstrip().rstrip(";").split(";\n") if part.strip()]


def with_duckdb(share):
    import duckdb
    db = duckdb.connect()
    for statement in statements(share + "/duckdb.sql"):
        db.execute(statement)
    for name in ("top_talkers", "long_connections", "beacons.duckdb"):
        yield db.execute(statements("%s/queries/%s.sql" % (share, name))[0]).fetchall()


def with_chdb(share):
    from chdb import session
    db = session.Session()
    lake = "file('lake/**/*.parquet', Parquet)"
    with open("conn.json") as f:
        rows = f.read()
    columns = str(db.query("DESCRIBE TABLE %s SETTINGS use_hive_partitioning = 0" % lake, "TSVRaw")).splitlines()
    columns = ", ".join("`%s`" % line.split("\t")[0] for line in columns)
    for insert in ("FORMAT JSONEachRow " + rows,
                   "(%s) SELECT %s FROM %s SETTINGS use_hive_partitioning = 0" % (columns, columns, lake)):
        db.query("DROP TABLE IF EXISTS conn")
        for statement in statements(share + "/clickhouse.sql"):
            db.query(statement)
        db.query("SYSTEM STOP TTL MERGES conn")  # the test's rows are old
        db.query("INSERT INTO conn " + insert)
        for name in ("top_talkers", "long_connections", "beacons.clickhouse"):
            got = str(db.query(statements("%s/queries/%s.sql" % (share, name))[0], "JSONCompactEachRow"))
            yield [json.loads(line) for line in got.splitlines()]


if __name__ == "__main__":
    os.chdir(sys.argv[3])
    for answer in {"duckdb": with_duckdb, "chdb": with_chdb}[sys.argv[1]](sys.argv[2]):
        print(json.dumps(answer, default=str))
