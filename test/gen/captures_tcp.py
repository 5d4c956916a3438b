"""Captures of whole sessions, TCP's states and timers, UDP and ICMP."""
from netlib import *
from tcp_cases import TCP_CASES

A, B, A6, B6 = "192.168.1.10", "203.0.113.5", "2001:db8::10", "2001:db8:1::5"


def http(cap):
    """The demo: what an ordinary machine does within a few seconds. The server's address is not from a documentation
    network, since Zeek treats these as local."""
    B, B6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n"
    page += b"<p>hello</p>" * 333 + b"1234"
    request = b"GET / HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: demo\r\n\r\n"
    cap.add(ip_udp(A, "192.168.1.1", 51000, 53, dns(77, "www.example.com")))
    cap.add(ip_udp("192.168.1.1", A, 53, 51000, dns(77, "www.example.com", B)), dt=0.018)
    web = Flow(cap, A, 49152, B, 80).play("c:S s:SA c:A")
    web.say("c", request).say("s", page).play("c:FA s:FA c:A")
    tls = Flow(cap, A, 49153, B, 443).play("c:S s:SA c:A")
    tls.say("c", client_hello("www.example.com")).say("s", filler(3000)).say("c", filler(800)).play("s:FA c:RA")
    for seq in range(3):
        cap.add(echo(A, B, 9, seq), dt=1)
        cap.add(echo(B, A, 9, seq, reply=True), dt=0.02)
    Flow(cap, A, 49154, B, 22).play("c:S s:RA")
    Flow(cap, A, 49155, "93.184.215.99", 8080).play("c:S c:S,seq-1,dt=1 c:S,seq-1,dt=2")
    Flow(cap, A, 49156, B, 9000).play("c:S s:SA c:A c:PA=200 s:A s:RA")
    Flow(cap, A, 49157, B, 9001).play("c:S s:SA c:A c:PA=20 s:A c:FA s:A s:PA=500 c:A")
    Flow(cap, A, 49158, B, 9002).play("c:PA=120 s:A s:PA=80 c:A")
    cap.add(ip_udp(A6, B6, 123, 123, b"\x1b" + bytes(47)))
    cap.add(ip_udp(B6, A6, 123, 123, b"\x1c" + bytes(47)), dt=0.03)


def client_hello(name):
    """A well-formed TLS 1.2 ClientHello with a server name."""
    sni = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name.encode()
    extensions = struct.pack("!HH", 0, len(sni)) + sni
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack("!H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(handshake)) + handshake


def tcp_states(cap):
    for i, (_, script, _, _, more) in enumerate(TCP_CASES):
        Flow(cap, **{"cport": 40000 + i, **more.get("flow", {})}).play(script)


def tcp_times(cap):
    """What the time of packets causes: attempts that expire, half-closed, idle and closed connections, reused tuples."""
    Flow(cap, cport=41000).play("c:S c:S,seq-1,dt=7")                              # tcp_attempt_delay: two rows
    Flow(cap, cport=41001).play("c:S s:SA c:A c:PA=9 s:A c:FA s:FA c:A")
    Flow(cap, cport=41001, isn=(90000, 95000)).play("c:S,dt=1 s:SA c:A c:PA=5 s:A c:FA s:FA c:A")  # used again at once
    Flow(cap, cport=41002).play("c:S s:SA c:A c:FA s:A s:PA=10,dt=20 c:A s:FA,dt=3 c:A")
    Flow(cap, cport=41003).play("c:S s:SA c:A c:PA=9 s:A s:PA=9,dt=310 c:A")        # tcp_inactivity_timeout: two rows
    Flow(cap, cport=41004).play("c:S s:SA c:A c:RA c:PA=9,dt=1 s:A")
    Flow(cap, cport=41005).play("c:PA=9 s:A c:FA s:FA c:A c:A,dt=9")
    cap.add(ip_udp(A, B, 41006, 49999, b"one"), dt=1)
    cap.add(ip_udp(B, A, 49999, 41006, b"two"), dt=61)                             # udp_inactivity_timeout: two rows
    Flow(cap, cport=41007).play("c:S,dt=30")
    Flow(cap, cport=41008).play("c:S s:S c:A s:A")                                 # both open at once: two rows


def udp_icmp(cap):
    """UDP both ways, one way, with wrong and without checksums; ICMP of every paired kind, and the errors."""
    quote = ip_udp(A, B, 42000, 42001, b"x" * 20)
    cap.add(ip_udp(A, B, 42000, 42001, b"x" * 20))
    cap.add(ip_udp(B, A, 42001, 42000, b"y" * 30))
    cap.add(ip_udp(A, B, 42002, 42001))
    cap.add(ip_udp(A, B, 42003, 42001, b"bad", bad=True))
    cap.add(ip_udp(A, B, 42003, 42001, b"good"))
    cap.add(ip_udp(A, B, 42004, 42001, b"none", none=True))
    cap.add(ip_udp(B, A, 53, 42005, dns(1, "a.example", B)))                       # the answer alone: the roles are flipped
    for seq in range(2):
        cap.add(echo(A, B, 1, seq))
        cap.add(echo(B, A, 1, seq, reply=True))
    cap.add(echo(A, B, 2, 0, bad=True))
    cap.add(ip4(A, B, 1, icmp4(13, 0, b"\0\1\0\0", bytes(12))))                    # timestamp and its reply
    cap.add(ip4(B, A, 1, icmp4(14, 0, b"\0\1\0\0", bytes(12))))
    cap.add(ip4(A, B, 1, icmp4(17, 0, b"\0\1\0\0", bytes(4))))                     # address mask
    cap.add(ip4(B, A, 1, icmp4(3, 3, data=quote[:28])))                            # port unreachable
    cap.add(ip4("198.51.100.1", A, 1, icmp4(11, 0, data=quote[:28])))              # time exceeded
    cap.add(ip4("198.51.100.1", A, 1, icmp4(5, 1, addr(B), data=quote[:28])))      # redirect
    cap.add(ip4(B, A, 1, icmp4(3, 4, b"\0\0\5\xdc", data=quote[:10])))             # quotes too little
    cap.add(echo(A6, B6, 1, 0))
    cap.add(echo(B6, A6, 1, 0, reply=True))
    target = addr(B6)
    router, nodes = "fe80::1", "ff02::1"
    for src, dst, kind in ((A6, "ff02::1:ff00:5", 135), (B6, A6, 136), (A6, "ff02::2", 133), (router, nodes, 134)):
        rest = bytes(12) if kind == 134 else target if kind in (135, 136) else b""
        cap.add(ip6(src, dst, 58, icmp6(src, dst, kind, 0, data=rest)))
    cap.add(ip6(B6, A6, 58, icmp6(B6, A6, 1, 4, data=ip_udp(A6, B6, 42000, 42001, b"xyz"))))
    cap.add(ip6(B6, A6, 58, icmp6(B6, A6, 3, 0, data=ip_udp(A6, B6, 42000, 42001, b"xyz"))))


def unknown(cap):
    """Protocols without ports: SCTP, OSPF, EIGRP, ESP, AH; IGMP, which gives no row; a reserved number."""
    for proto in (132, 89, 88, 103, 112, 253):
        cap.add(ip4(A, B, proto, filler(24)))
        cap.add(ip4(B, A, proto, filler(40)))
    cap.add(ip4(A, "224.0.0.22", 2, b"\x22\0" + bytes(10)))
    cap.add(ip4(A, B, 50, b"\0\0\1\1" + filler(40)))
    cap.add(ip4(A, B, 51, b"\x06\4\0\0" + bytes(20)))
    cap.add(ip6(A6, B6, 132, filler(24)))
    cap.add(ip6(A6, B6, 59, b""))
    cap.add(ip6(A6, B6, 50, b"\0\0\1\1" + filler(40)))


def offload(cap):
    """Captured on a host that leaves checksums to the network card: most of what the client sends has a wrong one."""
    for i in range(30):
        flow = Flow(cap, A, 43000 + i, B, 49999)
        flow.play("c:S,bad s:SA c:A,bad c:PA=80,bad s:A s:PA=200 c:A,bad c:FA,bad s:FA c:A,bad")


def duplicated(cap):
    """Each packet twice, as from a mirror port that copies both directions of a switch."""
    Flow(cap, cport=44000).play("c:S s:SA c:A c:PA=300 s:A s:PA=900 c:A c:FA s:FA c:A")
    for i in range(20):
        cap.add(ip_udp(A, B, 44001, 49999, filler(20 + i)))
    once, cap.packets = cap.packets, []
    for t, frame, wire in once:
        cap.packets += [(t, frame, wire), (t + 2000, frame, wire)]


def filtered(cap):
    """What a filter for SYN, FIN and RST leaves of many connections."""
    for i in range(60):
        flow = Flow(cap, cport=45000 + i).play("c:S s:SA")
        flow.next["c"] += 500 + i
        flow.next["s"] += 70000
        flow.play("c:RA" if i % 5 == 0 else "c:FA s:FA")


CAPTURES = {
    "http": http, "tcp-states": tcp_states, "tcp-times": tcp_times, "udp-icmp": udp_icmp, "unknown": unknown,
    "offload": offload, "duplicated": duplicated, "filtered": filtered,
}
