#!/usr/bin/env python3
"""Prints what an engine reads in a Parquet file or folder, an object a line, ts in microseconds: read.py ENGINE PATH"""
import json
import sys
from datetime import datetime, timezone


def simple(v):
    if isinstance(v, datetime):
        v = v.astimezone(timezone.utc)
        return round((v - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() * 1e6)
    if hasattr(v, "tolist"):
        v = v.tolist()
    return [simple(x) for x in v] if isinstance(v, list) else v


def with_pyarrow(path):
    import pyarrow as pa
    import pyarrow.parquet as pq
    table = pq.read_table(path)
    times = [f.name for f in table.schema if pa.types.is_timestamp(f.type)]
    for name in times:
        i = table.schema.get_field_index(name)
        table = table.set_column(i, name, table.column(i).cast(pa.int64()))
    return table.to_pylist()


def with_duckdb(path):
    import duckdb
    relation = duckdb.sql("SELECT * REPLACE (epoch_us(ts) AS ts) FROM read_parquet('%s')" % path)
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


def with_chdb(path):
    import chdb
    sql = ("SELECT * REPLACE (toUnixTimestamp64Micro(ts) AS ts) FROM file('%s', Parquet) "
           "SETTINGS output_format_json_quote_64bit_integers=0, max_threads=1, input_format_parquet_preserve_order=1" % path)
    return [json.loads(line) for line in str(chdb.query(sql, "JSONEachRow")).splitlines()]


def with_spark(path, vectorized=True):
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC")
             .config("spark.sql.parquet.enableVectorizedReader", str(vectorized).lower()).getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    table = spark.read.parquet(path)
    rows = [row.asDict() for row in table.selectExpr("unix_micros(ts) AS ts", *[
        "`%s`" % name for name in table.columns if name != "ts"]).collect()]
    spark.stop()
    return rows


ENGINES = {"pyarrow": with_pyarrow, "duckdb": with_duckdb, "chdb": with_chdb, "spark": with_spark,
           "parquet-mr": lambda path: with_spark(path, False)}

if __name__ == "__main__":
    for found in ENGINES[sys.argv[1]](sys.argv[2]):
        print(json.dumps({k: simple(v) for k, v in found.items() if v is not None}))
