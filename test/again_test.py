"""Bytes that may be replayed are kept as places in the capture where it can be read again: the log is the same as from
a pipe, where it cannot."""
import os
import struct
import subprocess

WELCOME = b"220 mail.example.com ESMTP is ready\r\n"  # SMTP only once the client has said EHLO
HELLO, ANSWER = b"EHLO example.org\r\n", b"250 mail.example.com\r\n"
CONNECTIONS = 70  # each in a file of its own, more files than are kept open
FILLER = 100      # packets of 1,400 bytes: more than one read returns


def segment(port, to_server, seq, ack, flags, data=b""):
    ends = [(b"\x0a\0\0\1", port), (b"\x0a\0\0\2", 2222)]
    (src, sport), (dst, dport) = ends if to_server else ends[::-1]
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 60000, 0, 0) + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + src + dst
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp


def write(path, packets, start):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, p in enumerate(packets):
            f.write(struct.pack("<IIII", 1700000000, start + i, len(p), len(p)) + p)
    return start + len(packets)


def beginning(port):
    """Returns the packets of a connection up to those that are replayed once the signature has matched."""
    return [segment(port, True, 100, 0, 2), segment(port, False, 500, 101, 18), segment(port, True, 101, 501, 16),
            segment(port, False, 501, 101, 24, WELCOME)]


def captures(folder):
    """Returns the paths of the parts, and of one file with the same packets."""
    parts = [beginning(1024 + i) for i in range(CONNECTIONS)]
    parts.append([segment(9, True, 1, 0, 16, bytes(1400))] * FILLER +
                 [segment(1024 + i, True, 101, 501 + len(WELCOME), 24, HELLO) for i in range(CONNECTIONS)] +
                 [segment(1024 + i, False, 501 + len(WELCOME), 101 + len(HELLO), 24, ANSWER) for i in range(CONNECTIONS)])
    os.makedirs(folder)
    paths, at = [], 0
    for i, packets in enumerate(parts):
        paths.append("%s/%02d.pcap" % (folder, i))
        at = write(paths[-1], packets, at)
    write(folder + ".pcap", [p for packets in parts for p in packets], 0)
    return paths, folder + ".pcap"


def test_a_pipe_a_file_and_many_files_give_the_same_log(env):
    parts, whole = captures(env.tmp + "/parts")
    want = env.run("-C", "--seed", "x", whole).stdout
    assert want.count("\tsmtp\t") == CONNECTIONS, want[-600:]
    assert env.run("-C", "--seed", "x", *parts).stdout == want
    assert env.run("-C", "--seed", "x", "-j", "2", whole).stdout == want
    with open(whole, "rb") as f:
        assert env.run("-C", "--seed", "x", "-", stdin=f).stdout == want
    with subprocess.Popen(["cat", whole], stdout=subprocess.PIPE) as cat:
        assert env.run("-C", "--seed", "x", "-", stdin=cat.stdout).stdout == want


def test_a_file_of_which_bytes_came_before_is_read_at_their_place(env):
    _, whole = captures(env.tmp + "/parts")
    want = env.run("-C", "--seed", "x", whole).stdout
    path = env.tmp + "/behind"
    with open(path, "wb") as out, open(whole, "rb") as f:
        out.write(b"x" * 5000 + f.read())
    with open(path, "rb", buffering=0) as f:
        os.lseek(f.fileno(), 5000, os.SEEK_SET)
        assert env.run("-C", "--seed", "x", "-", stdin=f).stdout == want
