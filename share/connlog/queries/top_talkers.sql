-- Who moved most: hosts by the bytes of their connections, both directions. DuckDB and ClickHouse.
SELECT "id.orig_h" AS host, count(*) AS connections, sum(orig_ip_bytes + resp_ip_bytes) AS bytes
FROM conn
GROUP BY host
ORDER BY bytes DESC, host
LIMIT 10;
