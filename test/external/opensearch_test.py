"""share/connlog/elasticsearch-ecs.json in a real OpenSearch: it accepts the template, indexes rows of `--format ecs`
with it, and answers queries."""
import collections
import json
import os
import shutil
import subprocess
import urllib.request

from env import Skip
from kafka import fetching, free_port
from parquet_test import all_captures

HERE = os.path.dirname(os.path.abspath(__file__)) + "/opensearch"


def jars(env):
    """Returns the folder with OpenSearch's jars, which Maven fetches once."""
    folder = env.build + "/external/opensearch"
    for tool in ("javac", "mvn"):
        if not shutil.which(tool):
            raise Skip("no OpenSearch: there is no %s here (test/external/README.md)" % tool)
    with fetching:
        if not os.path.exists(folder + "/complete"):
            done = env.command("mvn", "-q", "-B", "-f", HERE + "/pom.xml", "dependency:copy-dependencies", "-DoutputDirectory=" + folder, timeout=600)
            if done.returncode != 0:
                raise Skip("no OpenSearch: Maven has not got it: " + done.stdout.strip()[-200:])
            with open(folder + "/complete", "w"):
                pass
    return folder


def request(port, method, path, body=b""):
    """Returns the response."""
    asked = urllib.request.Request("http://127.0.0.1:%d/%s" % (port, path), data=body, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=120) as answer:
        return json.load(answer)


def test_opensearch_indexes_records(env):
    folder = jars(env)
    for name in ("config", "modules", "plugins", "classes"):
        os.makedirs(env.tmp + "/" + name)
    env.must("javac", "-cp", folder + "/*", "-d", env.tmp + "/classes", HERE + "/OpenSearch.java")
    rows = [json.loads(line) for line in env.command(env.connlog, "--seed", "x", "-q", "--fields", "all", "--format", "ecs",
                                                     *all_captures(env)).stdout.splitlines()]
    port = free_port()
    server = subprocess.Popen(["java", "-Xmx512m", "-cp", folder + "/*:" + env.tmp + "/classes", "OpenSearch", env.tmp, str(port)], cwd=env.tmp,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert any(line == "ready\n" for line in server.stdout), "OpenSearch does not start"
        with open(env.root + "/share/connlog/elasticsearch-ecs.json", "rb") as f:
            assert request(port, "PUT", "_index_template/connlog", f.read())["acknowledged"]
        body = "".join('{"create":{}}\n' + json.dumps(row) + "\n" for row in rows)
        done = request(port, "POST", "connlog-test/_bulk?refresh=true", body.encode())
        wrong = [item for item in done["items"] if item["create"]["status"] != 201]
        assert not done["errors"] and len(done["items"]) == len(rows) > 100, wrong[:3]
        mapped = request(port, "GET", "connlog-test/_mapping")
        (mapping,) = [index["mappings"]["properties"] for index in mapped.values()]
        assert mapping["source"]["properties"]["ip"]["type"] == "ip", mapping["source"]
        want = collections.Counter()
        for row in rows:
            want[row["source"]["ip"]] += row["source"].get("bytes", 0)
        found = request(port, "POST", "connlog-test/_search", json.dumps({"size": 0, "track_total_hits": True, "aggs": {"talkers": {
            "terms": {"field": "source.ip", "size": 3, "order": {"sent": "desc"}}, "aggs": {"sent": {"sum": {"field": "source.bytes"}}}}}}).encode())
        assert found["hits"]["total"]["value"] == len(rows), found["hits"]
        got = [int(b["sent"]["value"]) for b in found["aggregations"]["talkers"]["buckets"]]
        assert got == [n for _, n in want.most_common(3)], (got, want.most_common(3))
    finally:
        server.kill()
        server.wait(60)
