-- What comes like a clock: hosts that connect to the same service at least 20 times, with gaps that differ by less than a tenth of their mean.
WITH gaps AS (
    SELECT "id.orig_h" AS orig, "id.resp_h" AS resp, "id.resp_p" AS port,
           epoch(ts) - lag(epoch(ts)) OVER (PARTITION BY "id.orig_h", "id.resp_h", "id.resp_p" ORDER BY ts) AS gap
    FROM conn
)
SELECT orig, resp, port, count(*) AS connections, round(avg(gap), 1) AS seconds
FROM gaps
GROUP BY orig, resp, port
HAVING count(*) >= 20 AND stddev_pop(gap) < avg(gap) / 10
ORDER BY connections DESC, orig, resp, port;
