"""A small reader of Parquet files as connlog writes them, so that tests need only Python and libzstd. read(path)
returns (rows as dictionaries, metadata). Thrift structs are dictionaries by field number, as in parquet.thrift. It
follows the format's specification, not the writer: whatever the writer never does is an error."""
import ctypes
import ctypes.util
import struct

BOOLEAN, INT32, INT64, DOUBLE, BYTE_ARRAY, FIXED = 0, 1, 2, 5, 6, 7
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8

zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t


def unpack(packed, size):
    out = ctypes.create_string_buffer(size + 1)
    n = zstd.ZSTD_decompress(out, ctypes.c_size_t(size), packed, ctypes.c_size_t(len(packed)))
    assert n == size, "a page of %d bytes unpacks to %d" % (size, n)
    return out.raw[:size]


class Thrift:
    """Decodes consecutive values of the compact protocol."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def varint(self):
        v = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            v |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return v

    def integer(self):
        v = self.varint()
        return v >> 1 ^ -(v & 1)

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def value(self, kind):
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.take(1)[0]
        if kind in (4, 5, 6):
            return self.integer()
        if kind == 8:
            return self.take(self.varint())
        if kind == 9:
            head = self.take(1)[0]
            n = head >> 4 if head >> 4 < 15 else self.varint()
            return [self.value(head & 15) for _ in range(n)]
        assert kind == 12, "thrift type %d" % kind
        fields, last = {}, 0
        while True:
            head = self.take(1)[0]
            if head == 0:
                return fields
            last = last + (head >> 4) if head >> 4 else self.integer()
            assert last not in fields, "field %d twice" % last
            fields[last] = self.value(head & 15)


def hybrid(data, n, width):
    """Returns n numbers from runs and bit-packed groups, and the offset of their end."""
    t, found = Thrift(data), []
    while len(found) < n:
        head = t.varint()
        if head & 1:
            bits = int.from_bytes(t.take((head >> 1) * width), "little")
            found += [bits >> i * width & (1 << width) - 1 for i in range((head >> 1) * 8)]
        else:
            found += [int.from_bytes(t.take((width + 7) // 8), "little")] * (head >> 1)
    return found[:n], t.at


def plain(kind, data, n, length):
    """Returns n values of the plain encoding."""
    if kind == BOOLEAN:
        return [bool(data[i // 8] >> i % 8 & 1) for i in range(n)]
    if kind == BYTE_ARRAY:
        found, at = [], 0
        for _ in range(n):
            size = int.from_bytes(data[at:at + 4], "little")
            found.append(data[at + 4:at + 4 + size])
            at += 4 + size
        assert at == len(data), "bytes behind the values"
        return found
    if kind == FIXED:
        return [data[i * length:(i + 1) * length] for i in range(n)]
    letter = {INT32: "i", INT64: "q", DOUBLE: "d"}[kind]
    assert len(data) == n * struct.calcsize(letter), "%d bytes are not %d values" % (len(data), n)
    return list(struct.unpack("<%d%s" % (n, letter), data))


def levels(body, n, width):
    size = int.from_bytes(body[:4], "little")
    found, end = hybrid(body[4:4 + size], n, width)
    assert end == size, "levels of %d bytes in %d" % (end, size)
    return found, body[4 + size:]


def chunk(data, meta, listed, length):
    """Returns a column's values in a row group, one per row."""
    at, dictionary, rows, seen = meta.get(11, meta[9]), None, [], 0
    end = at + meta[7]
    while at < end:
        t = Thrift(data, at)
        head = t.value(12)
        body = unpack(data[t.at:t.at + head[3]], head[2])
        at = t.at + head[3]
        if head[1] == 2:
            dictionary = plain(meta[1], body, head[7][1], length)
            continue
        n, encoding = head[5][1], head[5][2]
        repeats = [0] * n
        if listed:
            repeats, body = levels(body, n, 1)
        defined, body = levels(body, n, 2 if listed else 1)
        most = 2 if listed else 1
        count = defined.count(most)
        if encoding == RLE_DICTIONARY:
            values = [dictionary[i] for i in hybrid(body[1:], count, body[0])[0]]
        else:
            assert encoding == PLAIN, encoding
            values = plain(meta[1], body, count, length)
        values = iter(values)
        for repeat, level in zip(repeats, defined):
            if repeat:
                rows[-1].append(next(values))
            elif listed:
                rows.append(None if level == 0 else [next(values)] if level == 2 else [])
            else:
                rows.append(next(values) if level else None)
        seen += n
    assert at == end and seen == meta[5], "a chunk of %d values has %d" % (meta[5], seen)
    return rows


def columns(schema):
    """Returns [(name, whether it is a list, the leaf's element)]."""
    found, i = [], 1
    while i < len(schema):
        name = schema[i][4].decode()
        listed = 5 in schema[i]
        i += 2 if listed else 0
        found.append((name, listed, schema[i]))
        i += 1
    return found


def readable(v, leaf):
    if isinstance(v, list):
        return [readable(x, leaf) for x in v]
    return v.decode() if isinstance(v, bytes) and 10 in leaf else v


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    assert data[:4] == data[-4:] == b"PAR1", path
    n = int.from_bytes(data[-8:-4], "little")
    meta = Thrift(data, len(data) - 8 - n)
    footer = meta.value(12)
    assert meta.at == len(data) - 8, "bytes behind the metadata"
    table, rows = columns(footer[2]), []
    for group in footer[4]:
        assert len(group[1]) == len(table), "a row group that lacks columns"
        assert group[6] == sum(c[3][7] for c in group[1])
        values = []
        for (name, listed, leaf), c in zip(table, group[1]):
            assert c[3][3][0].decode() == name and c[3][1] == leaf[1]
            values.append([readable(v, leaf) for v in chunk(data, c[3], listed, leaf.get(2, 0))])
            assert len(values[-1]) == group[3], "%s: %d values in %d rows" % (name, len(values[-1]), group[3])
        rows += [dict(zip([name for name, _, _ in table], row)) for row in zip(*values)]
    assert len(rows) == footer[3], "%d rows, not %d" % (len(rows), footer[3])
    return rows, footer
