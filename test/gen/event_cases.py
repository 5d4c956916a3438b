"""TCP connections with the events that Zeek raises for them, worked out by hand: one row a connection.

(name, steps, events): steps as Flow.play() takes them; events in their order, each as its name, behind it :o or :r for
what the originator or responder did, =N for a threshold or a length.  The expectations were not taken from connlog's
output: they follow Zeek 8.2.2's src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc, src/Conn.cc and src/session/.
captures_events.py writes all rows into events-tcp.pcap, row i from client port 42000 + i, ten minutes apart and each
with other packets behind it for a while, so that its timers run when they are due; the last row is open when the
capture ends.  test/events_test.py compares.
"""
NEW = "new_connection_contents new_connection "
SYN, SYN_ACK = "connection_SYN_packet:o ", "connection_SYN_packet:r connection_established "
OPENED = NEW + SYN + SYN_ACK + "connection_first_ACK "
REMOVED = "connection_state_remove"
GONE = "connection_timeout " + REMOVED  # by a timer: it was idle, or had closed and stragglers were waited for

OPEN = "c:S s:SA c:A "
CLOSE = "c:FA s:FA c:A"

EVENT_CASES = [
    # how it begins
    ("opened and left idle", OPEN, OPENED + GONE),
    ("attempt", "c:S", NEW + SYN + "connection_attempt " + REMOVED),
    ("attempt made again", "c:S c:S,seq-1,dt=1", NEW + SYN * 2 + "connection_attempt " + REMOVED),
    ("refused", "c:S s:RA", NEW + SYN + "connection_rejected connection_EOF:r " + GONE),
    ("midstream, one side", "c:PA=20", NEW + GONE),
    ("midstream, both sides", "c:PA=20 s:A", NEW + "partial_connection " + GONE),
    ("SYN-ACK first, then traffic: turned round", "s:SA c:A c:PA=10",
     NEW + SYN + "connection_flipped " + GONE),

    # how it ends
    ("closed by both", OPEN + "c:PA=40 s:A s:PA=300 c:A " + CLOSE,
     OPENED + "connection_EOF:o connection_EOF:r connection_finished " + GONE),
    ("closed by the responder first", OPEN + "s:FA c:A c:FA s:A",
     OPENED + "connection_EOF:r connection_EOF:o connection_finished " + GONE),
    ("only one side closes", OPEN + "c:FA s:A", OPENED + "connection_EOF:o " + GONE),
    ("SYN, then FIN", "c:S c:F", NEW + SYN + "connection_EOF:o connection_half_finished " + GONE),
    ("FIN and nothing else: not worth an event", "c:FA", NEW + "connection_EOF:o " + GONE),
    ("reset by the originator", OPEN + "c:PA=9 s:A c:RA", OPENED + "connection_reset connection_EOF:o " + GONE),
    ("reset by the responder", OPEN + "c:PA=9 s:A s:RA", OPENED + "connection_reset connection_EOF:r " + GONE),
    ("SYN, then reset", "c:S c:R", NEW + SYN + "connection_reset connection_EOF:o " + GONE),
    ("RST behind a FIN: told after tcp_reset_delay", OPEN + "c:FA c:RA",
     OPENED + "connection_EOF:o connection_reset " + REMOVED),
    ("midstream, then the other side's FIN: partial close", "c:PA=20 s:FA",
     NEW + "connection_EOF:r connection_partial_close " + REMOVED),

    # counters
    ("retransmissions", OPEN + "c:PA=9 " + "c:PA=9,seq-9 " * 100,
     OPENED + "tcp_multiple_retransmissions:o=10 tcp_multiple_retransmissions:o=100 " + GONE),
    ("nine retransmissions are not worth it", OPEN + "c:PA=9 " + "c:PA=9,seq-9 " * 9, OPENED + GONE),
    ("zero windows", OPEN + "s:A,win=0 " * 10, OPENED + "tcp_multiple_zero_windows:r=10 " + GONE),
    ("wrong checksums", OPEN + "c:PA=9,bad,seq-9 " * 10, OPENED + "tcp_multiple_checksum_errors:o=10 " + GONE),
    ("a gap", OPEN + "c:PA=100,lost c:PA=50 s:A c:PA=1 s:A", OPENED + "content_gap:o=100 " + GONE),
    ("a gap, acknowledged before what stands above it", OPEN + "c:PA=100,lost c:PA=50 s:A,ack-50 s:A c:PA=1 s:A",
     OPENED + "content_gap:o=100 " + GONE),
    ("gaps", OPEN + "c:PA=7,lost c:PA=5 s:A " * 10 + "c:PA=1 s:A",
     OPENED + "content_gap:o=7 " * 9 + "tcp_multiple_gap:o=10 content_gap:o=7 " + GONE),

    # used again: two connections
    ("the same ends again", "c:S s:RA c:S,seq+99,dt=1 s:RA",
     NEW + SYN + "connection_rejected connection_EOF:r connection_reused " + REMOVED + " " +
     NEW + SYN + "connection_rejected connection_EOF:r " + GONE),

    # the last one
    ("open at the end of input", OPEN, OPENED + "connection_pending " + REMOVED),
]
