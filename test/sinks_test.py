"""Sinks named by URLs (--to): captures and logs delivered to them, and the messages when that fails."""
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess

import delivery
import parquet_reader
from env import Skip
from listener import Listener
from sensor import wait_until


def plain(text):
    """Returns the lines without the times in headers and footers."""
    return [line for line in text.splitlines() if not line.startswith(("#open", "#close"))]


def has(env, kind):
    listed = dict(line.split(": ", 1) for line in env.run("--version").stdout.splitlines()[1:])["sinks"]
    return kind in listed.split(", ")


def test_captures_go_to_several_sinks_at_once(env):
    capture = env.capture("http.pcap")
    want = {f: env.run("--seed", "x", "--format", f, capture).stdout for f in ("zeek", "json", "csv")}
    stream, datagrams, tcp = Listener(env.tmp + "/s"), Listener(env.tmp + "/d", datagram=True), Listener()
    done = env.run("--seed", "x", "-o", ".", "--to", "unix:s?format=json", "--to", "unix:d", "--to", "tcp://127.0.0.1:%d" % tcp.port,
                   "--to", "file:f.log", "--to", "exec:cat >e.csv?format=csv", capture)
    assert done.stdout == done.stderr == "", done
    for s in (stream, datagrams, tcp):
        s.close()
    assert stream.data.decode() == want["json"]
    assert tcp.data.decode() == want["zeek"]
    assert datagrams.datagrams == [line for line in want["zeek"].splitlines() if not line.startswith("#")]
    for name, f in (("conn.log", "zeek"), ("f.log", "zeek"), ("e.csv", "csv")):
        assert env.must("cat", name) == want[f], name
    assert not [name for name in os.listdir(env.tmp) if name.startswith(".")]


def test_without_o_there_is_no_log_besides(env):
    done = env.run("--seed", "x", "--to", "file:f.json?format=json", "--stats", "s.json", env.capture("http.pcap"))
    assert done.stdout == "" and os.path.getsize(env.tmp + "/f.json") > 0
    with open(env.tmp + "/s.json") as f:
        stats = json.load(f)
    n = stats["output"]["records"]
    assert n > 5 and stats["sink file:f.json?format=json"] == {
        "records": n, "delivered": n, "lost": 0, "waiting": 0, "spooled": 0, "failures": 0, "opened": 1, "restarts": 0}, stats
    want = env.run("--seed", "x", env.capture("http.pcap")).stdout
    assert env.run("--seed", "x", "--to", "file:-", env.capture("http.pcap")).stdout == want
    assert env.run("--seed", "x", "--to", "exec:cat", env.capture("http.pcap")).stdout == want


def test_each_sink_has_its_own_columns(env):
    capture = env.capture("http.pcap")
    env.run("--seed", "x", "--fields", "uid", "--to", "file:a?format=json", "--to", "file:b?format=json&fields=uid,community_id",
            "--to", "file:c?format=json&fields=", capture)
    keys = [set(json.loads(env.must("head", "-1", name))) for name in "abc"]
    assert keys[0] == {"uid"} and keys[1] == {"uid", "community_id"} and len(keys[2]) > 15, keys


def test_each_sink_has_its_own_condition(env):
    capture = env.capture("http.pcap")
    env.run("--seed", "x", "--where", "proto == tcp", "--to", "file:a?format=json", "--to", "file:b?format=json&where=service == http",
            "--to", "file:c?format=json&fields=uid&where=community_id ~ /^1:/ %26%26 orig_bytes > 0", capture)
    rows = [[json.loads(line) for line in env.must("cat", name).splitlines()] for name in "abc"]
    assert rows[0] and all(row["proto"] == "tcp" for row in rows[0])
    assert rows[1] and rows[1] == [row for row in rows[0] if row.get("service") == "http"] != rows[0]
    assert [row["uid"] for row in rows[2]] == [row["uid"] for row in rows[0] if row.get("orig_bytes", 0) > 0]
    said = env.run("--to", "file:a?where=service %26%26", capture, code=2).stderr
    assert "where=: " in said, said


def test_workers_feed_a_sink(env):
    capture = env.capture("services.pcap") if os.path.exists(env.captures + "/services.pcap") else env.capture("http.pcap")
    want = env.run("--seed", "x", capture).stdout
    env.run("--seed", "x", "-j", "2", "--to", "file:a", capture)
    assert plain(env.must("cat", "a")) == plain(want)
    done = env.run("--seed", "x", "-j", "2", "-o", ".", "--to", "file:b", capture)
    assert "-j has no effect" in done.stderr and env.must("cat", "b") == env.must("cat", "conn.log") == want


def test_logs_go_to_sinks(env):
    with open(env.tmp + "/log", "w") as f:
        f.write(env.run(env.capture("http.pcap")).stdout)
    want = {f: env.run("convert", "--to", f, "log").stdout for f in ("json", "csv")}
    unix = Listener(env.tmp + "/s")
    assert env.run("convert", "--to", "unix:s?format=json", "--to", "csv", "log").stdout == want["csv"]
    unix.close()
    assert unix.data.decode() == want["json"]
    assert env.run("convert", "--to", "file:a?format=csv", "log").stdout == "" and env.must("cat", "a") == want["csv"]
    assert "--to FORMAT is missing" in env.run("convert", "--to", "file:a", "-o", "b", "log", code=2).stderr


def test_logs_with_other_columns_have_another_head(env):
    for name, fields in (("a", "uid,proto"), ("b", "uid,service")):
        with open(env.tmp + "/" + name, "w") as f:
            f.write(env.run("--seed", "x", "--fields", fields, env.capture("http.pcap")).stdout)
    env.run("convert", "--to", "file:out?format=zeek", "a", "b")
    assert plain(env.must("cat", "out")) == plain(env.run("convert", "--to", "zeek", "a", "b").stdout)


def test_a_url_that_is_wrong_is_told(env):
    long = "x" * 200
    for url, says in (
            ("x", "a sink is named by a URL"), ("gopher:x", "no sink is called gopher: known are unix:PATH"),
            ("tcp://host", "//HOST:PORT is expected"), ("tcp://:1", "//HOST:PORT"), ("tcp://a:1/path", "//HOST:PORT"),
            ("tcp://a:1?colour=red", "it has no option \"colour\""), ("unix:", "the path of a socket"), ("unix:" + long, "of 107 bytes"),
            ("unix:x?type=pipe", "stream or datagram"), ("file:", "the path of a file"), ("exec:", "a command"),
            ("file:a?format=xml", "unknown format \"xml\""), ("file:a?fields=uid,nothing", "unknown field \"nothing\""),
            ("file:a%2", "%XX is expected"), ("file:a%00", "%XX"), ("file:a?timeout=soon", "a number of seconds"),
            ("file:a?format=json&b", "NAME=VALUE"), ("redis://h:x/s", "//HOST[:PORT]/STREAM" if has(env, "redis") else "built without")):
        done = env.run("--to", url, env.capture("http.pcap"), code=2)
        assert "--to " in done.stderr and says in done.stderr and not done.stdout, (url, done.stderr)
    assert "its password" not in env.run("--to", "tcp://me:its password@a:1", env.capture("http.pcap"), code=2).stderr


def test_a_name_may_have_any_byte(env):
    env.run("--to", "file:a%3fb%25 c?format=json", "--to", "exec:cat >d'?'e?", env.capture("http.pcap"))
    assert {"a?b% c", "d?e"} <= set(os.listdir(env.tmp))


def test_a_sink_that_takes_nothing_is_given_up(env):
    """Reading waits for the sink, but not forever; the other sinks are not affected."""
    done = env.run("-o", ".", "--to", "unix:nobody?timeout=0.5", "--to", "file:f", "--stats", "-", env.capture("http.pcap"), code=1)
    assert "unix:nobody?timeout=0.5: cannot connect: No such file or directory; reading waits for it" in done.stderr
    n = json.loads(done.stderr[done.stderr.index("{"):done.stderr.rindex("}") + 1])["output"]["records"]
    assert "%d of %d records are lost" % (n, n) in done.stderr, done.stderr
    assert plain(env.must("cat", "f")) == plain(env.must("cat", "conn.log"))


def test_a_sink_that_comes_late_is_waited_for(env):
    process = subprocess.Popen([env.connlog, "--to", "unix:s?format=json", env.capture("http.pcap")], cwd=env.tmp,
                               stderr=subprocess.PIPE, text=True)
    assert "reading waits for it" in process.stderr.readline()
    unix = Listener(env.tmp + "/s")
    said = process.communicate(timeout=60)[1]
    unix.close()
    assert process.returncode == 0 and "connected again" in said and "lost" not in said, said
    assert len(unix.lines) > 5


def test_a_command_that_ends_is_begun_again(env):
    row = env.run("--format", "json", env.capture("http.pcap")).stdout.splitlines()[0]
    with open(env.tmp + "/log", "w") as f:
        f.write("".join(row.replace("49152", str(10000 + i)) + "\n" for i in range(20000)))
    said = env.run("convert", "--to", "exec:[ -e first ] && exec cat >second; touch first?format=json", "log").stderr
    assert "it reads no more; reading waits for it" in said and "connected again" in said, said
    ports = [json.loads(line)["id.orig_p"] for line in env.must("cat", "second").splitlines()]
    assert ports == list(range(30000 - len(ports), 30000)) and len(ports) > 15000, len(ports)  # except for what its pipe held
    said = env.run("--to", "exec:cat >/dev/null; exit 3", env.capture("http.pcap")).stderr
    assert "it ended with status 3" in said, said


class Reading:
    """`connlog convert` of a log of 60,000 rows, more than fits into memory."""

    def __init__(self, env, *sinks):
        row = env.run("--format", "json", "--fields", "all", env.capture("http.pcap")).stdout.splitlines()[0]
        uid = json.loads(row)["uid"]
        with open(env.tmp + "/log", "w") as f:
            f.write("".join(row.replace(uid, "C%06d" % i) + "\n" for i in range(60000)))
        to = [word for sink in sinks for word in ("--to", sink)]
        self.process = subprocess.Popen([env.connlog, "convert", *to, "log"], cwd=env.tmp, stderr=subprocess.PIPE, text=True)

    def kill_first(self):
        """Kills the process that delivers to the first sink."""
        assert wait_until(lambda: delivery.helpers_of(self))
        pid = delivery.helpers_of(self)[0]["Pid"]
        os.kill(int(pid), signal.SIGKILL)
        assert wait_until(lambda: pid not in [s["Pid"] for s in delivery.helpers_of(self)])

    def end(self):
        """Returns the exit status and standard error."""
        said = self.process.communicate(timeout=100)[1]
        return self.process.returncode, said


def test_a_process_that_is_killed_is_replaced_while_logs_are_read(env):
    """Rows that are not committed are still in the queue."""
    if not has(env, "sqlite"):
        raise Skip("built without SQLite")

    def rows():
        try:
            return sql(env, "x.db", "select count(*), count(distinct uid) from conn")[0]
        except sqlite3.OperationalError:
            return 0, 0

    reading = Reading(env, "sqlite:x.db")
    for n in range(3):
        assert wait_until(lambda n=n: rows()[0] > 5000 * n)
        reading.kill_first()
    code, said = reading.end()
    assert code == 0 and "is replaced (1 so far)" in said and "lost" not in said and rows() == (60000, 60000), (said, rows())


def test_a_file_is_lost_with_its_process(env):
    """Half a file would be worse than none; the other sinks are not affected."""
    reading = Reading(env, "file:f", "unix:s?format=json")
    assert wait_until(lambda: any(os.path.getsize(env.tmp + "/" + n) > 1 << 20 for n in os.listdir(env.tmp) if n.startswith(".f.")))
    reading.kill_first()
    unix = Listener(env.tmp + "/s")
    code, said = reading.end()
    unix.close()
    assert code == 1 and "file:f: 60000 of 60000 records are lost" in said and said.count("are lost") == 1, said
    assert len(unix.lines) == 60000 and not os.path.exists(env.tmp + "/f")


def test_a_process_that_dies_again_and_again_is_given_up(env):
    reading = Reading(env, "unix:nobody")
    for _ in range(5):
        reading.kill_first()
    code, said = reading.end()
    assert code == 1 and "killed by signal 9 again, so the sink is abandoned" in said, said
    assert "60000 of 60000 records are lost" in said, said


def test_a_full_disk_is_waited_with(env):
    done = env.run("--to", "file:/dev/full?timeout=0.3", env.capture("http.pcap"), code=1)
    assert "No space left on device" in done.stderr and "records are lost" in done.stderr, done.stderr


def certificates(env):
    """Makes an authority, a certificate for localhost signed by it, and a certificate that nobody signed."""
    if not shutil.which("openssl"):
        raise Skip("no openssl here")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    env.must(*make, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    for name, more in (("good", ["-CA", "ca.pem", "-CAkey", "ca.key"]), ("bad", [])):
        env.must(*make, *more, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                 "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", name + ".key", "-out", name + ".pem")


def tls_server(env, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(env.tmp + "/%s.pem" % name, env.tmp + "/%s.key" % name)
    return Listener(tls=context)


def test_tls_verifies_who_it_is(env):
    if not has(env, "tcps"):
        raise Skip("built without libssl")
    certificates(env)
    capture, good, bad = env.capture("http.pcap"), tls_server(env, "good"), tls_server(env, "bad")
    env.run("--to", "tcps://localhost:%d?ca=ca.pem" % good.port, "--to", "tcps://127.0.0.1:%d?ca=ca.pem" % good.port, capture)
    for server, options, says in ((good, "", "its certificate is not trusted"), (bad, "&ca=ca.pem", "its certificate is not trusted"),
                                  (good, "&ca=ca.pem&name=elsewhere", "hostname mismatch")):
        url = "tcps://localhost:%d?timeout=0.5%s" % (server.port, options)
        done = env.run("--to", url, capture, code=1)
        assert says in done.stderr and "records are lost" in done.stderr, done.stderr
    for server in (good, bad):
        server.close()
    want = plain(env.run(capture).stdout)
    assert len(plain(good.data.decode())) == 2 * len(want) and good.connections == 2, good.connections
    assert bad.data == b""
    for option in ("ca=nothing.pem", "ca=ca.pem&cert=good.pem&key=bad.key"):
        assert "cannot be used" in env.run("--to", "tcps://localhost:1?" + option, capture, code=2).stderr


def sql(env, file, *statements):
    """Returns the rows of the last statement."""
    with sqlite3.connect(env.tmp + "/" + file) as db:
        for s in statements:
            rows = db.execute(s).fetchall()
    db.close()
    return rows


def test_rows_of_sqlite(env):
    """Every column has its type; repeated records are recognised by their uid."""
    if not has(env, "sqlite"):
        raise Skip("built without SQLite")
    capture = env.capture("http.pcap")
    with open(env.tmp + "/all.log", "w") as f:
        f.write(env.run("--seed", "x", "--fields", "all", "--format", "json", capture, env.capture("tunnels.pcap") if os.path.exists(
            env.captures + "/tunnels.pcap") else capture).stdout)
    for _ in range(2):
        env.run("convert", "--to", "sqlite:a.db", "all.log")
    with open(env.tmp + "/all.log") as f:
        want = {row["uid"]: row for row in map(json.loads, f)}
    names = [c[1] for c in sql(env, "a.db", "pragma table_info(conn)")]
    rows = [dict(zip(names, row)) for row in sql(env, "a.db", "select * from conn")]
    assert len(rows) == len(want) > 5 and len(names) > 25
    for row in rows:
        got = {k: json.loads(v) if isinstance(want[row["uid"]].get(k), list) else v for k, v in row.items() if v is not None}
        assert got == want[row["uid"]], (got, want[row["uid"]])
    assert sql(env, "a.db", "select typeof(ts), typeof(\"id.orig_p\"), typeof(local_orig) from conn") == [("real", "integer", "integer")] * len(rows)
    sql(env, "b.db", "create table old (ts real, uid text, mine text)")
    env.run("--seed", "x", "--to", "sqlite:b.db?table=old", capture)
    assert sql(env, "b.db", "select count(*), count(mine), count(service) > 0 from old")[0][1:] == (0, 1)
    env.run("--interim", "50msec", "--to", "sqlite:i.db", "--to", "sqlite:j.db?fields=uid,proto", "--to", "file:i.json?format=json", capture)
    with open(env.tmp + "/i.json") as f:
        n = len(f.readlines())
    assert sql(env, "i.db", "select count(*), count(distinct uid) from conn")[0] == sql(env, "j.db", "select count(*), count(distinct uid) from conn")[
        0] and sql(env, "i.db", "select count(*) from conn")[0] == (n,) > (len(rows),), n
    assert "it has no format" in env.run("--to", "sqlite:c.db?format=csv", capture, code=2).stderr
    done = env.run("--to", "sqlite:nowhere/x.db?timeout=0.5", capture, code=1)
    assert "unable to open database file" in done.stderr and "records are lost" in done.stderr, done.stderr


def test_entries_of_redis(env):
    if not has(env, "redis"):
        raise Skip("built without hiredis")
    if not shutil.which("redis-server"):
        raise Skip("no redis-server here (Debian: redis-server)")
    at = env.tmp + "/redis.sock"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--port", str(port), "--unixsocket", at, "--requirepass", "pass word", "--save", "",
                               "--dir", env.tmp], stdout=subprocess.DEVNULL)
    try:
        capture = env.capture("http.pcap")
        url = "redis://:pass%%20word@127.0.0.1:%d/" % port
        env.run("--seed", "x", "--to", url + "conn", "--to", url + "short?maxlen=2&format=zeek", "--to", url + "conn?db=3", capture)

        def ask(*words):
            out = env.must("redis-cli", "-s", at, "-a", "pass word", "--no-auth-warning", *words)
            return out.splitlines()

        want = env.run("--seed", "x", "--format", "json", capture).stdout.splitlines()
        for db in "0", "3":
            entries = ask("-n", db, "--raw", "XRANGE", "conn", "-", "+")
            assert entries[1::3] == ["record"] * len(want) and entries[2::3] == want, entries[:6]
        assert int(ask("XLEN", "short")[0]) <= len(want)
        said = env.run("--to", "redis://127.0.0.1:%d/conn?timeout=0.5" % port, capture, code=1).stderr
        assert "it refuses: NOAUTH" in said and "records are lost" in said, said
        said = env.run("--to", "redis://me:wrong@127.0.0.1:%d/conn?timeout=0.5" % port, capture, code=1).stderr
        assert "WRONGPASS" in said and "me:***@" in said, said
    finally:
        server.terminate()
        server.wait(60)


def test_redis_through_tls(env):
    if not has(env, "rediss"):
        raise Skip("built without hiredis or libssl")
    if not shutil.which("redis-server"):
        raise Skip("no redis-server here (Debian: redis-server)")
    certificates(env)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--port", "0", "--tls-port", str(port), "--tls-cert-file", "good.pem", "--tls-key-file", "good.key",
                               "--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no", "--unixsocket", env.tmp + "/redis.sock", "--save", "",
                               "--dir", env.tmp], cwd=env.tmp, stdout=subprocess.PIPE, text=True)
    try:
        for line in server.stdout:
            if "Failed to configure TLS" in line or "not built with TLS" in line or "Bad directive" in line:
                raise Skip("this redis-server has no TLS")
            if "eady to accept connections" in line:
                break
        capture = env.capture("http.pcap")
        env.run("--seed", "x", "--to", "rediss://localhost:%d/conn?ca=ca.pem" % port, capture)
        want = env.run("--seed", "x", "--format", "json", capture).stdout.splitlines()
        entries = env.must("redis-cli", "-s", env.tmp + "/redis.sock", "--raw", "XRANGE", "conn", "-", "+").splitlines()
        assert entries[2::3] == want, entries[:6]
        said = env.run("--to", "rediss://localhost:%d/conn?timeout=0.5" % port, capture, code=1).stderr
        assert "its certificate is not trusted" in said and "records are lost" in said, said
    finally:
        server.terminate()
        server.wait(60)


def test_files_of_parquet(env):
    """They hold the same values as JSON, from captures and from logs; either all files are there or none."""
    captures = [env.capture(name) for name in ("http.pcap", "dns.pcap") if os.path.exists(env.captures + "/" + name)]
    os.makedirs(env.tmp + "/a")
    env.run("--seed", "x", "--to", "parquet:a?part=x", *captures)
    with open(env.tmp + "/log", "w") as f:
        f.write(env.run("--seed", "x", *captures).stdout)
    os.makedirs(env.tmp + "/b")
    env.run("convert", "--to", "parquet:b?part=x&level=3", "log")
    want = {}
    for row in map(json.loads, env.run("--seed", "x", "--format", "json", *captures).stdout.splitlines()):
        want[row["uid"]] = {**row, "ts": round(row["ts"] * 1e6)}
    for folder in "ab":
        paths = [os.path.join(path, name) for path, _, names in os.walk(env.tmp + "/" + folder) for name in names]
        assert paths and all(path.endswith(".parquet") and "/date=" in path for path in paths), paths
        got = {row["uid"]: {k: v for k, v in row.items() if v is not None} for path in paths for row in parquet_reader.read(path)[0]}
        if folder == "b":                                 # Zeek's text has only microseconds
            for rows in got, want:
                for row in rows.values():
                    row["duration"] = round(row.get("duration", 0), 6)
        assert got == want
    assert "parquet is no format for this sink" in env.run("--to", "file:x?format=parquet", captures[0], code=2).stderr
    said = env.run("--to", "parquet:nowhere?timeout=0.5", captures[0], code=1).stderr
    assert "nowhere" in said and "records are lost" in said, said
