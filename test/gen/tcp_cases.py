"""TCP connections with what Zeek makes of them, worked out by hand: one row a connection.

(name, steps, conn_state, history, more): steps as Flow.play() takes them; `more` names further columns or, under
"flow", arguments of the Flow.  The expectations were not taken from connlog's output: they follow Zeek's rules
(scripts/base/protocols/conn/main.zeek for conn_state, the comments on `history` there for the letters).  Capital
letters are the originator's.  gen.py writes all rows into tcp-states.pcap, row i from client port 40000 + i;
test/capture_test.py compares.
"""
OPEN = "c:S s:SA c:A "
TALK = OPEN + "c:PA=40 s:A s:PA=300 c:A "
CLOSE = "c:FA s:FA c:A"

TCP_CASES = [
    # conn_state, one after the other
    ("closed by both", TALK + CLOSE, "SF", "ShADadFf",
     {"orig_bytes": 40, "resp_bytes": 300, "orig_pkts": 6, "resp_pkts": 4}),
    ("attempt without an answer", "c:S", "S0", "S", {"orig_pkts": 1, "resp_pkts": 0}),
    ("attempt made again", "c:S c:S,seq-1,dt=1 c:S,seq-1,dt=2", "S0", "S", {"orig_pkts": 3, "orig_bytes": 0}),
    ("refused", "c:S s:RA", "REJ", "Sr", {}),
    ("originator resets", TALK + "c:RA", "RSTO", "ShADadR", {}),
    ("responder resets", TALK + "s:RA", "RSTR", "ShADadr", {}),
    ("SYN, then reset", "c:S c:R", "RSTOS0", "SR", {}),
    ("SYN, then FIN", "c:S c:F", "SH", "SF", {}),
    ("SYN-ACK, then reset of a likely server", "s:SA s:R", "RSTRH", "^hr", {"flow": {"sport": 80}}),
    ("SYN-ACK, then FIN of a likely server", "s:SA s:FA", "SHR", "^hf", {"flow": {"sport": 80}}),
    ("stays open", OPEN + "c:PA=5 s:A", "S1", "ShADa", {"orig_bytes": 5}),
    ("originator closes, responder does not", OPEN + "c:FA s:A", "S2", "ShAFa", {}),
    ("responder closes, originator does not", OPEN + "s:FA c:A", "S3", "ShAf", {}),
    ("midstream", "c:PA=100 s:A c:PA=50 s:PA=20 c:A", "OTH", "DadA", {"orig_bytes": 150, "resp_bytes": 20}),
    ("midstream from a likely server: turned round", "s:PA=100 c:A", "OTH", "^dA",
     {"flow": {"sport": 80}, "resp_bytes": 100}),
    ("SYN-ACK to a reset of its receiver", "s:SA c:R", "REJ", "Hr", {}),

    # the letters of history
    ("retransmission", OPEN + "c:PA=100 c:PA=100,seq-100 s:A " + CLOSE, "SF", "ShADTaFf",
     {"orig_bytes": 100, "orig_pkts": 6}),
    ("ten retransmissions", OPEN + "c:PA=9 " + "c:PA=9,seq-9 " * 10 + "s:A " + CLOSE, "SF", "ShADTTaFf",
     {"orig_bytes": 9}),
    ("of the responder", OPEN + "s:PA=100 s:PA=100,seq-100 c:A " + CLOSE, "SF", "ShAdtFf", {"resp_bytes": 100}),
    ("swapped segments", OPEN + "c:PA=100,seq+100 c:PA=100,seq-200 s:A " + CLOSE, "SF", "ShADTaFf",
     {"orig_bytes": 200, "missed_bytes": 0}),
    ("keep-alive with a byte", OPEN + "c:PA=10 s:A c:A=1,seq-1 s:A " + CLOSE, "SF", "ShADaTFf", {"orig_bytes": 10}),
    ("gap in what the originator sent", OPEN + "c:PA=100,lost c:PA=100 s:A c:PA=1 s:A " + CLOSE, "SF", "ShADaGFf",
     {"orig_bytes": 201, "missed_bytes": 100}),
    ("gap in what the responder sent", OPEN + "s:PA=70,lost s:PA=30 c:A " + CLOSE, "SF", "ShAdgFf",
     {"resp_bytes": 100, "missed_bytes": 70}),
    ("zero window", OPEN + "c:PA=10 s:A,win=0 s:A " + CLOSE, "SF", "ShADawFf", {}),
    ("ten zero windows", OPEN + "c:PA=10 " + "s:A,win=0 " * 10 + CLOSE, "SF", "ShADawwFf", {}),
    ("wrong checksum", OPEN + "c:PA=50,bad c:PA=50,seq-50 s:A " + CLOSE, "SF", "ShACDaFf", {"orig_bytes": 50}),
    ("FIN and RST in one", OPEN + "c:PA=5 s:A c:FRA", "RSTO", "ShADaI", {}),
    ("SYN and FIN in one", "c:SF", "SH", "Q", {}),
    ("SYN and RST in one", "c:SR", "OTH", "Q", {}),
    ("SYN-ACK first, then an answer: turned round", "s:SA c:A c:PA=10 s:A " + CLOSE, "SF", "^hADaFf",
     {"orig_bytes": 10}),
    ("SYN-ACK and SYN swapped", "s:SA,ack+1 c:S c:A c:PA=10 s:A", "S1", "Hs^ADa", {"orig_bytes": 10}),
    # With two sequence numbers Zeek takes the second SYN for a new connection: tcp-times.pcap.
    ("both open at once with one sequence number", "c:S s:S c:A s:A", "S1", "SsAa", {"flow": {"isn": (7, 7)}}),
    ("FIN sent again", OPEN + "c:FA c:FA,seq-1 s:A s:FA c:A", "SF", "ShAFaf", {}),
    ("FIN with data", OPEN + "c:FPA=30 s:A s:FA c:A", "SF", "ShAFaf", {"orig_bytes": 30}),

    # sequence space
    ("sequence numbers wrap", OPEN + "c:PA=100 s:A c:PA=100 s:PA=50 c:A " + CLOSE, "SF", "ShADadFf",
     {"flow": {"isn": (2**32 - 150, 2**32 - 1)}, "orig_bytes": 200, "resp_bytes": 50}),
    ("first sequence number is 0", TALK + CLOSE, "SF", "ShADadFf",
     {"flow": {"isn": (0, 2**32 - 301)}, "resp_bytes": 300}),

    # IPv6 knows no other rules
    ("over IPv6", TALK + CLOSE, "SF", "ShADadFf", {"flow": {"client": "2001:db8::10", "server": "2001:db8:1::5"}}),
    ("refused over IPv6", "c:S s:RA", "REJ", "Sr", {"flow": {"client": "fd00::10", "server": "2001:db8:1::5"}}),
]
