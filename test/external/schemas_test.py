"""share/connlog: each schema is loaded by the system it is for, and three questions of an analyst get the right answers."""
import json
import os
import re

import engines
from parquet_test import HEADER, all_captures

BEACON = ("10.0.0.66", "203.0.113.9", 443)
ALL = ["-q", "--seed", "x", "--fields", "all"]


def share(env, name=""):
    return env.root + "/share/connlog/" + name


def mixed_rows():
    """Returns a day of rows with one host that talks most, long connections, and one host that connects regularly among
    many that do not."""
    rows = []

    def add(ts, orig, resp, port, duration, size):
        rows.append((1700000000 + ts, "C%05d" % len(rows), orig, 40000 + len(rows) % 20000, resp, port, "tcp", "-" if port == 443 else "dns",
                     duration, size, 2 * size))
    for i in range(60):  # every five minutes, at most two seconds off
        add(i * 300 + i % 3, *BEACON, 0.5, 100)
    for i in range(60):  # as often, at random times
        add(i * i * 24 % 80000, "10.0.0.5", BEACON[1], BEACON[2], 0.5, 100)
    for i in range(400):
        add(i * 211 % 86400, "10.0.1.%d" % (i % 20), "198.51.100.%d" % (i % 50), 53, 0.1, 50 + i % 7)
    for i in range(3):
        add(i, "10.0.2.%d" % i, "192.0.2.1", 443, 3600 * (i + 1), 10**9 * (i + 1))
    return rows


def expected(rows):
    talkers = {}
    for _, _, orig, *_, out, back in rows:
        n, size = talkers.get(orig, (0, 0))
        talkers[orig] = (n + 1, size + out + back)
    top = sorted(([host, n, size] for host, (n, size) in talkers.items()), key=lambda t: (-t[2], t[0]))[:10]
    long = [[uid, orig, resp, port, None, float(duration)] for _, uid, orig, _, resp, port, _, _, duration, _, _ in rows if duration >= 3600]
    return [top, sorted(long, key=lambda t: -t[5]), [[*BEACON, 60, 300.0]]]


def make_folder(env):
    """Returns the rows, which are in conn.json and lake/."""
    rows = mixed_rows()
    log = HEADER + ("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_ip_bytes\tresp_ip_bytes\n"
                    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\n")
    log += "".join("%.6f\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%.6f\t%d\t%d\n" % row for row in rows)
    os.mkdir(env.tmp + "/lake")
    env.run("convert", "--to", "parquet", "-o", "lake", stdin=None, input=log)
    env.run("convert", "--to", "json", "-o", "conn.json", stdin=None, input=log)
    return rows


def answers(env, engine, times):
    rows = make_folder(env)
    out = engines.script(env, "load.py", engines.python(env, engine), engine, share(env), env.tmp)
    got = [json.loads(line) for line in out.splitlines()]
    assert len(got) == 3 * times, out
    for question, answer, right in zip(["top talkers", "long connections", "beacons"] * times, got, expected(rows) * times):
        assert [[int(v) if str(v).isdigit() else v for v in row] for row in answer] == right, "%s: %s\n%s" % (question, answer, right)


def test_duckdb_answers(env):
    answers(env, "duckdb", 1)


def test_clickhouse_answers(env):
    """From JSON and from Parquet, with the table from share/connlog/clickhouse.sql."""
    answers(env, "chdb", 2)


def test_json_schema(env):
    env.run(*ALL, "--format", "json", "-o", env.tmp, *all_captures(env))
    engines.script(env, "validate.py", engines.python(env, "jsonschema"), "json", share(env, "conn.schema.json"), env.tmp + "/conn.log")


def test_avro_schema(env):
    env.run(*ALL, "--format", "json", "-o", env.tmp, *all_captures(env))
    engines.script(env, "validate.py", engines.python(env, "fastavro"), "avro", share(env, "conn.avsc"), env.tmp + "/conn.log")


def test_schemas_are_those_of_the_table(env):
    env.must("python3", env.root + "/scripts/schemas", env.tmp + "/new")
    for name in ("conn.schema.json", "conn.avsc", "clickhouse.sql", "elasticsearch-ecs.json", "splunk/props.conf", "splunk/transforms.conf"):
        with open("%s/new/%s" % (env.tmp, name)) as new, open(share(env, name)) as old:
            assert new.read() == old.read(), "%s is old: make schemas" % name


def check_mapping(value, mapping, path):
    if isinstance(value, dict):
        for name, inner in value.items():
            assert name in mapping.get("properties", {}), "%s.%s is not mapped" % (path, name)
            check_mapping(inner, mapping["properties"][name], "%s.%s" % (path, name))
    elif isinstance(value, list):
        for inner in value:
            check_mapping(inner, mapping, path)
    else:
        kinds = {"long": int, "unsigned_long": int, "integer": int, "double": (int, float), "boolean": bool}
        kind = kinds.get(mapping["type"], str)
        assert isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), "%s: %r is no %s" % (path, value, mapping["type"])


def test_elasticsearch_maps_everything_of_ecs(env):
    with open(share(env, "elasticsearch-ecs.json")) as f:
        mappings = json.load(f)["template"]["mappings"]
    lines = env.run(*ALL, "--format", "ecs", *all_captures(env)).stdout.splitlines()
    assert len(lines) > 300
    for line in lines:
        check_mapping(json.loads(line), mappings, "")


def stanzas(path):
    found, name = {}, None
    with open(path) as f:
        for line in f:
            if re.match(r"\[", line):
                name = line.strip()[1:-1]
                found[name] = {}
            elif not line.startswith("#") and "=" in line:
                key, value = line.rstrip("\n").split(" = ", 1)
                found[name][key] = value
    return found


def test_splunk_finds_times_and_columns(env):
    props, transforms = (stanzas(share(env, "splunk/%s.conf" % name)) for name in ("props", "transforms"))
    tsv = env.run("--seed", "x", env.capture("http.pcap")).stdout.splitlines()
    fields = re.findall(r'"([^"]+)"', transforms["connlog_tsv"]["FIELDS"])
    assert fields == next(line for line in tsv if line.startswith("#fields")).split("\t")[1:]
    events = [line for line in tsv if not re.search(transforms["connlog_tsv_header"]["REGEX"], line)]
    assert events and all(len(line.split("\t")) == len(fields) for line in events)
    one = env.run("--seed", "x", "--format", "json", env.capture("http.pcap")).stdout.splitlines()[0]
    for name, event in (("connlog:json", one), ("connlog:tsv", events[0])):
        p = props[name]
        after = event[re.search(p["TIME_PREFIX"], event).end():]
        assert re.match(r"\d{10}\.\d+", after[:int(p["MAX_TIMESTAMP_LOOKAHEAD"])]), after
        for key, value in p.items():
            if key.startswith(("TRANSFORMS", "REPORT")):
                assert value in transforms, value
