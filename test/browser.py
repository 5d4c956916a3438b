"""Headless Chromium driven through its DevTools protocol, with a WebSocket client (RFC 6455) that does just enough for
that and needs only Python's own library. Everything the page prints to its console and every exception is kept."""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

from env import Skip

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
         "--hide-scrollbars", "--remote-debugging-port=0", "--remote-allow-origins=*")


class Socket:
    """One client WebSocket connection."""

    def __init__(self, url, timeout):
        host, path = url[len("ws://"):].split("/", 1)
        name, port = host.split(":")
        self.socket = socket.create_connection((name, int(port)), timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(("GET /%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (path, host, key)).encode())
        self.kept = b""
        while b"\r\n\r\n" not in self.kept:
            self.kept += self.socket.recv(4096)
        head, self.kept = self.kept.split(b"\r\n\r\n", 1)
        assert b" 101 " in head.split(b"\r\n")[0], head

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        n = len(data)
        size = bytes([0x80 | n]) if n < 126 else struct.pack(">BH", 0x80 | 126, n) if n < 65536 else \
            struct.pack(">BQ", 0x80 | 127, n)
        self.socket.sendall(b"\x81" + size + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(data)))

    def take(self, n):
        while len(self.kept) < n:
            more = self.socket.recv(1 << 20)
            assert more, "the browser has gone"
            self.kept += more
        data, self.kept = self.kept[:n], self.kept[n:]
        return data

    def receive(self):
        """Returns one message, assembled from its parts."""
        message = b""
        while True:
            first, second = self.take(2)
            n = second & 127
            n = struct.unpack(">H", self.take(2))[0] if n == 126 else struct.unpack(">Q", self.take(8))[0] if n == 127 else n
            data = self.take(n)
            if first & 15 in (0, 1):
                message += data
                if first & 0x80:
                    return message.decode()


class Browser:
    """with Browser(path) as page: page.js("document.title"); the path can also be an address"""

    def __init__(self, path, width=1280, height=900, dark=False, timeout=120, touch=False):
        self.program = shutil.which("chromium")
        if self.program is None:
            raise Skip("no chromium here: apt-get install chromium")
        self.path, self.width, self.height, self.dark, self.timeout, self.touch = path, width, height, dark, timeout, touch
        self.said, self.requested, self.number = [], [], 0

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="connlog-browser-")
        with open(self.home + "/stderr", "wb") as log:
            self.process = subprocess.Popen([self.program, *FLAGS, "--user-data-dir=" + self.home, "about:blank"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.socket = Socket(self.page_url(), self.timeout)
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(domain + ".enable")
            self.call("Performance.enable", timeDomain="threadTicks")
            self.call("Emulation.setDeviceMetricsOverride", width=self.width, height=self.height, deviceScaleFactor=1,
                      mobile=self.touch)
            self.call("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}])
            self.open(self.path)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def page_url(self):
        end, port_file = time.time() + self.timeout, self.home + "/DevToolsActivePort"
        while time.time() < end:
            assert self.process.poll() is None, "chromium ended: " + open(self.home + "/stderr").read()[-2000:]
            if os.path.exists(port_file) and open(port_file).read().count("\n") >= 1:
                port = open(port_file).read().split("\n")[0]
                with urllib.request.urlopen("http://127.0.0.1:%s/json" % port, timeout=self.timeout) as f:
                    pages = [t for t in json.load(f) if t["type"] == "page"]
                if pages:
                    return pages[0]["webSocketDebuggerUrl"]
            time.sleep(0.05)
        raise AssertionError("chromium did not start in %d seconds" % self.timeout)

    def note(self, message):
        """Keeps unsolicited messages: the console, exceptions, requests."""
        method, p = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
        elif method == "Runtime.exceptionThrown":
            d = p["exceptionDetails"]
            self.said.append(d.get("exception", {}).get("description") or d["text"])
        elif method == "Log.entryAdded":
            self.said.append(p["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requested.append(p["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.said.append("dialog: " + p["message"])

    def message(self):
        message = json.loads(self.socket.receive())
        self.note(message)
        return message

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        number = self.number
        while True:
            m = self.message()
            if m.get("id") == number:
                assert "error" not in m, (method, m)
                return m["result"]

    def open(self, path):
        """Loads the page and waits until two frames have been drawn."""
        self.call("Page.navigate", url=path if path.startswith("http:") else "file://" + os.path.abspath(path))
        while self.message().get("method") != "Page.loadEventFired":
            pass
        self.settle()

    def js(self, expression):
        """Returns the value of the expression; awaits promises."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def work(self):
        """Returns the CPU seconds that the page's thread has used, which other programs do not influence."""
        self.settle()
        return next(m["value"] for m in self.call("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")

    def settle(self):
        self.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def key(self, key, code=None, text=None, modifiers=0, number=0):
        numbers = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39,
                   "Home": 36, "End": 35, "PageDown": 34}
        p = {"key": key, "code": code or key, "modifiers": modifiers, "windowsVirtualKeyCode": number or numbers.get(key, 0)}
        text = "\r" if key == "Enter" else text
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **({"text": text} if text else {}), **p)
        self.call("Input.dispatchKeyEvent", type="keyUp", **p)
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def screenshot(self, path, whole=False):
        self.settle()
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def pdf(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"]))
