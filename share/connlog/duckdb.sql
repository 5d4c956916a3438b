-- A folder of connlog's Parquet as a view of DuckDB: run where lake/ is, duckdb -init duckdb.sql
CREATE OR REPLACE VIEW conn AS
SELECT * FROM read_parquet('lake/**/*.parquet', hive_partitioning = true, union_by_name = true);
