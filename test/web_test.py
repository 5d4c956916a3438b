"""`connlog live --web`: what the page of a sensor receives and shows, who may see it, and that no client gets in the sensor's way."""
import base64
import hashlib
import json
import os
import re
import time

from browser import Browser
from dial import Dialer
from metrics_test import Metrics, need_http
from page_test import HOSTILE, filtered, shown
from sandbox_test import installed
from sensor import Net, Sensor, numbers_in, wait_until

PORT, METRICS, TOKEN = 8080, 9911, "a-token-of-the-tests-0123456789"


def page_sensor(env, net, *args, address="127.0.0.1:8080", **kw):
    need_http(env)
    net.ip(env, "link", "set", "lo", "up")
    return Sensor(env, net, "-o", "logs", "--web", address, "--metrics", "127.0.0.1:%d" % METRICS, *args, **kw)


def token_file(env, text=TOKEN, mode=0o600):
    path = env.tmp + "/token"
    with open(path, "w") as f:
        f.write(text + "\n")
    os.chmod(path, mode)
    return path


def counted(dial, name):
    return Metrics(dial.get(METRICS, "/metrics")[2].decode())("connlog_web_" + name)


class Events:
    """The parsed events that a client following the page receives."""

    def __init__(self, dial, headers=None, path="/events"):
        self.answer, self.connection = dial.request(PORT, path, headers=headers)
        self.got = {}

    def read(self):
        """Reads one event. Returns its name."""
        name = None
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended"
            if line.startswith("event: "):
                name = line[7:-1]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
                self.got.setdefault(name, []).extend(data if isinstance(data, list) else [data])
            elif line == "\n" and name:
                return name

    def until(self, what, seconds=20):
        end = time.time() + seconds
        while not what(self.got):
            assert time.time() < end, self.got
            self.read()
        return self.got

    def close(self):
        self.answer.close()
        self.connection.close()


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


def records_of(dial, n, **kw):
    """Returns the first n records that a new client is sent, as dictionaries."""
    names = data_of(dial.get(PORT, "/", **kw)[2].decode())["live"]["records"]
    events = Events(dial, **kw)
    got = events.until(lambda got: len(got.get("records", [])) >= n)
    events.close()
    return [dict(zip(names, row)) for row in got["records"]]


# ---- what is told ----

def test_the_page_and_its_events(env):
    with Net() as net, Dialer(net) as dial:
        for program in (env, installed(env)):
            sensor = page_sensor(program, net)
            status, headers, body = dial.get(PORT, "/")
            text = body.decode()
            assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8" and headers["Cache-Control"] == "no-store"
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
            assert policy.endswith("; frame-ancestors 'none'") and policy.split("; frame-ancestors")[0] in text
            for name, tag in (("script", "script"), ("style", "style")):
                content = re.search("<%s>(.*?)</%s>" % (tag, tag), text, re.S).group(1)
                digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
                assert "%s-src 'sha256-%s'" % (name, digest) in policy
            assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(|innerHTML|insertAdjacent|document\.write|eval\(", text)
            data = data_of(text)
            assert data["source"] == "see0" and data["shown"] == 0 and data["live"]["window"] == 300
            events = Events(dial)
            assert events.answer.status == 200 and events.answer.headers["Content-Type"] == "text/event-stream"
            events.until(lambda got: "state" in got)
            net.send(0, 40)
            got = events.until(lambda got: len(got.get("records", [])) >= 40 and got["state"][-1]["records"] >= 40 and got["state"][-1]["talkers"])
            rows = [dict(zip(data["live"]["records"], row)) for row in got["records"]]
            assert sorted(r["origPort"] for r in rows) == list(range(30000, 30040)) and {r["orig"] for r in rows} == {"10.1.0.1"}
            assert {(r["proto"], r["state"], r["history"], r["sent"], r["sentWire"]) for r in rows} == {("udp", "S0", "D", -1, 48)}
            with open(sensor.folder + "/conn.log") as f:
                assert {json.loads(line)["uid"] for line in f} == {r["uid"] for r in rows}
            state, samples = got["state"][-1], [dict(zip(data["live"]["samples"], s)) for s in got["samples"]]
            assert state["interfaces"][0]["name"] == "see0" and state["interfaces"][0]["packets"] == 40 and state["created"]["udp"] == 40
            assert {t[0] for t in state["talkers"]} == {"10.1.0.1", "10.2.0.1"} and abs(state["now"] - time.time()) < 60
            assert samples[0]["packets"] == 0 and samples[-1]["packets"] == 40 == samples[-1]["records"] == samples[-1]["created"]
            events.close()
            assert [r["uid"] for r in records_of(dial, 40)] == [r["uid"] for r in rows], "who comes later gets the same"
            told = json.loads(dial.get(PORT, "/story?proto=tcp&history=ShADadFf")[2])
            assert "".join(s["letter"] for s in told["steps"]) == "ShADadFf" and "handshake" in told["outline"]
            assert wait_until(lambda: counted(dial, "clients") == 0)
            assert wait_until(lambda: counted(dial, "records") == 40 == counted(dial, "records_total"))
            sensor.stop()
            os.remove(sensor.folder + "/conn.log")


def test_what_is_old_goes_and_memory_is_bounded(env):
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--web-window", "10sec", "--web-memory", "256K")
        net.send(0, 4000)
        assert wait_until(lambda: counted(dial, "records_total") == 4000)
        kept, dropped = counted(dial, "records"), counted(dial, "records_dropped_total")
        assert counted(dial, "bytes") <= 256 << 10 and 1000 < kept < 3000 and kept + dropped == 4000, (kept, dropped)
        assert len(records_of(dial, kept)) == kept
        assert wait_until(lambda: counted(dial, "records") == 0 == counted(dial, "bytes"), 30)
        assert counted(dial, "records_dropped_total") == dropped, "what has had its time is not lost"
        sensor.stop()


def test_other_addresses_stay_hidden(env):
    """With --anonymize no original address appears on the page."""
    with open(env.tmp + "/key", "w") as f:
        f.write("0123456789abcdef" * 4 + "\n")
    os.chmod(env.tmp + "/key", 0o644)
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--anonymize", env.tmp + "/key")
        events = Events(dial)
        events.until(lambda got: "state" in got)
        net.send(0, 40)
        got = events.until(lambda got: len(got.get("records", [])) >= 40 and len(got["state"]) > 4)
        assert all(s["talkers"] is None for s in got["state"])
        assert not re.search(r"10\.1\.0\.1|10\.2\.0\.1", json.dumps(got))
        events.close()
        sensor.stop()


# ---- who may see it ----

def test_only_this_machine_without_a_token(env):
    need_http(env)
    for address in ("0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080", "[::ffff:127.0.0.1]:8080"):
        done = env.run("live", "lo", "--web", address, code=2)
        assert "--web-token FILE makes them show a token" in done.stderr or "cannot listen" in done.stderr, done.stderr
    assert "is no address and port" in env.run("live", "lo", "--web", "localhost:8080", code=2).stderr
    assert "no page without --web" in env.run("live", "lo", "--web-window", "1min", code=2).stderr
    for wrong in (["--web-window", "1sec"], ["--web-window", "2day"], ["--web-memory", "1K"], ["--web-memory", "5G"]):
        assert "is expected" in env.run("live", "lo", "--web", "127.0.0.1:8080", *wrong, code=2).stderr, wrong
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net)
        for host, status in (("127.0.0.1:8080", 200), ("localhost", 200), ("LOCALHOST:9", 200), ("[::1]:8080", 200), ("127.1.2.3", 200),
                             ("example.net", 403), ("127.0.0.1.example.net", 403), ("localhost.example.net:8080", 403), ("[::2]", 403),
                             ("[::1].example.net", 403), ("127.0.0.1x", 403), ("", 403)):
            for path in ("/", "/story?proto=tcp&history=S"):
                assert dial.get(PORT, path, headers={"Host": host})[0] == status, (host, path)
        assert dial.get(PORT, "/nothing")[0] == 404 and dial.get(PORT, "/story")[0] == 400
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert dial.get(PORT, "/", method)[0] == 405
        assert dial.get(PORT, "/", "HEAD")[::2] == (200, b"") and dial.get(PORT, "/events", "HEAD")[::2] == (200, b"")
        assert wait_until(lambda: counted(dial, "denied_total") == 14)
        said = env.command(*net.inside, env.connlog, "live", "see0", "--web", "127.0.0.1:8080")
        assert said.returncode == 2 and "--web: cannot listen at 127.0.0.1:8080: Address already in use" in said.stderr, said.stderr
        sensor.stop()


def test_a_token(env):
    basic = lambda text: {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--web-token", token_file(env), address="0.0.0.0:8080")
        wrong = [{}, basic("x:" + TOKEN[:-1]), basic("x:" + TOKEN + "1"), basic("x:"), basic(TOKEN), basic("x:" + TOKEN.upper()),
                 {"Authorization": "Bearer " + TOKEN[1:]}, {"Authorization": "Bearer"}, {"Authorization": "Basic"},
                 {"Authorization": "Basic ===="}, {"Authorization": "Basic " + "A" * 4000}, {"Authorization": "Digest " + TOKEN},
                 {"Authorization": TOKEN}, {"Cookie": "token=" + TOKEN}]
        for headers in wrong:
            for path in ("/", "/events", "/story?proto=tcp&history=S", "/nothing", "/?token=" + TOKEN):
                status, said, body = dial.get(PORT, path, headers=headers)
                assert status == 401 and said["WWW-Authenticate"].startswith('Basic realm="connlog"') and b"needed" in body, (path, headers)
        for headers in (basic("x:" + TOKEN), basic(":" + TOKEN), {"Authorization": "bearer " + TOKEN}):
            assert dial.get(PORT, "/", headers={**headers, "Host": "sensor.example.net"})[0] == 200
        net.send(0, 5)
        assert len(records_of(dial, 5, headers=basic("x:" + TOKEN))) == 5
        assert wait_until(lambda: counted(dial, "denied_total") == 5 * len(wrong))
        with open("/proc/%d/cmdline" % sensor.process.pid) as f:
            assert TOKEN not in f.read()
        sensor.stop()


def test_token_files(env):
    need_http(env)
    run = lambda path: env.run("live", "lo", "--web", "127.0.0.1:8080", "--web-token", path, code=2).stderr
    assert "No such file" in run(env.tmp + "/none")
    assert "everybody can read it: chmod o=" in run(token_file(env, mode=0o644))
    for text in ("", "short", "x" * 15, "x" * 513):
        assert "is to have 16 to 512 characters: openssl rand -hex 32" in run(token_file(env, text)), text
    for text in ("with a blank in it", "with-\u00fc-in-it-xxxxxxx"):
        assert "printable ASCII without blanks" in run(token_file(env, text)), text


# ---- clients that are slow, many, or both ----

def test_who_never_reads_is_no_burden(env):
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--web-memory", "4M")
        dead = []
        for _ in range(8):
            s = dial.connect(PORT)
            s.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            dead.append(s)
        good = Events(dial)
        assert wait_until(lambda: counted(dial, "clients") == 9)
        for i in range(12):
            net.begin(i * 3000, 3000)
            got = good.until(lambda got: len(got.get("records", [])) >= i * 3000)
            net.end()
        good.until(lambda got: len(got["records"]) + sum(got.get("skipped", [0])) >= 36000)
        assert "skipped" not in got and len(got["records"]) == 36000, ("who reads gets all", got.get("skipped"), len(got["records"]))
        assert wait_until(lambda: counted(dial, "clients") == 1, 40), "who has not read for ten seconds is gone"
        assert counted(dial, "bytes") <= 4 << 20
        for s in dead:
            s.close()
        good.close()
        said = sensor.stop()
    assert "lost" not in said and numbers_in(sensor.folder) == list(range(36000))


def test_who_is_slow_skips(env):
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--web-memory", "256K")
        slow = Events(dial)
        slow.until(lambda got: "state" in got)
        for i in range(10):
            net.send(i * 1500, 1500)
            time.sleep(0.3)
        assert wait_until(lambda: counted(dial, "records_total") == 15000)
        got = slow.until(lambda got: sum(got.get("skipped", [0])) + len(got.get("records", [])) >= 15000)
        assert sum(got["skipped"]) > 1000 and sum(got["skipped"]) + len(got["records"]) == 15000
        assert wait_until(lambda: counted(dial, "records_skipped_total") == sum(got["skipped"]))
        slow.close()
        sensor.stop()


def test_places_are_few(env):
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net)
        many = [Events(dial) for _ in range(24)]
        assert all(e.answer.status == 200 for e in many)
        status, _, body = dial.get(PORT, "/events")
        assert status == 503 and b"as many" in body and dial.get(PORT, "/")[0] == 200
        net.send(0, 10)
        for e in many:
            e.until(lambda got: len(got.get("records", [])) == 10)
        assert wait_until(lambda: counted(dial, "clients") == 24 and counted(dial, "refused_total") == 1)
        many.pop().close()
        assert wait_until(lambda: dial.request(PORT, "/events")[0].status == 200)
        silent = [dial.connect(PORT) for _ in range(60)]  # more than are admitted
        net.send(10, 10)
        for e in many:
            e.until(lambda got: len(got.get("records", [])) == 20)
        for s in silent:
            s.close()
        sensor.stop()  # while all of them are connected
        for e in many:
            e.close()
    assert numbers_in(sensor.folder) == list(range(20))


# ---- in a browser ----

def opened(env, dial, **kw):
    """Returns a browser that shows the page, and its address."""
    url = "http://127.0.0.1:%d/" % dial.forward(PORT)
    return Browser(url, **kw), url


def quiet(b, url):
    assert b.said == [], b.said
    assert set(b.requested) <= {url, url + "events", *(r for r in b.requested if r.startswith(url + "story?"))}, b.requested


def browser_until(b, what, seconds=20):
    end = time.time() + seconds
    while not b.js(what):
        assert time.time() < end, (what, b.said, b.js("document.body.innerText"))
        time.sleep(0.1)


def test_the_page_lives(env):
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net)
        browser, url = opened(env, dial)
        with browser as b:
            browser_until(b, "document.getElementById('live-status').textContent === 'Live'")
            browser_until(b, "document.getElementById('live-sensor').textContent.includes('see0')")  # so that talkers are counted
            net.do("replay " + env.capture("http.pcap"))
            net.send(0, 20)
            browser_until(b, "document.getElementById('filter-count').textContent.startsWith('All ')")
            browser_until(b, "document.querySelectorAll('.grid-body .row').length >= 20")
            for place in ("#now-talkers bdi", ".grid-body .orig bdi"):
                browser_until(b, "[...document.querySelectorAll('%s')].some((e) => e.textContent === '10.1.0.1')" % place)
            browser_until(b, "[...document.querySelectorAll('#rates .spark')].length === 6")
            assert "see0" in shown(b, "#live-sensor")[0] and b.js("document.getElementById('live-lost').hidden")
            assert filtered(b, "host:10.1.0.1").startswith("20 of ")
            before = len(shown(b, ".grid-body .row"))
            net.send(20, 5)
            browser_until(b, "document.getElementById('filter-count').textContent.startsWith('25 of ')")
            assert b.js("document.getElementById('filter').value") == "host:10.1.0.1" and before == 20
            # while a ladder is open, nothing moves
            b.js("document.querySelector('.grid-body .row').click()")
            browser_until(b, "document.querySelectorAll('.ladder > li').length === 1")
            title = shown(b, "#story-title")
            net.send(25, 5)
            time.sleep(2.5)
            assert shown(b, "#story-title") == title and b.js("document.getElementById('filter-count').textContent").startswith("25 of ")
            b.key("Escape")
            browser_until(b, "document.getElementById('filter-count').textContent.startsWith('30 of ')")
            b.js("document.getElementById('live-pause').click()")
            net.send(30, 5)
            time.sleep(2.5)
            assert b.js("document.getElementById('filter-count').textContent").startswith("30 of ")
            b.js("document.getElementById('live-pause').click()")
            browser_until(b, "document.getElementById('filter-count').textContent.startsWith('35 of ')")
            quiet(b, url)
            sensor.stop()
            browser_until(b, "document.getElementById('live-status').className.includes('off')")


def test_a_hostile_record_does_not_run(env):
    """The hostile texts come from a script: a sensor has no others that a peer can choose freely."""
    lua = lambda text: "".join("\\%03d" % byte for byte in text.encode())
    with open(env.tmp + "/hostile.lua", "w") as f:
        f.write("local n = 0\nlocal texts = {\n")
        for h in HOSTILE:
            f.write('{ service = "%s", history = "%s" },\n' % (lua(h["service"]), lua(h.get("history", "D"))))
        f.write("}\nfunction log_policy(rec)\n n = n % #texts + 1\n rec.service = texts[n].service\n"
                " rec.history = texts[n].history\n return true\nend\n")
    os.chmod(env.tmp + "/hostile.lua", 0o644)
    with Net() as net, Dialer(net) as dial:
        sensor = page_sensor(env, net, "--script", env.tmp + "/hostile.lua")
        net.send(0, 4)
        rows = records_of(dial, 4)
        assert HOSTILE[0]["service"] in {r["service"] for r in rows}, rows
        browser, url = opened(env, dial)
        with browser as b:
            browser_until(b, "document.querySelectorAll('.grid-body .row').length === 4")
            for row in range(4):
                b.js("document.getElementById('row-%d').click()" % row)
                browser_until(b, "!document.querySelector('#story .message')?.textContent.startsWith('The sensor is asked')")
            assert b.js("document.querySelectorAll('img, svg[onload], #story textarea, #story script').length") == 0
            assert HOSTILE[0]["service"] in shown(b, "#services bdi")
            quiet(b, url)
            assert b.js("try { document.body.innerHTML = '<i>'; 'let in' } catch (e) { 'refused' }") == "refused"
            b.js("fetch('https://example.net/x').then(() => {}, () => {})")
            b.js("new Promise((done) => setTimeout(done, 100))")
            assert any("Content Security Policy" in s for s in b.said), b.said
        sensor.stop()
