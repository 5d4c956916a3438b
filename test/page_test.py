"""The page of `connlog report --html`: what the file contains, and what a browser (Debian's chromium) makes of it."""
import base64
import hashlib
import json
import os
import random
import re

from browser import Browser
from explain_test import FIELDS, PLAIN, TYPES, explain, log, words

HOSTILE = [
    {"uid": "</script><script>alert('uid')</script>", "service": "<img src=x onerror=alert(1)>",
     "history": "S<!--<script>h", "conn_state": "\"><svg onload=alert(2)>"},
    {"uid": "C\\xe2\\x80\\xa8\u2028\u2029\u202e", "service": "a,b \"c\" 'd' \\x5c &lt;&amp;", "history": "@@DATA@@@@SCRIPT@@"},
    {"uid": "__proto__", "service": "constructor", "conn_state": "toString", "proto": "hasOwnProperty"},
    {"uid": "C\\xff\\xfe\\x00end", "service": "${alert(3)}`", "history": "S\\x00\\xc0\\xaf", "tunnel_parents": "<b>,</textarea>"},
]


def page(env, path, *args, code=0):
    out = os.path.join(env.tmp, "page.html")
    env.run("report", "--html", out, *args, path, code=code)
    return out


def parts(path):
    """Returns the page's text, its data, policy, style and script."""
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    data = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert len(data) == 1
    find = lambda pattern: re.search(pattern, text, re.S).group(1)
    return text, data[0], find(r'Policy" content="([^"]*)"'), find(r"<style>(.*?)</style>"), find(r"<script>(.*?)</script>")


def filtered(b, text):
    """Types into the filter, as a user does. Returns the number of remaining rows that the page shows."""
    b.js("document.getElementById('clear').click(); document.getElementById('filter').focus()")
    b.type(text)
    b.js("new Promise((done) => setTimeout(done, 300))")
    return b.js("document.getElementById('filter-count').textContent")


def shown(b, selector):
    return b.js("[...document.querySelectorAll(%s)].map((e) => e.textContent)" % json.dumps(selector))


def quiet(b, path):
    assert b.said == [], b.said
    assert b.requested == ["file://" + path], b.requested


# ---- the file alone ----

def test_the_policy_names_what_is_in_the_page(env):
    text, data, policy, style, script = parts(page(env, log(env, {})))
    for name, content in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert "%s-src 'sha256-%s'" % (name, digest) in policy, (name, policy)
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert text.index("Content-Security-Policy") < text.index("<style>") and text.count("<script") == 2
    page_text = text.replace(data, "").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|url\(|innerHTML|insertAdjacent|document\.write|eval\(", page_text)


def test_the_data_is_the_log(env):
    rows = [{"uid": "C%d" % i, "ts": "%d.5" % (1000 + i), "orig_bytes": str(i)} for i in range(20)]
    rows.append({"uid": "C20", "ts": "900.25", "orig_bytes": "-", "duration": "-", "history": "-", "service": "-"})
    data = json.loads(parts(page(env, log(env, *rows)))[1])
    columns = data["columns"]
    assert data["shown"] == data["total"] == 21 and columns["uid"] == [r["uid"] for r in rows]
    assert [(data["begin"] + t) / 1e6 for t in columns["time"]] == [float(r["ts"]) for r in rows]
    assert columns["sent"] == [*range(20), -1] and columns["duration"][0] == 54.3776 and columns["duration"][20] == -1
    assert [data["services"][s] for s in columns["service"]] == ["http"] * 20 + [""]
    assert data["hosts"] == ["128.32.162.134", "206.132.179.35"]
    text, outline, steps = data["histories"][columns["history"][0]]
    assert text == "ShADadFf" == "".join(data["legend"]["steps"][s]["letter"] for s in steps)
    assert data["histories"][columns["history"][20]] == ["", "", []] and len(data["legend"]["states"]) == 13


def test_text_of_the_log_cannot_leave_its_place(env):
    _, data, *_ = parts(page(env, log(env, *HOSTILE)))
    assert not re.search("[<>&\u2028\u2029\u202e\x7f]", data)
    uids = json.loads(data)["columns"]["uid"]
    assert uids[0] == HOSTILE[0]["uid"] and uids[2] == "__proto__", uids


def test_fewer_rows_and_broken_logs(env):
    path = log(env, *[{"uid": "C%d" % i} for i in range(5)])
    data = json.loads(parts(page(env, path, "--rows", "2"))[1])
    assert (data["shown"], data["total"], len(data["columns"]["uid"])) == (2, 5, 2)
    with open(path, "a") as f:
        f.write("broken\n")
    assert json.loads(parts(page(env, path, code=1))[1])["shown"] == 5
    assert "number" in env.run("report", "--html", "x.html", "--rows", "none", path, code=2).stderr
    done = env.run("report", "--html", env.tmp + "/no/such/folder.html", path, code=1)
    assert "folder" in done.stderr and not os.path.exists(env.tmp + "/no")
    assert env.run("report", "--html", "-", path, code=1).stdout.startswith("<!DOCTYPE html>")


# ---- in a browser ----

def some_log(env, n=200):
    rng, rows = random.Random(1), []
    for i in range(n):
        state, history = rng.choice([("SF", "ShADadFf"), ("SF", "ShADadFf"), ("S0", "S"), ("REJ", "Sr"), ("S1", "ShADad")])
        rows.append({"uid": "Cuid%d" % i, "ts": "%.6f" % (931803523 + 7 * i), "id.orig_h": "10.0.%d.%d" % (i % 3, i % 7),
                     "id.resp_h": rng.choice(["2001:db8::1", "192.0.2.9"]), "service": rng.choice(["http", "ssl", "-"]),
                     "conn_state": state, "history": history, "orig_bytes": str(i * 1000)})
    return rows, log(env, *rows)


def test_the_filter_decides_what_is_shown(env):
    rows, path = some_log(env)
    with Browser(page(env, path)) as b:
        for text, keep in (
                ("state:S0", lambda r: r["conn_state"] == "S0"),
                ("state:s0,REJ", lambda r: r["conn_state"] in ("S0", "REJ")),
                ("host:10.0.1.", lambda r: r["id.orig_h"].startswith("10.0.1.")),
                ("orig:10.0.1.1 -ssl", lambda r: r["id.orig_h"] == "10.0.1.1" and r["service"] != "ssl"),
                ("2001:db8", lambda r: r["id.resp_h"] == "2001:db8::1"),
                ("service:-", lambda r: r["service"] == "-"),
                ("sent>100k state:SF", lambda r: int(r["orig_bytes"]) > 100000 and r["conn_state"] == "SF"),
                ("sent=3000", lambda r: r["orig_bytes"] == "3000"),
                ("history:Sr", lambda r: r["history"] == "Sr"),
                ("cuid19", lambda r: r["uid"].startswith("Cuid19")),
                ("from:1999-07-12T18:19:00 to:1999-07-12T18:20:00",
                 lambda r: 931803540 <= float(r["ts"]) < 931803601),
                ("", lambda r: True),
                ("nowhere", lambda r: False)):
            n = sum(map(keep, rows))
            said = filtered(b, text)
            assert said == ("All 200 connections" if n == 200 else "%d of 200 connections" % n), (text, said, n)
            assert b.js("document.getElementById('nothing').hidden") == (n > 0)
        assert "Not understood: from:yesterday" in filtered(b, "from:yesterday")
        filtered(b, "")
        b.js("document.querySelector('#states .bar-row').click()")
        assert b.js("document.getElementById('filter').value") == "state:SF"
        assert set(shown(b, ".grid-body .state .mono")) == {"SF"}
        b.js("document.querySelector('#states .bar-row').click()")
        assert b.js("document.getElementById('filter').value") == ""
        b.js("[...document.querySelectorAll('.head button')].find((e) => e.textContent === 'Sent').click()")
        assert shown(b, ".grid-body .sent")[0] == "199\u00a0kB"
        quiet(b, env.tmp + "/page.html")


def test_everything_can_be_done_by_keyboard(env):
    _, path = some_log(env)
    with Browser(page(env, path)) as b:
        focused = lambda: b.js("document.activeElement.id || document.activeElement.className")
        b.key("Tab")
        assert focused() == "skip"
        order = []
        while focused() != "grid" and len(order) < 60:
            b.key("Tab")
            order.append(focused())
        assert [o for o in order if o in ("zone-utc", "filter", "time-chart", "hosts-bytes", "sort", "grid")] == \
            ["zone-utc", "filter", "time-chart", "hosts-bytes", "sort", "grid"], order
        for _ in range(2):
            b.key("ArrowDown")
        assert b.js("document.getElementById('grid').getAttribute('aria-activedescendant')") == "row-2"
        b.key("Enter")
        assert b.js("document.getElementById('story').open") and "Cuid2" in shown(b, ".facts")[0]
        b.key("ArrowRight")
        assert "Cuid3" in shown(b, ".facts")[0]
        b.key("Escape")
        assert not b.js("document.getElementById('story').open") and focused() == "grid"
        b.key("End")
        assert "row-199" in b.js("[...document.querySelectorAll('.grid-body .row')].map((e) => e.id)")
        b.js("document.getElementById('time-chart').focus()")
        for key in ("Home", "ArrowRight", "Enter"):
            b.key(key)
        assert b.js("document.getElementById('filter').value").startswith("from:1999-07-12T18:")
        b.js("document.querySelector('#services .bar-row').focus()")
        b.key("Enter")
        assert "service:" in b.js("document.getElementById('filter').value")
        assert "bar-row" in focused(), "the bar keeps the focus"
        unnamed = b.js("[...document.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility() && "
                       "!(e.textContent.trim() || e.labels?.length)).length")
        assert unnamed == 0
        quiet(b, env.tmp + "/page.html")


def test_the_story_says_what_explain_says(env):
    histories = ["ShADadFf", "Sr", "ShADTTadgGR", "^hadf", "DadA", "IQ?"]
    path = log(env, *[{"uid": "C%d" % i, "history": h} for i, h in enumerate(histories)])
    with Browser(page(env, path)) as b:
        for i, history in enumerate(histories):
            b.js("document.getElementById('row-%d').click()" % i)
            told = words(explain(env, "--as", "history", history, "--proto", "tcp", width=120).stdout)
            steps = b.js("[...document.querySelectorAll('.ladder > li')].map((li) => [li.querySelector('.letter').textContent, "
                         "li.querySelector('b').textContent, li.querySelector('.remark')?.textContent || '', "
                         "li.querySelector('.said-only')?.textContent || ''])")
            assert "".join(s[0] for s in steps) == history
            for letter, name, remark, side in steps:
                assert name in told and all(w in told.split() for w in remark.split()), (history, name, remark, told)
                assert side == ("" if letter in "^?" else "Originator: " if letter.isupper() or history == "?" else "Responder: ")
            b.js("document.getElementById('story').close()")
        quiet(b, env.tmp + "/page.html")


def test_a_hostile_record_does_not_run(env):
    with Browser(page(env, log(env, *HOSTILE))) as b:
        assert b.js("document.querySelectorAll('img, svg[onload], b:not(.ladder b):not(.verdict b):not(.heads b)').length") == 0
        for row in range(len(HOSTILE)):
            b.js("document.getElementById('row-%d').click()" % row)
        assert b.js("document.querySelectorAll('img, #story textarea, #story script').length") == 0
        b.js("document.getElementById('story').close()")
        for i in range(len(shown(b, "#services .bar-row"))):
            b.js("document.querySelectorAll('#services .bar-row')[%d].click()" % i)
            assert "1 of 4" in b.js("document.getElementById('filter-count').textContent"), shown(b, "#services .bar-row")
            b.js("document.querySelectorAll('#services .bar-row')[%d].click()" % i)
        assert HOSTILE[0]["service"] in shown(b, "#services bdi") and HOSTILE[0]["conn_state"] in shown(b, "#states bdi")
        quiet(b, env.tmp + "/page.html")
        # even if something got into the page, it could not run
        assert b.js("try { document.body.innerHTML = '<i>'; 'let in' } catch (e) { 'refused' }") == "refused"
        b.js("{ const i = document.createElement('img'); i.src = 'https://example.net/x'; document.body.append(i); }")
        b.js("new Promise((done) => setTimeout(done, 100))")
        assert any("Content Security Policy" in s for s in b.said), b.said


def test_a_hundred_thousand_connections_are_quick(env):
    rng, path = random.Random(2), env.tmp + "/large.log"
    with open(path, "w") as f:
        f.write("#fields\t%s\n#types\t%s\n" % ("\t".join(FIELDS), "\t".join(TYPES)))
        for i in range(100000):
            row = {**PLAIN, "uid": "C%017d" % i, "ts": "%.6f" % (1e9 + i * 0.7), "id.orig_h": "10.%d.%d.9" % (i % 50, i % 11),
                   "duration": "%.6f" % rng.lognormvariate(0, 3), "orig_bytes": str(int(rng.lognormvariate(8, 3))),
                   "conn_state": rng.choice(["SF", "SF", "S0", "REJ"])}
            f.write("\t".join(row[k] for k in FIELDS) + "\n")
    with Browser(page(env, path)) as b:
        loaded = b.work()
        assert loaded < 5, "%.1f s to load" % loaded
        assert b.js("document.querySelectorAll('.grid-body .row').length") < 60
        b.js("document.querySelector('#states .bar-row').click()")
        assert b.work() - loaded < 2, "%.1f s to filter" % (b.work() - loaded)
        b.js("document.getElementById('clear').click(); document.getElementById('grid').scrollTop = 1e9")
        b.settle()
        assert b.js("document.querySelector('.grid-body .row:last-child').id") == "row-99999"
        quiet(b, env.tmp + "/page.html")


def test_phone_print_night_and_time_zone(env):
    _, path = some_log(env)
    made = page(env, path)
    contrast = """(() => { const probe = document.body.appendChild(document.createElement('p'));
        const light = (name) => { probe.style.color = 'var(--' + name + ')';
            const c = getComputedStyle(probe).color.match(/[0-9.]+/g).map((v) => v / 255)
                .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2] + 0.05; };
        return ['text card', 'quiet card', 'quiet page', 'accent accent-soft', 'odd odd-soft', 'odd card', 'quiet accent-soft']
            .map((pair) => { const [a, b] = pair.split(' ').map(light); return [pair, Math.max(a / b, b / a)]; }); })()"""
    for dark in (False, True):
        with Browser(made, width=390, height=844, touch=True, dark=dark) as b:
            assert b.js("document.documentElement.scrollWidth") == 390
            low = [p for p in b.js(contrast) if p[1] < 4.5]
            assert not low, (dark, low)
            assert (b.js("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)") == dark
            b.js("document.querySelector('.grid-body .row').click()")
            assert b.js("document.getElementById('story').scrollWidth") <= 390
            small = b.js("[...document.querySelectorAll('button')].filter((e) => e.checkVisibility() && "
                         "e.getBoundingClientRect().height < 30).map((e) => e.textContent)")
            assert not small, small
            quiet(b, made)
    with Browser(made) as b:
        b.call("Emulation.setTimezoneOverride", timezoneId="Asia/Kolkata")
        assert shown(b, ".grid-body .time")[0] == "1999-07-12 18:18:43.000"
        b.js("document.getElementById('zone-local').click()")
        assert shown(b, ".grid-body .time")[0] == "1999-07-12 23:48:43.000"
        assert "UTC+05:30" in shown(b, "#source")[0] and "UTC+05:30" in shown(b, ".head .time")[0]
        b.pdf(env.tmp + "/page.pdf")
        with open(env.tmp + "/page.pdf", "rb") as f:
            assert f.read(5) == b"%PDF-"
        b.js("dispatchEvent(new Event('beforeprint'))")
        assert b.js("document.querySelectorAll('.grid-body .row').length") == 200


def test_an_empty_log_says_so(env):
    with Browser(page(env, log(env))) as b:
        assert b.js("document.getElementById('empty').checkVisibility()") and b.js("document.getElementById('main').hidden")
        quiet(b, env.tmp + "/page.html")
