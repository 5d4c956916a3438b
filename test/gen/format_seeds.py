"""Seeds for the fuzz targets of small formats: lists and logs to be folded, answers of an HTTP server, indexes of captures, files
of networks."""
import glob
import hashlib
import json
import os
import socket
import struct

from log_seeds import json_lines, tsv

FOLDS = [(rules, by) for rules in ("scans", "dns", "icmp", "scans,dns,icmp", "icmp,scans", "") for by in
         ("", "id.orig_h", "id.orig_h,conn_state", "id.resp_h,id.resp_p,proto,service", "uid,ts,orig_bytes")]

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
ANSWERS = {
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "sized": b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 12\r\n\r\n{\"took\":1}\r\n",
    "two": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n",
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "unchanged": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
    "early": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n\r\nslow",
    "close": b"HTTP/1.1 503 Service Unavailable\r\nConnection:\tclose \r\nContent-Length: 4\r\n\r\nbusy",
    "to-the-end": b"HTTP/1.0 400 Bad Request\r\n\r\nno length, so the end of the connection ends it\n",
    "exception": b"HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Code: 60\r\nContent-Length: 9\r\n\r\nCode: 60.",
    "chunked": CHUNKED + b"\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n",
    "chunked-close": CHUNKED + b"Connection: close\r\n\r\nA \r\n0123456789\r\n00\r\nX: y\r\nZ: w\r\n\r\nmore",
    "chunk-without-end": CHUNKED + b"\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunk-too-large": CHUNKED + b"\r\n1000001\r\nabc",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "lines": b"HTTP/1.1 200\nContent-Length: 3\n\nabc",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "no-number": b"HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc",
    "another-version": b"HTTP/2 200\r\n\r\n",
    "no-status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "long-line": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 4100 + b"\r\n\r\n",
    "control": b"HTTP/1.1 500 X\r\nContent-Length: 400\r\n\r\n" + bytes(range(256)) + b"y" * 144,
    "not-http": b"220 mail.example.com ESMTP\r\n",
}

NETWORKS = {
    "plain": "prefix,name,site,tags\n192.168.0.0/16,office,Bonn,inside\n192.168.1.10,alices-laptop,,inside laptop\n",
    "quotes": "tags,prefix,owner,name\n\"outside, web\",93.184.215.0/24,x,\"a \"\"b\"\"\"\n a;b ,10.0.0.0/8,,c\n",
    "v6": "prefix,site\n2001:db8::/32,lab\n2001:db8:1::/48,rack\n2001:db8:1::7,\nfe80::/10,link\n::/0,all\n",
    "nested": "prefix,name\n" + "".join("10.1.2.3/%d,n%d\n" % (bits, bits) for bits in range(33)),
    "many": "prefix,tags\n" + "".join("10.%d.%d.0/%d,t%d u%d\n" % (i % 7, i, 24 - i % 9 * (i % 7 == 3), i % 5, i) for i in range(60)),
    "comments": "\ufeff# of an inventory\r\n\r\n prefix , name \r\n# none\r\n 192.0.2.0/24 , lab \r\n",
    "header": "prefix,name\n",
    "empty-row": "prefix,name,site\n192.0.2.0/24\n192.0.2.1,,\n",
    "wrong-prefix": "prefix,name\n192.0.2.0/24,lab\n192.0.2.0/33,x\n",
    "twice": "prefix,name\n192.0.2.0/24,a\n192.0.2.7/24,b\n",
    "no-prefix": "name,site\na,b\n",
    "nothing-said": "prefix,owner\n192.0.2.0/24,x\n",
    "open-quote": "prefix,name\n192.0.2.0/24,\"lab\n",
    "behind-quote": "prefix,name\n192.0.2.0/24,\"lab\"x\n",
    "mapped": "prefix,name\n::ffff:192.0.2.0/120,lab\n::ffff:0:0/96,v4\n",
}
ASKED = ["::ffff:192.168.1.10", "::ffff:10.1.2.3", "2001:db8:1::7", "::ffff:192.0.2.1"]


def write(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def write_folds(out, golden):
    """Two lines with the lists, a byte that chooses window and memory, and a log with enough rows to fold."""
    for n, path in enumerate(sorted(glob.glob(golden + "/*.json"))):
        with open(path) as f:
            rows = [json.loads(line) for line in f][:12]
        if not rows:
            continue
        columns = list(dict.fromkeys(c for row in rows for c in row))
        for i in range(2):
            rules, by = FOLDS[(2 * n + i) % len(FOLDS)]
            log = json_lines(rows) if i else tsv(rows, columns)
            how = bytes([(n % 16) << 4 | (5 * n + i) % 16])
            write(out, "%s-%d" % (os.path.basename(path), i), ("%s\n%s\n" % (rules, by)).encode() + how + log.encode())
        write(out, os.path.basename(path) + "-plain", tsv(rows, columns).encode())


def keyset(hashes, bits=12):
    """The code of src/archive/keyset.h."""
    values, before, code, n = sorted(h * (len(hashes) << bits) >> 64 for h in hashes), 0, 0, 0
    for value in values:
        ones = value - before >> bits
        code |= ((1 << ones) - 1) << n
        n += ones + 1
        code |= (value - before & (1 << bits) - 1) << n
        n += bits
        before = value
    return code.to_bytes((n + 7) // 8, "little")


def index(pairs, blocks, marks, late, packed):
    """An index as src/archive/index.c writes it, but for its checksum, which the target corrects unless the last byte is 0."""
    codes, head, at = b"", b"", 24
    for i in range(blocks):
        some = pairs[i::blocks]
        code = keyset(some)
        first, n = marks * i // blocks, marks * (i + 1) // blocks - marks * i // blocks
        head += struct.pack("<QqqIIIII", at, 10**9 * i, 10**9 * (i + 1), 4 * len(some), len(some), len(code), first, n)
        codes += code
        at += 1 << 20
    tail = b"".join(struct.pack("<Q", 24 + (i << 18)) for i in range(marks))
    tail += b"".join(struct.pack("<IQ", i * blocks // late, pairs[i % len(pairs)]) for i in range(late))
    start = struct.pack("<8sIIQqQQQIIQ", b"connlogX", 1, packed, at, 17 * 10**17, 77, 4 * len(pairs), blocks, marks, late, len(codes))
    return start + head + tail + codes + b"checksum"


def write_indexes(out):
    hashes = [int.from_bytes(hashlib.sha256(b"%d" % i).digest()[:8], "little") for i in range(100)]
    asked = [1, 0x123456789abcdef0, 2**64 - 1]  # by the target
    cases = [(1, 1, 0, 0), (3, 1, 0, 0), (100, 1, 2, 0), (40, 4, 8, 3), (100, 15, 15, 15), (7, 7, 1, 14), (60, 2, 0, 1)]
    for i, (pairs, *counts) in enumerate(cases):
        for packed in range(2):
            data = index(asked[:i % 4] + hashes[:pairs] if packed else hashes[:pairs], *counts, packed)
            write(out, "index-%d-%d" % (i, packed), data)
    write(out, "index-other-checksum", index(hashes[:5], 1, 0, 0, 0)[:-1] + b"\0")
    write(out, "keyset", struct.pack("<I", 20) + keyset(hashes[:20]))


def write_format_seeds(out, golden):
    write_folds(os.path.join(out, "folds"), golden)
    write_indexes(os.path.join(out, "indexes"))
    for name, data in ANSWERS.items():
        write(os.path.join(out, "answers"), name, data)
    for i, (name, text) in enumerate(NETWORKS.items()):
        for k in range(2):
            address = socket.inet_pton(socket.AF_INET6, ASKED[(i + k) % len(ASKED)])
            write(os.path.join(out, "networks"), "%s-%d" % (name, k), text.encode() + address)
