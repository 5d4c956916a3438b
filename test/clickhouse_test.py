"""clickhouse://: what is posted, and what happens to records when the server refuses, stays silent, or closes the connection."""
import json
import socket
import ssl
import subprocess
import threading
import urllib.parse

from env import Skip
from sensor import wait_until
from sinks_test import certificates, has

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 41\r\n\r\nCode: 60. DB::Exception: no table `conn`\r\n"


class Server:
    """A server that parses requests itself and gives the answers in `answers`, in order, then OK. None closes the
    connection without an answer; a number waits that many seconds first, then closes. `inserts` are the rows of the
    requests that were answered with 200."""

    def __init__(self, *answers, tls=None, at=None, keep=True):
        self.answers, self.tls, self.keep, self.requests, self.inserts, self.connections = list(answers), tls, keep, [], [], 0
        self.socket = socket.create_server(at or ("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            self.connections += 1
            try:
                if self.tls:
                    peer = self.tls.wrap_socket(peer, server_side=True)
                with peer, peer.makefile("rb") as f:
                    while self.one(peer, f):
                        pass
            except OSError:
                pass

    def one(self, peer, f):
        line = f.readline().decode()
        if not line:
            return False
        method, target, version = line.split()
        fields = {}
        while (field := f.readline().decode().rstrip("\r\n")):
            name, value = field.split(": ", 1)
            fields[name.lower()] = value
        url = urllib.parse.urlsplit(target)
        request = {"method": method, "path": url.path, "version": version, "fields": fields,
                   "query": dict(urllib.parse.parse_qsl(url.query, strict_parsing=True))}
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else OK
        if callable(answer):                              # before reading the body
            answer(peer)
            return False
        request["body"] = f.read(int(fields["content-length"]))
        if isinstance(answer, float):
            threading.Event().wait(answer)
        if not isinstance(answer, bytes):
            return False
        if b" 200" in answer and not any(word in answer for word in (b"Exception", b"half")):
            self.inserts += [json.loads(row) for row in request["body"].splitlines()]
        peer.sendall(answer)
        return self.keep and answer.endswith(b"\r\n")

    def close(self):
        self.socket.close()


def rows_of(env, n):
    """Writes a log with that many rows. Returns their uids."""
    row = env.run("--seed", "x", "--format", "json", env.capture("http.pcap")).stdout.splitlines()[0]
    uid = json.loads(row)["uid"]
    with open(env.tmp + "/log", "w") as f:
        f.write("".join(row.replace(uid, "C%06d" % i) + "\n" for i in range(n)))
    return ["C%06d" % i for i in range(n)]


def test_rows_are_posted(env):
    server = Server()
    want = [json.loads(line) for line in env.run("--seed", "x", "--format", "json", env.capture("http.pcap")).stdout.splitlines()]
    done = env.run("--seed", "x", "--stats", "s.json", "--to", "clickhouse://me%%20too:pass%%3Aword@127.0.0.1:%d/my`conn?database=net"
                   "&clickhouse.async_insert=1" % server.port, env.capture("http.pcap"))
    assert done.stderr == "" and server.inserts == want and len(server.requests) == 1, (done.stderr, server.requests)
    r = server.requests[0]
    assert (r["method"], r["path"], r["version"]) == ("POST", "/", "HTTP/1.1")
    assert r["query"].pop("insert_deduplication_token").startswith("connlog-")
    assert r["query"] == {"query": "INSERT INTO `net`.`my\\`conn` FORMAT JSONEachRow", "input_format_skip_unknown_fields": "1",
                          "date_time_input_format": "best_effort", "async_insert": "1"}, r["query"]
    assert r["fields"]["x-clickhouse-user"] == "me too" and r["fields"]["x-clickhouse-key"] == "pass:word"
    assert r["fields"]["host"] == "127.0.0.1:%d" % server.port
    with open(env.tmp + "/s.json") as f:
        sink = next(v for k, v in json.load(f).items() if k.startswith("sink clickhouse://me too:***@"))
    assert sink["delivered"] == sink["records"] == len(want) and sink["lost"] == sink["failures"] == 0, sink


def test_batches(env):
    """Checks the size of batches, and that they use one connection; one that the server closes after each batch is opened again."""
    uids = rows_of(env, 20000)
    for keep in (True, False):
        server = Server(keep=keep)
        done = env.run("convert", "--to", "clickhouse://127.0.0.1:%d/conn?batch_bytes=1000000&batch_age=60" % server.port, "log")
        assert [r["uid"] for r in server.inserts] == uids and done.stderr == "", done.stderr
        assert 5 <= len(server.requests) <= 12 and max(len(r["body"]) for r in server.requests) < 1100000, len(server.requests)
        assert len({r["query"]["insert_deduplication_token"] for r in server.requests}) == len(server.requests)
        assert server.connections == (1 if keep else len(server.requests)), server.connections
        server.close()


def early(peer):
    peer.sendall(b"HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large")


def test_what_was_not_inserted_is_sent_again(env):
    """The same rows are sent with the same token, whatever went wrong, and each is counted once."""
    uids = rows_of(env, 3000)
    wrong = {
        "it refuses (HTTP 404): Code: 60. DB::Exception: no table `conn`": REFUSED,
        "it refuses (HTTP 200): Code: 27": b"HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Code: 27\r\nContent-Length: 10\r\n\r\nCode: 27\r\n",
        "the other side has closed the connection": None,
        "closed the connection": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "the answer is not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP 413": early,
    }
    for says, answer in wrong.items():
        server = Server(answer)
        done = env.run("convert", "--to", "clickhouse://127.0.0.1:%d/conn?batch_bytes=60000000&batch_age=60" % server.port, "log")
        assert says in done.stderr and "connected again" in done.stderr and "lost" not in done.stderr, (says, done.stderr)
        assert [r["uid"] for r in server.inserts] == uids, says
        assert len(server.requests) == 2 and len({r["query"]["insert_deduplication_token"] for r in server.requests}) == 1, says
        server.close()


def test_answers_of_many_forms(env):
    n = len(rows_of(env, 10))
    for answer in (b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n",
                   b"HTTP/1.1 200\r\nTRANSFER-ENCODING: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n"):
        server = Server(answer, keep=False)
        done = env.run("convert", "--to", "clickhouse://127.0.0.1:%d/conn" % server.port, "log")
        assert done.stderr == "" and len(server.inserts) == n and len(server.requests) == 1, (answer, done.stderr)
        server.close()


def test_a_server_that_refuses_for_good_is_given_up(env):
    rows_of(env, 1000)
    server = Server(*[REFUSED] * 100)
    done = env.run("convert", "--to", "clickhouse://127.0.0.1:%d/conn?timeout=1" % server.port, "log", code=1)
    assert "no table `conn`; reading waits for it" in done.stderr and "1000 of 1000 records are lost" in done.stderr, done.stderr
    assert 2 <= len(server.requests) < 20
    silent = Server(*[30.0] * 10)
    done = env.run("convert", "--to", "clickhouse://127.0.0.1:%d/conn?timeout=1" % silent.port, "log", code=1)
    assert "1000 of 1000 records are lost" in done.stderr and len(silent.requests) == 1, done.stderr


def test_wrong_urls(env):
    for url, says in (("clickhouse:x", "//HOST[:PORT] is expected"), ("clickhouse://h", "/TABLE is expected"), ("clickhouse://h/a/b", "/TABLE"),
                      ("clickhouse://h/t?batch_bytes=0", "batch_bytes= wants"), ("clickhouse://h/t?batch_age=-1", "batch_age= wants"),
                      ("clickhouse://a%0db@h/t", "control characters"), ("clickhouse://h/t?format=csv", "it has no format"),
                      ("clickhouse://h/t?colour=red", 'it has no option "colour"')):
        said = env.run("--to", url, env.capture("http.pcap"), code=2).stderr
        assert says in said, (url, said)


def test_tls(env):
    if not has(env, "clickhouses"):
        raise Skip("built without libssl")
    certificates(env)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(env.tmp + "/good.pem", env.tmp + "/good.key")
    uids = rows_of(env, 5000)
    server = Server(REFUSED, tls=context)
    done = env.run("convert", "--to", "clickhouses://localhost:%d/conn?ca=ca.pem&batch_bytes=500000" % server.port, "log")
    assert "it refuses (HTTP 404)" in done.stderr and [r["uid"] for r in server.inserts] == uids, done.stderr
    done = env.run("convert", "--to", "clickhouses://localhost:%d/conn?timeout=0.5" % server.port, "log", code=1)
    assert "its certificate is not trusted" in done.stderr and "lost" in done.stderr, done.stderr


def test_a_server_that_comes_late_gets_each_row_once(env):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        at = s.getsockname()
    uids = rows_of(env, 2000)
    process = subprocess.Popen([env.connlog, "convert", "--to", "clickhouse://127.0.0.1:%d/conn" % at[1], "log"], cwd=env.tmp,
                               stderr=subprocess.PIPE, text=True)
    assert "Connection refused; reading waits for it" in process.stderr.readline()
    server = Server(at=at)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0 and "connected again" in said, said
    assert wait_until(lambda: len(server.inserts) == 2000) and [r["uid"] for r in server.inserts] == uids
