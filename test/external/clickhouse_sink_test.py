"""clickhouse:// into ClickHouse's own engine, with the table from share/connlog/clickhouse.sql."""
import json
import os
import subprocess
import urllib.parse
import urllib.request

import engines


def ask(port, query):
    """Returns the rows."""
    url = "http://127.0.0.1:%d/?query=%s" % (port, urllib.parse.quote(query))
    with urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=60) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def test_clickhouse_takes_every_column(env):
    python = engines.python(env, "chdb")
    captures = [env.capture(name) for name in sorted(os.listdir(env.captures)) if name.endswith((".pcap", ".pcapng"))]
    settings = ["--seed", "x", "--fields", "all", "-q"]
    want = {}
    for line in env.command(env.connlog, *settings, "--format", "json", *captures).stdout.splitlines():
        row = json.loads(line)
        want[row["uid"]] = {**row, "ts": round(row["ts"] * 1e6)}
    server = subprocess.Popen([python, "-B", env.root + "/test/external/serve_clickhouse.py", env.root + "/share/connlog/clickhouse.sql"], cwd=env.tmp,
                              stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        env.command(env.connlog, *settings, "--to", "clickhouse://127.0.0.1:%d/conn?batch_bytes=20000" % port, *captures)
        rows = ask(port, "SELECT * REPLACE (toUnixTimestamp64Micro(ts) AS ts) FROM conn "
                         "SETTINGS output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow")
        got = {row["uid"]: {k: v for k, v in row.items() if v not in (None, [])} for row in rows}
        assert len(got) == len(rows) and got.keys() == want.keys() and len(got) > 100, (len(rows), len(got), len(want))
        for uid, row in want.items():
            assert got[uid] == {k: v for k, v in row.items() if v not in (None, [])}, (got[uid], row)
        done = env.run("--to", "clickhouse://127.0.0.1:%d/nothing?timeout=1" % port, captures[0], code=1)
        assert "it refuses (HTTP 400): Code: 60." in done.stderr and "records are lost" in done.stderr, done.stderr
    finally:
        server.kill()
        server.wait(60)
