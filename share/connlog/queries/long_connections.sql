-- What has lasted: connections of an hour and more, the longest first. DuckDB and ClickHouse.
SELECT uid, "id.orig_h" AS orig, "id.resp_h" AS resp, "id.resp_p" AS port, service, duration
FROM conn
WHERE duration >= 3600
ORDER BY duration DESC, uid
LIMIT 100;
