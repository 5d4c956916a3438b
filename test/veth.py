#!/usr/bin/env python3
"""Run in a network namespace of its own: makes a pair of interfaces, one to send on and one to capture from, and sends
what it is told to.  A line of input is a command, and `done` answers it:

    udp FIRST COUNT PAUSE SIZE    COUNT datagrams of SIZE bytes from the host and port that stand for their numbers

PAUSE is seconds between two of them.  At the end of the input it ends, and the namespace with it.
"""
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/gen")
sys.dont_write_bytecode = True
import netlib  # noqa: E402

SENDS, CAPTURES = "send0", "see0"
FIRST_PORT, PORTS = 30000, 30000  # where no service is: Zeek would flip the roles


def frame(number, size):
    src = "10.1.%d.1" % (number // PORTS)
    datagram = netlib.udp(src, "10.2.0.1", FIRST_PORT + number % PORTS, 9000, b"x" * size)
    return netlib.eth(netlib.ip4(src, "10.2.0.1", 17, datagram))


def number_of(row):
    """=> The number of the datagram that began a connection, from its row."""
    return int(row["id.orig_h"].split(".")[2]) * PORTS + int(row["id.orig_p"]) - FIRST_PORT


def make_pair():
    for name in ("all", "default"):  # the kernel's own packets would be logged too
        try:
            with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w") as f:
                f.write("1")
        except OSError:
            pass
    subprocess.run(["ip", "link", "add", SENDS, "type", "veth", "peer", "name", CAPTURES], check=True)
    for name in (SENDS, CAPTURES):
        subprocess.run(["ip", "link", "set", name, "up"], check=True)


def send(s, first, count, pause, size):
    for number in range(first, first + count):
        s.send(frame(number, size))
        if pause:
            time.sleep(pause)


def main():
    make_pair()
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((SENDS, 0))
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        send(s, int(words[1]), int(words[2]), float(words[3]), int(words[4]))
        print("done", flush=True)


if __name__ == "__main__":
    main()
