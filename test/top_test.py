"""`connlog top`: what it shows of a running sensor, on a terminal and in a pipe."""
import http.server
import os
import pty
import re
import subprocess
import threading

import veth
from metrics_test import fetch, need_http, sensor_with_metrics
from sandbox_test import installed
from sensor import Net, wait_until

ADDRESS = "127.0.0.1:9911"


def top(env, net, *args, code=0):
    done = env.command(*net.inside, env.connlog, "top", *args, env={**os.environ, "COLUMNS": "100", "LC_ALL": "C"})
    assert done.returncode == code, (done.returncode, done.stderr)
    return done


def test_a_page(env):
    """The counters are there, and so are the top talkers, as soon as they have been requested."""
    with Net() as net:
        sensor = sensor_with_metrics(env, net, "udp_inactivity_timeout=1hr")
        net.send(0, 40)
        assert wait_until(lambda: "} 40" in fetch(env, net)[2])
        page = top(env, net, "--once").stdout
        assert re.search(r"^connlog [\d.]+ at %s   up .* of a core   .*B$" % re.escape(ADDRESS), page, re.M), page
        assert re.search(r"^%s +\S+ +\S+ +0 +0$" % veth.CAPTURES, page, re.M), page
        assert re.search(r"^UDP +40 +", page, re.M) and re.search(r"^TCP +0 +0$", page, re.M), page
        assert "\033" not in page and page.count("connlog ") == 1

        # While it is watched, one host sends and another receives.
        watcher = subprocess.Popen([*net.inside, env.connlog, "top", "-d", "1sec"], stdout=subprocess.PIPE, text=True)
        net.send(40, 60, pause=0.1)
        pages = ""
        while not all(re.search(row, pages, re.M) for row in (r"^10\.1\.0\.1 +[1-9]\S*( k)? +0 ", r"^10\.2\.0\.1 +0 +[1-9]")):
            line = watcher.stdout.readline()
            assert line and pages.count("connlog ") < 30, pages
            pages += line
        watcher.kill()
        watcher.communicate()
        sensor.stop()


def test_services_are_counted(env):
    """By connection, as the log has them; a service whose analyzer failed later is still counted."""
    done = env.run("--fields", "service", "--format", "csv", "--stats", "stats.json", env.capture("http.pcap"))
    services = done.stdout.splitlines()[1:]
    with open(env.tmp + "/stats.json") as f:
        stats = f.read()
    group = dict(re.findall(r'"([\w-]+)": (\d+)', re.search(r'"service": \{(.*?)\}', stats, re.S).group(1)))
    for service in ("http", "dns", "ntp"):
        assert int(group[service]) == services.count(service) > 0, (services, group)
    assert group["ssh"] == "0" and sum(map(int, group.values())) >= len([s for s in services if s]), (services, group)


def test_a_terminal(env):
    """It uses the alternate screen, and q restores the old one."""
    with Net() as net:
        sensor = sensor_with_metrics(installed(env), net)
        assert wait_until(lambda: fetch(env, net)[0] == 200)
        terminal, end = pty.openpty()
        process = subprocess.Popen([*net.inside, env.connlog, "top"], stdin=end, stdout=end, stderr=end,
                                   env={**os.environ, "TERM": "xterm"})
        os.close(end)
        shown = b""
        while b"address  " not in shown:
            shown += os.read(terminal, 4096)
        assert shown.startswith(b"\033[?1049h\033[?25l") and b"\033[H\033[2J" in shown, shown
        os.write(terminal, b"xq")
        try:
            while True:
                shown += os.read(terminal, 4096)
        except OSError:  # nobody has the other end any more
            pass
        os.close(terminal)
        assert process.wait(60) == 0 and shown.endswith(b"\033[?25h\033[?1049l"), shown
        sensor.stop()


def test_nobody_there(env):
    need_http(env)
    with Net() as net:
        env.must(*net.inside, "ip", "link", "set", "lo", "up")
        said = top(env, net, "--once", code=1).stderr
        assert said == "connlog: %s: Connection refused (is there a `connlog live --metrics %s`?)\n" % (ADDRESS, ADDRESS), said
    for args, word in ((["localhost"], "is no address and port"), (["-d", "0.1sec"], "1sec at least"), (["-n", "x"], "a number of pages"),
                       ([ADDRESS, "::1"], "address of a sensor")):
        done = env.run("top", *args, code=2)
        assert word in done.stderr, (args, done.stderr)


class Answer(http.server.BaseHTTPRequestHandler):
    text = b""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.text)

    def log_message(self, *_):
        pass


def test_what_others_answer(env):
    """Text that does not come from a sensor is reported as such, and control sequences in it do not reach the terminal."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = "127.0.0.1:%d" % server.server_port
        for text in (b"", b"\n\n", b"connlog_x", b'connlog_x{a="', b'connlog_x{a="b"', b'connlog_x{a="b",c="d', b"\xff" * 5000):
            Answer.text = text
            assert "is no sensor of this version" in env.run("top", "--once", address, code=1).stderr, text
        Answer.text = (b'connlog_uptime_seconds 5\nconnlog_build_info{version="\033[2J"} 1\n'
                       b'connlog_interface_packets_total{interface="e\\"\033[H"} 7\n')
        page = env.run("top", "--once", address).stdout
        assert "\\x1b[2J" in page and 'e"\\x1b[H' in page and "\033" not in page, page
        server.shutdown()
