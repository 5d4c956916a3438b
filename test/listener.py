"""A server for the tests of sinks: receives lines on a Unix path or a TCP port, plain or with TLS."""
import os
import socket
import threading


class Listener:
    """`at` is a path, or None for a free port on 127.0.0.1. `lines` has what was received, in order; `connections` is
    how often a client connected."""

    def __init__(self, at=None, datagram=False, tls=None):
        self.at, self.tls, self.data, self.connections, self.datagrams = at, tls, b"", 0, []
        self.socket = socket.socket(socket.AF_UNIX if at else socket.AF_INET,
                                    socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM)
        if at and os.path.exists(at):
            os.remove(at)
        if not at:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(at or ("127.0.0.1", 0))
        if at:
            os.chmod(at, 0o777)                           # root owns it, and a sensor changes its user
        else:
            self.port = self.socket.getsockname()[1]
        if not datagram:
            self.socket.listen()
        self.current = None
        self.thread = threading.Thread(target=self.take_datagrams if datagram else self.take_streams, daemon=True)
        self.thread.start()

    def take_datagrams(self):
        try:
            while True:
                got = self.socket.recv(1 << 20)
                if not got:
                    return
                self.datagrams.append(got.decode())
        except OSError:
            return

    def take_streams(self):
        try:
            while True:
                peer = self.socket.accept()[0]
                try:
                    self.current = self.tls.wrap_socket(peer, server_side=True) if self.tls else peer
                except OSError:                           # the client does not trust this server
                    continue
                self.connections += 1
                try:
                    while got := self.current.recv(1 << 16):
                        self.data += got
                except OSError:
                    pass
                self.current.close()
        except OSError:
            return

    @property
    def lines(self):
        return self.data.decode().splitlines()

    def close(self):
        """Stops listening and closes the current connection."""
        for s in (self.socket, self.current):
            try:
                if s is not None:
                    s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.socket.close()
        self.thread.join(20)
        if self.at:
            os.remove(self.at)
