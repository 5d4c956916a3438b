"""`connlog live --metrics`: what Prometheus gets, and that the dashboard and the alerts use only metrics that exist."""
import json
import re
import shutil
import signal
import subprocess
import sys
import time

from env import Skip
from sandbox_test import installed
from sensor import Net, Sensor, wait_until

FETCH = """
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1], method=sys.argv[2]), timeout=20) as answer:
        print(answer.status, answer.headers["Content-Type"])
        sys.stdout.write(answer.read().decode())
except urllib.error.HTTPError as e:
    print(e.code, e.headers["Content-Type"])
"""
URL = "http://127.0.0.1:9911/metrics"


def need_http(env):
    if "without" in dict(line.split(": ", 1) for line in env.run("--version").stdout.splitlines()[1:])["metrics"]:
        raise Skip("built without libmicrohttpd")


def fetch(env, net, url=URL, method="GET"):
    """Returns (status, type, text), requested from within the network namespace."""
    out = env.must(*net.inside, sys.executable, "-c", FETCH, url, method)
    head, _, text = out.partition("\n")
    return int(head.split()[0]), head.split(" ", 1)[1], text


class Metrics:
    """The metrics, parsed as strictly as the format is defined."""

    def __init__(self, text):
        self.types, self.samples = {}, {}
        name, helped = None, set()
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split()[2]
                assert name not in helped and re.match(r"# HELP \w+ [A-Z].*\.$", line), line
                helped.add(name)
            elif line.startswith("# TYPE "):
                assert line.split()[2] == name, line
                self.types[name] = line.split()[3]
            else:
                m = re.match(r'(\w+)(?:\{(\w+="[^"]*"(?:,\w+="[^"]*")*)\})? (-?[\d.]+)$', line)
                assert m and m.group(1) == name, line     # the samples of a name are consecutive
                assert (name, m.group(2)) not in self.samples, line
                self.samples[name, m.group(2)] = float(m.group(3))
        for name, kind in self.types.items():
            assert re.match(r"(connlog|process)_[a-z_]+$", name), name
            assert (kind == "counter") == name.endswith("_total") and kind in ("counter", "gauge"), (name, kind)
            assert any(n == name for n, _ in self.samples), name

    def __call__(self, name, **labels):
        return self.samples[name, ",".join('%s="%s"' % pair for pair in labels.items()) or None]


def sensor_with_metrics(env, net, *args):
    need_http(env)
    env.must(*net.inside, "ip", "link", "set", "lo", "up")
    return Sensor(env, net, "-o", "logs", "--metrics", "127.0.0.1:9911", *args)


def test_everything_that_is_counted_is_there(env):
    """Every counter is there and equals what --stats says."""
    with Net() as net:
        sensor = sensor_with_metrics(env, net, "--stats", "stats.json")
        net.send(0, 50)

        def counted():
            m = Metrics(fetch(env, net)[2])
            return m if m("connlog_records_written_total") == 50 else None

        assert wait_until(counted), fetch(env, net)
        m = counted()
        sensor.stop()
    assert m("connlog_interface_packets_total", interface="see0") == 50 == m("connlog_packets_total")
    assert m("connlog_connections_open", protocol="udp") == 0 and m("connlog_connections_created_total", protocol="udp") == 50
    assert m("connlog_interface_up", interface="see0") == 1 and m("connlog_interface_freezes_total", interface="see0") == 0
    assert m("connlog_interface_lost_total", interface="see0", cause="ring") == 0
    assert m("connlog_build_info", version=env.run("--version").stdout.split()[1]) == 1
    assert 5e6 < m("process_resident_memory_bytes") < 1e9 and m("process_cpu_seconds_total") > 0
    assert abs(m("process_start_time_seconds") - time.time()) < 300 and abs(m("connlog_packet_time_seconds") - time.time()) < 300
    assert m("connlog_spool_limit_bytes") == 64 << 20 and m("connlog_spool_records") == m("connlog_records_lost_total") == 0
    with open(env.tmp + "/stats.json") as f:
        stats = json.load(f)
    said = {(name, (re.match(r'\w+="(.*)"', labels) or [None, None])[1]) for name, labels in m.samples if labels}
    plain = {name for name, labels in m.samples if not labels}
    for group, counters in stats.items():
        if group in ("input", "output", "log") or group.startswith("interface "):  # these have names of their own, tested above
            continue
        for name in counters:
            as_label = any(label == name for _, label in said)
            as_name = any(name in p for p in plain) or (group, name) in (
                ("packets", "read"), ("packets", "bytes"), ("connections", "created"), ("connections", "ended"),
                ("connections", "open"), ("scripts", "loaded"), ("scripts", "handled"))
            assert as_label or as_name, (group, name)
    assert m("connlog_connections_state_total", conn_state="S0") == 50 and 0 < m("connlog_behind_seconds") < 1
    for name in ("connections_created_total", "connections_ended_total", "connections_state_total"):
        total = sum(v for (n, _), v in m.samples.items() if n == "connlog_" + name)
        assert total == stats["connections"]["created"] == 50, name


def test_how_long_packets_wait_in_the_ring(env):
    with Net() as net:
        sensor = sensor_with_metrics(env, net)
        sensor.signal(signal.SIGSTOP)
        net.send(0, 5)
        time.sleep(1.5)
        sensor.signal(signal.SIGCONT)
        assert wait_until(lambda: 1 < Metrics(fetch(env, net)[2])("connlog_behind_seconds") < 10), fetch(env, net)[2]
        sensor.stop()


def test_http(env):
    with Net() as net:
        sensor = sensor_with_metrics(env, net)
        assert wait_until(lambda: fetch(env, net)[0] == 200)
        assert fetch(env, net)[1] == "text/plain; version=0.0.4; charset=utf-8"
        assert fetch(env, net, method="HEAD")[::2] == (200, "")
        assert fetch(env, net, URL + "/x")[0] == fetch(env, net, "http://127.0.0.1:9911/")[0] == 404
        assert fetch(env, net, method="POST")[0] == fetch(env, net, method="DELETE")[0] == 405
        said = env.command(*net.inside, env.connlog, "live", "see0", "--metrics", "127.0.0.1:9911").stderr
        assert "cannot listen at 127.0.0.1:9911: Address already in use" in said, said
        # A client that connects and says nothing does not hold the log up.
        hold = subprocess.Popen([*net.inside, sys.executable, "-c", "import socket,time\n"
                                 "s=[socket.create_connection(('127.0.0.1',9911)) for i in range(30)]\nprint(1,flush=True)\ntime.sleep(60)"],
                                stdout=subprocess.PIPE)
        hold.stdout.readline()
        net.send(0, 5)
        assert wait_until(lambda: "9000" in open(sensor.folder + "/conn.log").read())
        hold.kill()
        hold.communicate()
        assert wait_until(lambda: fetch(env, net)[0] == 200)
        sensor.stop()
        sensor = sensor_with_metrics(installed(env), net)  # its list of system calls is shorter
        assert wait_until(lambda: fetch(env, net)[0] == 200) and fetch(env, net, URL + "x")[0] == 404
        sensor.stop()


def test_an_address_that_is_none(env):
    for address in ("9911", "localhost:9911", "127.0.0.1:", ":9911", "::1:9911", "127.0.0.1:http", "[::1:9911"):
        done = env.run("live", "lo", "--metrics", address, code=2)
        assert "is no address and port like 127.0.0.1:9911" in done.stderr or "built without" in done.stderr, done.stderr


def names_in(text):
    return set(re.findall(r"\b((?:connlog|process)_[a-z_]+)\b", text))


def test_the_dashboard_and_the_alerts_ask_for_what_there_is(env):
    with open(env.root + "/docs/grafana/connlog.json") as f:
        board = json.load(f)
    expressions = [t["expr"] for panel in board["panels"] for t in panel["targets"]]
    assert len(expressions) > 25 and len({p["id"] for p in board["panels"]}) == len(board["panels"])
    labels = {label for e in expressions for by in re.findall(r"by \(([^)]*)\)", e) for label in re.split(r",\s*", by) if label}
    with open(env.root + "/docs/alerts.yml") as f:
        alerts = re.sub(r"^ *(summary|description|- name|- alert):.*", "", f.read(), flags=re.M)
    alerts = re.sub(r"^#.*|job=\"connlog\"", "", alerts, flags=re.M)
    wanted = names_in(" ".join(expressions)) | names_in(alerts)
    assert len(wanted) > 20, wanted
    with Net() as net:
        sensor = sensor_with_metrics(env, net, "--to", "file:%s/out" % env.tmp)
        assert wait_until(lambda: fetch(env, net)[0] == 200)
        text = fetch(env, net)[2]
        sensor.stop()
    m = Metrics(text)
    assert not wanted - set(m.types), wanted - set(m.types)
    known = {"instance"} | {label for _, labels in m.samples for label in re.findall(r"(\w+)=", labels or "")}
    assert labels <= known, labels - known
    if not shutil.which("promtool"):
        raise Skip("no promtool here to check the metrics and the alerts; their names are right")
    done = env.command("promtool", "check", "metrics", input=text, stdin=None)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    env.must("promtool", "check", "rules", env.root + "/docs/alerts.yml")
    shutil.copy(env.root + "/docs/alerts.yml", env.tmp)
    shutil.copy(env.root + "/test/alerts_test.yml", env.tmp)
    env.must("promtool", "test", "rules", "alerts_test.yml")
