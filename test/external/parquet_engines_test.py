"""Parquet read by query engines: the same values in all columns, and row groups that are skipped."""
import glob
import json

import engines
from parquet_test import HEADER, all_captures, json_rows


def same_rows(env, engine, python):
    common = ["-q", "--seed", "x", "--fields", "all"]
    inputs = [*all_captures(env), *sorted(glob.glob(env.shared + "/conformance/traces/*"))]
    expected = json_rows(env.run(*common, "--format", "json", *inputs).stdout)
    env.run(*common, "--format", "parquet", "-o", "all.parquet", "Parquet::row_group_rows=300", *inputs)
    got = [json.loads(line) for line in engines.script(env, "read.py", python, engine, env.tmp + "/all.parquet").splitlines()]
    if engine == "chdb":  # ClickHouse has no NULL for lists
        got = [{k: v for k, v in row.items() if v != []} for row in got]
    assert len(got) == len(expected) > 300, "%d rows, not %d" % (len(got), len(expected))
    for a, b in zip(got, expected):
        assert a == b, "%s\n%s" % (a, b)


def skips(env, engine):
    """Two of ten row groups have the port and the time; engines that use the bounds read no others."""
    rows = ["%d.000000\tC%d\t%d\n" % (1700000000 + i, i, 53 if i < 3000 else 443) for i in range(10000)]
    log = HEADER + "#fields\tts\tuid\tid.resp_p\n#types\ttime\tstring\tport\n" + "".join(rows)
    python = engines.python(env, engine)
    env.run("convert", "--to", "parquet", "-o", "ten.parquet", "Parquet::row_group_rows=1000", stdin=None, input=log)
    assert engines.script(env, "pruned.py", python, engine, env.tmp + "/ten.parquet", 1700001500 * 10**6).split() == ["2", "1500"]


def test_pyarrow_reads_the_same(env):
    same_rows(env, "pyarrow", engines.python(env, "pyarrow"))


def test_duckdb_reads_the_same(env):
    same_rows(env, "duckdb", engines.python(env, "duckdb"))


def test_clickhouse_reads_the_same(env):
    same_rows(env, "chdb", engines.python(env, "chdb"))


def test_spark_reads_the_same(env):
    same_rows(env, "spark", engines.spark(env))


def test_parquet_mr_reads_the_same(env):
    same_rows(env, "parquet-mr", engines.spark(env))


def test_pyarrow_skips_row_groups(env):
    skips(env, "pyarrow")


def test_duckdb_skips_row_groups(env):
    skips(env, "duckdb")


def test_clickhouse_skips_row_groups(env):
    skips(env, "chdb")
