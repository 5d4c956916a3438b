#!/usr/bin/env python3
"""Turns an archive of captures into Parquet with a Spark cluster, a share of the connections a task:

    spark-submit archive_to_lake.py /archive/2026-11 /lake N [JOB] [CONNLOG]

/archive and /lake are shared storage that every worker has, and connlog is installed there. Each of the N tasks reads all packets of the archive
and tracks those of its share, with the clock of the whole input: together they write the records of one process, row for row.
Spark may run a task again, or twice at once: a task's files have the names of its share and get them when all of them are complete, so the
last one replaces what is there.  JOB names the run (archive); records of the same job are replaced, so give each archive its own.
"""
import subprocess
import sys

from pyspark.sql import SparkSession


def command(connlog, share, of, archive, lake, job):
    # The same seed makes the same uids, whichever task or attempt writes a record.
    return [connlog, "-q", "--shard", "%d/%d" % (share, of), "--seed", job, "--format", "parquet", "-o", lake,
            "Parquet::part=" + job, archive]


def task(share, of, archive, lake, job, connlog):
    done = subprocess.run(command(connlog, share, of, archive, lake, job), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode == 1:  # some input is damaged: what can be read is there, and a second try would find the same
        return (share, done.stderr.decode(errors="replace"))
    if done.returncode != 0:
        raise RuntimeError("share %d: exit %d\n%s" % (share, done.returncode, done.stderr.decode(errors="replace")))
    return (share, "")


def run(spark, archive, lake, of, job="archive", connlog="connlog"):
    """Returns what was said of damaged input, by share."""
    shares = spark.sparkContext.parallelize(range(of), of)
    return shares.map(lambda share: task(share, of, archive, lake, job, connlog)).collect()


def main():
    archive, lake, of = sys.argv[1], sys.argv[2], int(sys.argv[3])
    spark = SparkSession.builder.appName("connlog").getOrCreate()
    for share, said in run(spark, archive, lake, of, *sys.argv[4:]):
        if said:
            print("share %d:\n%s" % (share, said), file=sys.stderr)
    conn = spark.read.parquet(lake)
    conn.createOrReplaceTempView("conn")
    spark.sql("SELECT date, count(*) AS connections, sum(orig_ip_bytes + resp_ip_bytes) AS bytes FROM conn "
              "GROUP BY date ORDER BY date").show(40)


if __name__ == "__main__":
    main()
