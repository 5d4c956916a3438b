#!/usr/bin/env python3
"""Runs examples/spark with 1, 2 and 7 shares in Spark's local mode: spark_archive.py EXAMPLES CONNLOG CAPTURES LAKES

Prints a line for each number: how many rows Spark finds.  The lakes are LAKES/1, LAKES/2 and LAKES/7."""
import os
import sys

sys.path.insert(0, sys.argv[1] + "/spark")
import archive_to_lake  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

if __name__ == "__main__":
    connlog, captures, lakes = sys.argv[2:]
    spark = (SparkSession.builder.master("local[2,4]")  # four tries for each task
             .config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    spark.sparkContext.addPyFile(sys.argv[1] + "/spark/archive_to_lake.py")
    for of in (1, 2, 7):
        lake = "%s/%d" % (lakes, of)
        os.mkdir(lake)
        archive_to_lake.run(spark, captures, lake, of, "job", connlog)
        print(of, spark.read.parquet(lake).count())
    spark.stop()
