"""Connections from outside into a network namespace (sensor.Net): a program inside makes the sockets and hands them over."""
import http.client
import os
import socket
import subprocess
import sys
import threading

PATIENCE = 30


class Dialer:
    """with Dialer(net) as dial: dial.get(8080, "/")"""

    def __init__(self, net):
        self.ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([*net.inside, sys.executable, os.path.abspath(__file__), str(theirs.fileno())],
                                        pass_fds=[theirs.fileno()])
        theirs.close()
        self.lock, self.listening = threading.Lock(), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listening in self.listening:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        self.ours.close()
        self.process.wait(60)

    def connect(self, port, host="127.0.0.1"):
        """Returns a socket connected to the port inside."""
        with self.lock:
            self.ours.sendall(("%s %d\n" % (host, port)).encode())
            word, fds, _, _ = socket.recv_fds(self.ours, 1, 1)
        if word != b"+":
            raise ConnectionRefusedError("%s:%d" % (host, port))
        s = socket.socket(fileno=fds[0])
        s.settimeout(PATIENCE)
        return s

    def request(self, port, path, method="GET", headers=None, host="127.0.0.1"):
        """Returns (http.client.HTTPResponse, the connection) after reading only the header."""
        c = http.client.HTTPConnection(host, port)
        c.sock = self.connect(port, host)
        c.request(method, path, headers=headers or {})
        return c.getresponse(), c

    def get(self, port, path, method="GET", headers=None, host="127.0.0.1"):
        """Returns (status, headers, body)."""
        answer, c = self.request(port, path, method, headers, host)
        body = answer.read()
        c.close()
        return answer.status, answer.headers, body

    def forward(self, port):
        """Makes the port reachable for programs outside. Returns the port to use outside."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.listening.append(listening)
        threading.Thread(target=self.accept, args=(listening, port), daemon=True).start()
        return listening.getsockname()[1]

    def accept(self, listening, port):
        while True:
            try:
                near = listening.accept()[0]
            except OSError:
                return
            try:
                far = self.connect(port)
            except OSError:
                near.close()
                continue
            for a, b in ((near, far), (far, near)):
                a.settimeout(None)
                threading.Thread(target=pump, args=(a, b), daemon=True).start()


def pump(a, b):
    try:
        while data := a.recv(1 << 16):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    ours = socket.socket(fileno=int(sys.argv[1]))
    for line in ours.makefile():
        host, port = line.split()
        try:
            with socket.create_connection((host, int(port)), PATIENCE) as s:
                socket.send_fds(ours, [b"+"], [s.fileno()])
        except OSError:
            ours.sendall(b"-")


if __name__ == "__main__":
    main()
