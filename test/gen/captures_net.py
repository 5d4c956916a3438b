"""Captures of link layers, IPv6's extension headers, fragments and tunnels."""
from netlib import *

A, B, A6, B6 = "192.168.1.10", "203.0.113.5", "2001:db8::10", "2001:db8:1::5"
TALK = "c:S s:SA c:A c:PA=40 s:A s:PA=90 c:A c:FA s:FA c:A"


def ethernet(cap):
    """Everything that can stand between Ethernet and IP, a connection for each."""
    wraps = [
        eth, lambda p: vlan(p, 100), lambda p: vlan(p, [200, 100], outer=0x88a8),
        lambda p: vlan(p, [7, 8], outer=0x9100), lambda p: vlan(p, [1, 2, 3]),
        lambda p: mpls(p, 16), lambda p: mpls(p, 16, 17, 18), pppoe,
        lambda p: vlan(pppoe(p, 9)[14:], 5, 0x8864),
        lambda p: ieee8023(llc_snap(p)),  # SNAP
        lambda p: eth(b"\x80\0\x12\x34" + vlan(p, 6)[12:], 0x8926),  # VN-Tag; Zeek looks only for VLANs behind it
        lambda p: eth(b"\0\0\0\1" + eth(p, pad=False), 0x88e7),  # PBB
    ]
    for i, wrap in enumerate(wraps):
        cap.wrap = wrap
        Flow(cap, cport=46000 + i).play(TALK)
        Flow(cap, A6, 46000 + i, B6).play("c:S s:RA")
    cap.frame(eth(b"\0\1\x08\0\6\4\0\1" + CLIENT_MAC + addr(A) + bytes(6) + addr(B), 0x0806))  # ARP
    cap.frame(ieee8023(b"\x06\x06\x03" + ip_udp(A, B, 46050, 49999)))  # IP in LLC, which Zeek does not follow
    cap.frame(ieee8023(b"\x42\x42\x03" + bytes(35)))  # spanning tree
    cap.frame(ieee8023(b"\xff\xff" + bytes(28)))  # Novell
    cap.frame(eth(b"", 0x0800, pad=False))  # cut short
    cap.frame(eth(ip4(A, B, 17, b"")[:19], pad=False))
    cap.frame(CLIENT_MAC[:5])
    cap.frame(b"")


def one_link(wrap, link):
    def fill(cap):
        cap.wrap, cap.link = wrap, link
        Flow(cap, cport=46100).play(TALK)
        Flow(cap, A6, 46100, B6).play(TALK)
        cap.add(ip_udp(A, B, 46100, 49999, b"datagram"))
        cap.frame(wrap(ip_udp(A, B, 46101, 49999))[:7])  # cut short
    return fill


def ipv6(cap):
    """Extension headers in every order, some of them malformed."""
    def datagram(port):
        return udp(A6, B6, port, 49999, b"extension")
    cap.add(ip6(A6, B6, 0, ext6(17, datagram(46201))))  # hop by hop
    cap.add(ip6(A6, B6, 60, ext6(17, datagram(46202))))  # destination
    cap.add(ip6(A6, B6, 0, ext6(60, ext6(43, ext6(17, datagram(46203), b"\0\0" + bytes(4))))))
    hop = "2001:db8:2::7"  # the final destination, which the checksum covers
    cap.add(ip6(A6, B6, 43, ext6(17, udp(A6, hop, 46204, 49999, b"routed"), b"\2\1" + bytes(4) + addr(hop))))
    cap.add(ip6(A6, B6, 0, b"\x11\x20\0\0"))  # longer than the packet
    cap.add(ip6(A6, B6, 135, struct.pack("!BBBBHH", 59, 0, 0, 0, 0, 0)))  # mobility
    cap.add(ip6(A6, B6, 59, b"nothing follows"))
    cap.add(ip6(A6, B6, 17, datagram(46205), length=500))  # claims more than there is
    cap.add(ip4(A, B, 17, udp(A, B, 46206, 49999, b"options"), options=b"\x94\4\0\0"))  # IPv4 with options
    cap.add(ip4(A, B, 17, udp(A, B, 46207, 49999, b"bad"), bad=True))  # wrong header checksum
    cap.add(ip4(A, B, 17, udp(A, B, 46208, 49999, b"short"), total=24))
    cap.add(ip4(A, B, 6, tcp(A, B, 46209, 49999, 1, 0, SYN, b"x" * 30), total=0))  # segmentation offload
    cap.add(b"\x75" + ip4(A, B, 17, b"12345678")[1:])  # version 7


def fragments(cap):
    big, big6 = udp(A, B, 46300, 49999, filler(3000)), udp(A6, B6, 46300, 49999, filler(3000))
    for piece in fragments4(A, B, 17, big, 1400, ident=1):
        cap.add(piece)
    for piece in reversed(fragments4(A, B, 17, big, 800, ident=2)):
        cap.add(piece)
    for piece in fragments6(A6, B6, 17, big6, 1400, ident=3):
        cap.add(piece)
    pieces = fragments4(A, B, 17, udp(A, B, 46301, 49999, filler(2000)), 512, ident=4)
    for piece in pieces[:2] + pieces[1:]:  # one of them twice
        cap.add(piece)
    for piece in fragments4(A, B, 17, udp(A, B, 46305, 49999, filler(2000)), 512, ident=5)[:-1]:  # never complete
        cap.add(piece)
    small = udp(A, B, 46302, 49999, filler(64))
    cap.add(ip4(A, B, 17, small[:40], ident=6, more=True))  # overlaps
    cap.add(ip4(A, B, 17, small[24:], ident=6, frag=24))
    cap.add(ip4(A, B, 17, small[:24], ident=7, frag=65528))  # past the largest
    cap.add(ip4(A, B, 17, small[:8], ident=8, more=True))  # a tiny first fragment
    segment = tcp(A, B, 46303, 49999, 1, 0, SYN, filler(100))
    for piece in fragments4(A, B, 6, segment, 64, ident=9):
        cap.add(piece, dt=2)
    for piece in fragments4(A, B, 17, udp(A, B, 46304, 49999, filler(100)), 64, ident=10):  # frag_timeout passes
        cap.add(piece, dt=400)


def gre(proto, payload, flags=0, extra=b""):
    return struct.pack("!HH", flags, proto) + extra + payload


def inner(port, v6=False):
    """The packets of one short connection inside a tunnel."""
    inside = Capture(wrap=lambda p: p)
    ends = ("2001:db8:a::1", port, "2001:db8:b::1") if v6 else ("10.1.1.1", port, "10.2.2.2")
    Flow(inside, *ends).play(TALK)
    return [frame for _, frame, _ in inside.packets]


def ip_tunnels(cap):
    """IP in IP, 6in4, GRE in its forms; nested tunnels down to Tunnel::max_depth."""
    def both(wrap, port, v6=False):
        for packet in inner(port, v6):
            cap.add(wrap(packet))
    both(lambda p: ip4(A, B, 4, p), 46400)
    both(lambda p: ip4(A, B, 41, p), 46401, v6=True)
    both(lambda p: ip6(A6, B6, 4, p), 46402)
    both(lambda p: ip6(A6, B6, 41, p), 46403, v6=True)
    both(lambda p: ip4(A, B, 47, gre(0x0800, p)), 46404)
    both(lambda p: ip4(A, B, 47, gre(0x86dd, p)), 46405, v6=True)
    both(lambda p: ip4(A, B, 47, gre(0x0800, p, 0xb000, b"\0\0\0\0\0\0\0\7\0\0\0\1")), 46406)  # checksum, key, number
    both(lambda p: ip4(A, B, 47, gre(0x6558, eth(p))), 46407)  # bridged Ethernet
    both(lambda p: ip4(A, B, 47, gre(0x88be, eth(p))), 46408)  # ERSPAN I
    one = b"\0\0\0\1"  # a sequence number
    both(lambda p: ip4(A, B, 47, gre(0x88be, b"\x10\1" + bytes(6) + eth(p), 0x1000, one)), 46409)  # ERSPAN II
    both(lambda p: ip4(A, B, 47, gre(0x22eb, b"\x20\1" + bytes(10) + eth(p), 0x1000, one)), 46410)  # ERSPAN III
    both(lambda p: ip4(A, B, 47, gre(0x880b, ppp(p), 0x3001, struct.pack("!HH", len(p) + 4, 1) + one)), 46411)  # PPTP
    both(lambda p: ip4(A, B, 4, ip4("10.9.0.1", "10.9.0.2", 4, p)), 46412)
    third = lambda p: ip4("10.9.1.1", "10.9.1.2", 4, ip4("10.9.2.1", "10.9.2.2", 4, p))
    both(lambda p: ip4(A, B, 4, ip4("10.9.0.1", "10.9.0.2", 47, gre(0x0800, third(p)))), 46413)
    cap.add(ip4(A, B, 47, gre(0x0800, b"\x99" * 30)))  # no IP inside
    cap.add(ip4(A, B, 47, b"\0\0"))
    cap.add(ip4(A, B, 4, b"\x45\0"))


def udp_tunnels(cap):
    """Teredo, AYIYA, GTPv1-U, VXLAN, Geneve: each tunnel is itself a connection."""
    def both(sport, dport, head, port, v6=False):
        for packet in inner(port, v6):
            cap.add(ip_udp(A, B, sport, dport, head(packet)))
    both(46500, 3544, lambda p: p, 46500, v6=True)
    both(46501, 3544, lambda p: bytes(8) + p, 46501, v6=True)  # with an origin
    ayiya = b"\x41\x52\x11\x29" + struct.pack("!I", 1700000000) + addr("2001:db8:a::2") + bytes(20)
    both(46502, 5072, lambda p: ayiya + p, 46502, v6=True)
    both(2152, 2152, lambda p: struct.pack("!BBHI", 0x30, 255, len(p), 7) + p, 46503)
    both(46504, 2152, lambda p: struct.pack("!BBHIHBB", 0x32, 255, len(p) + 4, 7, 1, 0, 0) + p, 46504)
    both(46505, 4789, lambda p: b"\x08\0\0\0\0\0\x2a\0" + eth(p), 46505)
    both(46506, 4789, lambda p: b"\x08\0\0\0\0\0\x2a\0" + vlan(p, 12), 46506)
    both(46507, 6081, lambda p: struct.pack("!BBHI", 0, 0, 0x6558, 42 << 8) + eth(p), 46507)
    both(46508, 6081, lambda p: struct.pack("!BBHIHBBI", 2, 0, 0x0800, 42 << 8, 0x0102, 1, 1, 0xdeadbeef) + p, 46508)
    cap.add(ip_udp(A, B, 46509, 4789, b"\x08\0\0\0"))  # cut short
    cap.add(ip_udp(A, B, 46510, 6081, b"\x3f" + bytes(10)))
    cap.add(ip_udp(A, B, 46511, 2152, struct.pack("!BBHI", 0x30, 1, 4, 0) + b"\0\0\0\0"))  # echo request
    cap.add(ip_udp(A, B, 46512, 3544, b"\x60" + bytes(10)))
    both(46513, 4789, lambda p: b"\x08\0\0\0\0\0\x2a\0" + pppoe(p), 46513)  # its session is the tunnel's too


CAPTURES = {
    "ethernet": ethernet, "ipv6": ipv6, "fragments": fragments, "ip-tunnels": ip_tunnels, "udp-tunnels": udp_tunnels,
    "link-sll": one_link(sll, SLL), "link-sll2": one_link(sll2, SLL2), "link-raw": one_link(lambda p: p, RAW),
    "link-null": one_link(null, NULL), "link-loop": one_link(lambda p: null(p, ">"), LOOP),
    "link-ppp": one_link(ppp, PPP),
    "link-ppp-hdlc": one_link(ppp, PPP_HDLC), "link-wifi": one_link(wifi, IEEE80211),
    "link-wifi-qos": one_link(lambda p: wifi(p, qos=True, to_ds=False), IEEE80211),
    "link-radiotap": one_link(radiotap, RADIOTAP),
    "link-fddi": one_link(lambda p: b"\x50" + SERVER_MAC + CLIENT_MAC + llc_snap(p), FDDI),
    "link-nflog": one_link(nflog, NFLOG),
}
