#!/usr/bin/env python3
"""Run in a network namespace of its own: makes pairs of interfaces, one to send on and one to capture from, and sends
what it is told to.  A line of input is a command, and `done` answers it:

    udp FIRST COUNT PAUSE SIZE    COUNT datagrams of SIZE bytes from the host and port that stand for their numbers
    replay FILE                   the frames of a pcap, one after the other
    split FILE                    the same, but of the two sides of each connection one goes to the second pair
    tcp COUNT SIZE                TCP connections through here0 to another namespace, of SIZE bytes each way
    local COUNT SIZE              the same on the loopback interface
    pairs                         the interfaces again, where they have been removed

PAUSE is seconds between two of them.  At the end of the input it ends, and the namespaces with it.
"""
import gzip
import os
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/gen")
sys.dont_write_bytecode = True
import netlib  # noqa: E402

SENDS, CAPTURES = "send0", "see0"
SENDS_TOO, CAPTURES_TOO = "send1", "see1"
HERE_TCP, THERE_TCP = "here0", "there0"  # the second one is in another namespace
FIRST_PORT, PORTS = 30000, 30000  # no service has these ports, where Zeek would flip the roles
LARGEST = 65000  # the MTU: captures have long frames


def frame(number, size):
    src = "10.1.%d.1" % (number // PORTS)
    datagram = netlib.udp(src, "10.2.0.1", FIRST_PORT + number % PORTS, 9000, b"x" * size)
    return netlib.eth(netlib.ip4(src, "10.2.0.1", 17, datagram))


def number_of(row):
    """Returns the number of the datagram that began a connection, from its row."""
    return int(row["id.orig_h"].split(".")[2]) * PORTS + int(row["id.orig_p"]) - FIRST_PORT


def blocks_of(data):
    """Yields (link type, frame) of a pcapng in little-endian order; a frame that is cut is None."""
    at, links = 0, []
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            raise ValueError("no pcapng that is understood here")
        if kind == 0x0a0d0d0a:
            links = []
        elif kind == 1:
            links.append(struct.unpack_from("<H", data, at + 8)[0])
        elif kind == 6:
            interface, _, _, n, wire = struct.unpack_from("<5I", data, at + 8)
            yield links[interface], data[at + 28:at + 28 + n] if n == wire else None
        elif kind == 3:
            wire = struct.unpack_from("<I", data, at + 8)[0]
            yield links[0], data[at + 12:at + 12 + wire] if wire <= size - 16 else None
        at += size


def frames_of(path):
    """Returns (link type, [frame]) of a capture; a truncated frame is None, as is the link type if there are several."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:4] == b"\n\r\r\n":
        found = list(blocks_of(data))
        links = {link for link, _ in found}
        return links.pop() if len(links) == 1 else None, [frame for _, frame in found]
    order = "<" if data[0] in (0xd4, 0x4d) else ">"
    link, at, found = struct.unpack_from(order + "I", data, 20)[0], 24, []
    while at + 16 <= len(data):
        size, wire = struct.unpack_from(order + "II", data, at + 8)
        found.append(data[at + 16:at + 16 + size] if size == wire else None)
        at += 16 + size
    return link, found


# ---- interfaces ------------------------------------------------------------------------------------------------

def ip(*args):
    subprocess.run(["ip", *args], check=True)


def make_pair(sends, captures, *options):
    ip("link", "add", sends, "type", "veth", "peer", "name", captures)
    for name in (sends, captures):
        ip("link", "set", name, *options, "up")


def make_pairs():
    for name in ("all", "default"):  # the kernel's own packets would be logged, too
        try:
            with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w") as f:
                f.write("1")
        except OSError:
            pass
    make_pair(SENDS, CAPTURES, "mtu", str(LARGEST))
    make_pair(SENDS_TOO, CAPTURES_TOO, "mtu", str(LARGEST))


def packet_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    return s


# ---- commands --------------------------------------------------------------------------------------------------

def send(first, count, pause, size):
    with packet_socket(SENDS) as s:
        for number in range(first, first + count):
            s.send(frame(number, size))
            if pause:
                time.sleep(pause)


def send_apart(frames):
    """Sends pairs of (socket, frame) far enough apart that no two get the same time in microseconds."""
    at = 0
    for s, f in frames:
        while time.perf_counter_ns() < at:
            pass
        s.send(f)
        at = time.perf_counter_ns() + 3000


def replay(path):
    with packet_socket(SENDS) as s:
        send_apart((s, f) for f in frames_of(path)[1])


def split(path):
    """Divides by which of the two IPv4 addresses is the lower one."""
    with packet_socket(SENDS) as one, packet_socket(SENDS_TOO) as other:
        send_apart((one if f[26:30] < f[30:34] else other, f) for f in frames_of(path)[1])


def receive(s, size):
    while size > 0:
        size -= len(s.recv(1 << 20))


def serve(address, size):
    """Answers every request. Returns the port."""
    listening = socket.create_server((address, 0))

    def answer():
        while True:
            with listening.accept()[0] as s:
                receive(s, size)
                s.sendall(b"a" * size)
    threading.Thread(target=answer, daemon=True).start()
    return listening.getsockname()[1]


def ask(address, port, count, size):
    for _ in range(count):
        with socket.create_connection((address, port)) as s:
            s.sendall(b"q" * size)
            receive(s, size)
            assert s.recv(1) == b""


def tcp(count, size):
    """Starts this program again in another namespace, tells it the size and reads the port that it reports. Returns its
    process: the interfaces exist as long as it runs."""
    other = subprocess.Popen(["unshare", "-n", sys.executable, os.path.abspath(__file__), "there"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    other.stdout.readline()
    ip("link", "add", HERE_TCP, "type", "veth", "peer", "name", THERE_TCP)
    ip("link", "set", THERE_TCP, "netns", str(other.pid))
    ip("address", "add", "10.9.0.1/24", "dev", HERE_TCP)
    ip("link", "set", HERE_TCP, "up")
    print("there", flush=True)
    sys.stdin.readline()  # the test says when it is capturing
    other.stdin.write("%d\n" % size)
    other.stdin.flush()
    ask("10.9.0.2", int(other.stdout.readline()), count, size)
    return other


def there():
    print("made", flush=True)
    size = int(sys.stdin.readline())
    ip("link", "set", THERE_TCP, "up")
    ip("address", "add", "10.9.0.2/24", "dev", THERE_TCP)
    print(serve("10.9.0.2", size), flush=True)
    sys.stdin.readline()


def local(count, size):
    ask("127.0.0.1", serve("127.0.0.1", size), count, size)


def main():
    if sys.argv[1:] == ["there"]:
        there()
        return
    make_pairs()
    ip("link", "set", "lo", "up")
    print("ready", flush=True)
    others = []
    for line in sys.stdin:
        words = line.split()
        if words[0] == "udp":
            send(int(words[1]), int(words[2]), float(words[3]), int(words[4]))
        elif words[0] in ("replay", "split"):
            {"replay": replay, "split": split}[words[0]](words[1])
        elif words[0] == "tcp":
            others.append(tcp(int(words[1]), int(words[2])))
        elif words[0] == "local":
            local(int(words[1]), int(words[2]))
        else:
            make_pairs()
        print("done", flush=True)
    for other in others:
        other.stdin.close()
        other.wait(60)


if __name__ == "__main__":
    main()
