#!/usr/bin/env python3
"""Prints how many row groups of a Parquet file an engine reads for `"id.resp_p" = 53 AND ts < LIMIT`, and how many rows that finds:
pruned.py ENGINE PATH MICROSECONDS"""
import re
import sys


def with_pyarrow(path, limit):
    import pyarrow as pa
    import pyarrow.dataset as ds
    table = ds.dataset(path)
    wanted = (ds.field("ts") < pa.scalar(limit, pa.timestamp("us", tz="UTC"))) & (ds.field("id.resp_p") == 53)
    fragment = next(table.get_fragments())
    return len(fragment.split_by_row_group(wanted, schema=table.schema)), table.count_rows(filter=wanted)


def with_duckdb(path, limit):
    import duckdb
    rest = "FROM '%s' WHERE ts < make_timestamptz(%d) AND \"id.resp_p\" = 53" % (path, limit)
    plan = duckdb.sql("EXPLAIN ANALYZE SELECT max(uid) " + rest).fetchall()[0][1]
    return re.search(r"Row Groups Scanned: (\d+)", plan).group(1), duckdb.sql("SELECT count(uid) " + rest).fetchall()[0][0]


def with_chdb(path, limit):
    from chdb import session
    s = session.Session()
    rows = s.query("SELECT count(), sum(ignore(uid)) FROM file('%s', Parquet) WHERE ts < fromUnixTimestamp64Micro(%d) AND "
                   "`id.resp_p` = 53" % (path, limit), "TSV")
    groups = s.query("SELECT value FROM system.events WHERE event = 'ParquetReadRowGroups'", "TSV")
    return str(groups).strip(), str(rows).split()[0]


if __name__ == "__main__":
    print(*{"pyarrow": with_pyarrow, "duckdb": with_duckdb, "chdb": with_chdb}[sys.argv[1]](sys.argv[2], int(sys.argv[3])))
