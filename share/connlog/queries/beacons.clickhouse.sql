-- What comes like a clock: hosts that connect to the same service at least 20 times, with gaps that differ by less than a tenth of their mean.
WITH gaps AS (
    SELECT `id.orig_h` AS orig, `id.resp_h` AS resp, `id.resp_p` AS port,
           arrayDifference(arraySort(groupArray(toFloat64(ts)))) AS differences,
           arraySlice(differences, 2) AS gaps
    FROM conn
    GROUP BY orig, resp, port
    HAVING count() >= 20
)
SELECT orig, resp, port, length(differences) AS connections, round(arrayAvg(gaps), 1) AS seconds
FROM gaps
WHERE sqrt(arrayAvg(x -> x * x, gaps) - pow(arrayAvg(gaps), 2)) < arrayAvg(gaps) / 10
ORDER BY connections DESC, orig, resp, port;
