#!/usr/bin/env python3
"""ClickHouse behind HTTP, as far as inserts and questions go: serve_clickhouse.py SCHEMA

Its own engine (chdb) runs each request's query with the request's settings; only the HTTP is Python's.  Prints the port.
"""
import http.server
import sys
import urllib.parse

from chdb import session
from load import statements

db = session.Session()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        settings = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        query, body = settings.pop("query"), self.rfile.read(int(self.headers["Content-Length"])).decode()
        if settings:
            head, tail = query.rsplit(" FORMAT ", 1)
            query = "%s SETTINGS %s FORMAT %s" % (head, ", ".join("%s = '%s'" % (k, v) for k, v in settings.items()), tail)
        try:
            code, text = 200, str(db.query(query + "\n" + body, "JSONEachRow"))
        except Exception as e:  # the client receives any error of ClickHouse
            code, text = 400, str(e)
        self.send_response(code)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


for statement in statements(sys.argv[1]):
    db.query(statement)
db.query("SYSTEM STOP TTL MERGES conn")  # the test's rows are old
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
