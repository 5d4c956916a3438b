"""Seeds for fuzz/fuzz_service.c, whose head describes them: short dialogues, and the connections of captures."""
import os
import re
import struct

from netlib import ETHERNET, RAW

HERE = os.path.dirname(os.path.abspath(__file__))
H = bytes.fromhex
HELLO = H("16030100310100002d0303" + "11" * 32 + "000006c02f009cc02b0100")
SERVER_HELLO = H("160303002a020000260303" + "22" * 32 + "00c02f00")
KRB_AS_REQ = H("6a453043a103020105a20302010aa4373035a00703050050800000a2051b03414243a511180f32303337303931333032343830355aa7"
               "0602041122334 4a8053003020117".replace(" ", ""))
NTLM_1 = b"NTLMSSP\0\1\0\0\0" + H("07820a00") + bytes(16)
SMB2 = b"\xfeSMB" + H("4000") + bytes(6) + H("0000") + bytes(50)
SSH_KEX = struct.pack("!IBB", 60, 4, 20) + bytes(16) + struct.pack("!I", 4) + b"x,yy" + bytes(31)
BIND = H("05000b03100000004800000001000000b810b810000000000100000000000100") + bytes(40)
SNMP = H("302902010004067075626c6963a01c0204112233440201000201003 00e300c06082b060102010101000500".replace(" ", ""))
DNS = H("abcd01000001000000000000") + b"\3www\7example\3com\0" + H("00010001")
DNS_REPLY = H("abcd81800001000100000000") + DNS[12:] + H("c00c0001000100000e100004c0000201")
RDP = H("0300002b26e00000000000") + b"Cookie: mstshash=joe\r\n" + H("0100080003000000")
MYSQL = H("4a0000000a") + b"5.7.0\0" + H("01000000") + b"saltsalt\0" + H("fff7080200ff8115") + bytes(10) + b"abcdefghijkl\0"
SIP = b"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/UDP b\r\nContent-Length: 0\r\n\r\n"

# (UDP, the responder's port, [(side, bytes)])
DIALOGUES = {
    "http": (0, 80, [(0, b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]),
    "http-chunked": (0, 80, [(0, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
                             (1, b"HTTP/1.0 404 No\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--")]),
    "http-connect": (0, 3128, [(0, b"CONNECT a:443 HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\n\r\n"), (0, HELLO),
                               (1, SERVER_HELLO)]),
    "http-websocket": (0, 80, [(0, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
                               (1, b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
                               (0, H("8285000000006162636465")), (1, H("81026869"))]),
    "ftp": (0, 21, [(1, b"220 hi\r\n"), (0, b"USER a\r\n"), (1, b"331 ok\r\n"), (0, b"PASS b\r\n"), (1, b"230-in\r\n230 in\r\n"),
                    (0, b"PASV\r\n"), (1, b"227 (10,0,0,2,195,80)\r\n"), (0, b"PORT 10,0,0,1,195,81\r\n"), (1, b"200 ok\r\n"),
                    (0, b"EPSV\r\n"), (1, b"229 (|||50002|)\r\n")]),
    "ftp-auth": (0, 21, [(1, b"220 hi\r\n"), (0, b"AUTH GSSAPI\r\n"), (1, b"334 x\r\n"), (0, b"ADAT YAEAAQ==\r\n"),
                         (1, b"235 ADAT=YAEAAQ==\r\n"), (0, b"AUTH TLS\r\n"), (1, b"234 ok\r\n"), (0, HELLO)]),
    "smtp": (0, 25, [(1, b"220 hi\r\n"), (0, b"EHLO a\r\n"), (1, b"250-x\r\n250 CHUNKING\r\n"), (0, b"MAIL FROM:<a>\r\n"),
                     (1, b"250 ok\r\n"), (0, b"RCPT TO:<b>\r\n"), (1, b"250 ok\r\n"), (0, b"DATA\r\n"), (1, b"354 go\r\n"),
                     (0, b"Subject: x\r\nContent-Type: multipart/mixed; boundary=\"q\"\r\n\r\n--q\r\n\r\na\r\n--q--\r\n.\r\n"),
                     (1, b"250 ok\r\n"), (0, b"BDAT 3 LAST\r\nabc"), (1, b"250 ok\r\n"), (0, b"QUIT\r\n"), (1, b"221 x\r\n")]),
    "smtp-tls": (0, 587, [(1, b"220 hi\r\n"), (0, b"EHLO a\r\n"), (1, b"250 STARTTLS\r\n"), (0, b"STARTTLS\r\n"),
                          (1, b"220 go\r\n"), (0, HELLO), (1, SERVER_HELLO)]),
    "ssh": (0, 22, [(1, b"SSH-2.0-a\r\n"), (0, b"SSH-2.0-b\r\n"), (0, SSH_KEX), (1, SSH_KEX)]),
    "ssh1": (0, 22, [(1, b"SSH-1.5-a\n"), (0, b"SSH-1.5-b\n"), (1, bytes([0, 0, 0, 12]) + bytes(16))]),
    "ssl": (0, 443, [(0, HELLO), (1, SERVER_HELLO), (1, H("14030300010117030300050102030405"))]),
    "krb-tcp": (0, 88, [(0, struct.pack("!I", len(KRB_AS_REQ)) + KRB_AS_REQ), (1, H("0000000a7e083006a003020105a1"))]),
    "dce-rpc": (0, 135, [(0, BIND), (1, BIND[:2] + b"\x0c" + BIND[3:])]),
    "smb2": (0, 445, [(0, struct.pack("!I", len(SMB2) + 36) + SMB2 + H("2400010001000000") + bytes(28)),
                      (1, struct.pack("!I", len(SMB2) + 65) + SMB2 + H("4100") + bytes(63))]),
    "smb1": (0, 139, [(0, H("0000002f") + b"\xffSMB\x72" + bytes(27) + H("000c00024e54204c4d20302e313200")),
                      (0, struct.pack("!I", 60) + b"\xffSMB\x73" + bytes(27) + NTLM_1)]),
    "ldap": (0, 389, [(0, H("300c020101600702010304008000")), (1, H("300c02010161070a010004000400")),
                      (0, H("30250201026320040003") + bytes(30))]),
    "ldap-sasl": (0, 389, [(0, H("3035020101603002010304 00a329040a4753532d53504e45474f041b".replace(" ", "")) + NTLM_1)]),
    "modbus": (0, 502, [(0, H("000100000006010300000002")), (1, H("00010000000701030400010002"))]),
    "mqtt": (0, 1883, [(0, H("101000044d5154540402003c000461626364")), (1, H("20020000")), (0, H("30070003612f6268 69".replace(" ", "")))]),
    "mysql": (0, 3306, [(1, MYSQL), (0, H("2000000185a63f00000000010800") + bytes(22)), (1, H("0700000200000002000000")),
                        (0, H("0900000003") + b"select 1")]),
    "rdp": (0, 3389, [(0, RDP), (1, H("030000130ed000001234000200080001000000")), (0, HELLO)]),
    "dns-tcp": (0, 53, [(0, struct.pack("!H", len(DNS)) + DNS), (1, struct.pack("!H", len(DNS_REPLY)) + DNS_REPLY)]),
    "finger": (0, 79, [(0, b"/W joe\r\n"), (1, b"no one\r\n")]),
    "imap": (0, 143, [(1, b"* OK hi\r\n"), (0, b"a CAPABILITY\r\n"), (1, b"* CAPABILITY STARTTLS\r\na OK\r\n"),
                      (0, b"b STARTTLS\r\n"), (1, b"b OK go\r\n"), (0, HELLO)]),
    "pop3": (0, 40000, [(1, b"+OK hi\r\n"), (0, b"USER a\r\n"), (1, b"+OK\r\n"), (0, b"STLS\r\n"), (1, b"+OK\r\n"), (0, HELLO)]),
    "irc": (0, 6667, [(0, b"NICK a\r\nUSER a b c :d\r\n"), (1, b":s 001 a :hi\r\n:s 353 a = #c :a @b\r\n"),
                      (1, b":x!y@z PRIVMSG a :\1DCC SEND f 167772161 50002 9\1\r\n"), (0, b"STARTTLS\r\n")]),
    "socks4": (0, 1080, [(0, H("0401005000000001") + b"me\0host\0"), (1, H("005a005001020304")), (0, b"GET / HTTP/1.0\r\n\r\n")]),
    "socks5": (0, 1080, [(0, H("050100")), (1, H("0500")), (0, H("050100030161 0050".replace(" ", ""))), (1, H("05000001010203040050")),
                         (0, HELLO)]),
    "xmpp": (0, 5222, [(0, b"<?xml version='1.0'?><stream:stream to='a' xmlns='jabber:client'>"),
                       (1, b"<stream:stream><stream:features><starttls/></stream:features>"),
                       (0, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), (1, b"<proceed/>"), (0, HELLO)]),
    "postgresql": (0, 5432, [(0, H("0000000804d2162f")), (1, b"N"), (0, H("0000001400030000") + b"user\0joe\0\0\0"),
                             (1, H("5200000008000000005a0000000549")), (0, H("510000000973656c31 00".replace(" ", "")))]),
    "redis": (0, 6379, [(0, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), (1, b"$1\r\nb\r\n"), (0, b"PING\r\n"), (1, b"+PONG\r\n")]),
    "rfb": (0, 40000, [(1, b"RFB 003.008\n"), (0, b"RFB 003.008\n"), (1, H("0102")), (0, H("02")), (1, bytes(16)), (0, bytes(16)),
                       (1, bytes(4)), (0, b"\1"), (1, bytes(24))]),
    "dnp3": (0, 20000, [(0, H("056405c001000004e921")), (1, H("05640a4404000100 7cae".replace(" ", "")) + bytes(8))]),
    "dns": (1, 53, [(0, DNS), (1, DNS_REPLY)]),
    "dhcp": (1, 67, [(0, H("01010600") + bytes(232) + H("6382536335010137030103060c0461626364ff")), (1, H("02010600") + bytes(232) +
                                                                                                     H("63825363350102ff"))]),
    "krb": (1, 88, [(0, KRB_AS_REQ)]),
    "ntp": (1, 123, [(0, b"\x23" + bytes(47)), (1, b"\x24" + bytes(47)), (0, H("1700032a00000000"))]),
    "snmp": (1, 161, [(0, SNMP), (1, SNMP.replace(b"\xa0\x1c", b"\xa2\x1c"))]),
    "ldap-udp": (1, 389, [(0, H("300c020101600702010304008000")), (1, H("300c02010161070a010004000400"))]),
    "dtls": (1, 443, [(0, H("16feff000000000000000000310100002500000000 0000 25fefd".replace(" ", "")) + bytes(34) + H("0002c02b0100"))]),
    "quic": (1, 443, [(0, H("c30000000108" + "83" * 8 + "00004496") + bytes(1178))]),
    "syslog": (1, 514, [(0, b"<34>hello")]),
    "radius": (1, 1812, [(0, H("01010018") + bytes(16) + H("010461 62".replace(" ", ""))), (1, H("02010014") + bytes(16))]),
    "rdpeudp": (1, 3389, [(0, H("ffffffff00400001") + bytes(1192)), (1, H("0000000000400005") + bytes(1192))]),
    "sip": (1, 5060, [(0, SIP), (1, b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")]),
    "dnp3-udp": (1, 20000, [(0, H("056405c001000004e921"))]),
}


def port_table():
    """Returns {(UDP, port): index}, as in fuzz_service.c."""
    with open(os.path.join(HERE, "../../fuzz/fuzz_service.c")) as f:
        text = re.search(r"ports\[\] = \{(.*?)\};", f.read(), re.S).group(1)
    text = re.sub(r"/\*.*?\*/", "", text)
    found = re.findall(r"(UDP \| )?(\d+)", text)
    return {(bool(udp), int(port)): i for i, (udp, port) in enumerate(found)}


def service_input(options, index, chunks):
    """`chunks`: [(head, bytes)]"""
    return bytes([options, index]) + b"".join(struct.pack("!BH", head, len(b)) + b for head, b in chunks)


def dissect(link, frame):
    """Returns (UDP, source, destination, flags, number, payload) of an IPv4 packet, or None; an end is (address, port)."""
    if link == ETHERNET:
        if frame[12:14] != b"\x08\x00":
            return None
        frame = frame[14:]
    if len(frame) < 28 or frame[0] >> 4 != 4 or frame[9] not in (6, 17) or struct.unpack_from("!H", frame, 6)[0] & 0x3fff:
        return None
    frame = frame[:struct.unpack_from("!H", frame, 2)[0] or None]
    at = (frame[0] & 15) * 4
    if len(frame) < at + (8 if frame[9] == 17 else 20):
        return None
    sport, dport = struct.unpack_from("!HH", frame, at)
    src, dst = (frame[12:16], sport), (frame[16:20], dport)
    if frame[9] == 17:
        return True, src, dst, 0, 0, frame[at + 8:]
    return False, src, dst, frame[at + 13], struct.unpack_from("!I", frame, at + 4)[0], frame[at + (frame[at + 12] >> 4) * 4:]


def connections(link, found):
    """Returns [(UDP, port, chunks)] of the first connections of a capture, without retransmissions."""
    conns = {}
    for _, frame in found[:4000]:
        p = dissect(link, frame)
        if p is None:
            continue
        udp, src, dst, flags, seq, payload = p
        key = (udp, *sorted((src, dst)))
        if key not in conns:
            if len(conns) == 20:
                continue
            swap = flags & 18 == 18 or (src[1] < 1024 <= dst[1] and not flags & 2)
            conns[key] = (dst if swap else src, (src if swap else dst)[1], [], set())
        orig, _, chunks, seen = conns[key]
        if (payload or udp) and len(chunks) < 30 and (udp or (src, seq) not in seen):
            seen.add((src, seq))
            chunks.append((0 if src == orig else 1, payload[:1460]))
    return [(udp, port, chunks) for (udp, *_), (_, port, chunks, _) in conns.items() if chunks]


def write_seeds(out, captures):
    """`captures`: [(name, link type, [(microseconds, frame)])]"""
    os.makedirs(out, exist_ok=True)
    table, n = port_table(), 0
    seeds = [("%s" % name, udp, port, chunks) for name, (udp, port, chunks) in sorted(DIALOGUES.items())]
    for name, link, found in captures:
        if link in (ETHERNET, RAW):
            seeds += [("%s-%d" % (name, i), *c) for i, c in enumerate(connections(link, found))]
    written = set()
    for name, udp, port, chunks in seeds:
        n += 1
        index = table.get((bool(udp), port), table[(bool(udp), 40000)])
        whole = service_input(n & 1, index, [(side, b) for side, b in chunks])[:12000]
        if whole[1:] in written:
            continue
        written.add(whole[1:])
        with open(os.path.join(out, name), "wb") as f:
            f.write(whole)
        if name in DIALOGUES:  # also by signature; midway; and as a TCP that loses, swaps and repeats would bring it
            other = table[(bool(udp), 40000)]
            fates = [0, 3, 0, 4, 2, 5, 6]
            rough = [(side | fates[i % len(fates)] << 1, b) for i, (side, b) in enumerate(chunks)]
            for kind, options, at, parts in (("sig", 0, other, chunks), ("midway", 4, index, chunks), ("rough", 0, index, rough)):
                with open(os.path.join(out, "%s-%s" % (name, kind)), "wb") as f:
                    f.write(service_input(options, at, parts))
