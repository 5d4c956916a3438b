"""What Wireshark's analysis says of the connections of a capture, beside connlog's measured columns (docs/COLUMNS.md).

    python3 test/wireshark.py CONNLOG CAPTURE...    compares the two, prints what differs, and sums up
"""
import collections
import json
import math
import re
import shutil
import statistics
import subprocess
import sys

FIELDS = ["tcp.stream", "frame.time_epoch", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.flags",
          "tcp.analysis.retransmission", "tcp.analysis.out_of_order", "tcp.analysis.initial_rtt", "tcp.analysis.ack_rtt",
          "ip.ttl", "ipv6.hlim", "ip.dsfield.dscp", "ipv6.tclass.dscp", "ip.len", "ipv6.plen", "tcp.options.mss_val",
          "tcp.options.wscale.shift", "tcp.payload"]
SYN, RST, ACK = 2, 4, 16
COUNTS = ["orig_retrans", "resp_retrans", "orig_ooo", "resp_ooo"]
TIMES = ["rtt", "orig_rtt", "resp_rtt"]
SHAPE = ["ttl", "ttl_min", "ttl_max", "dscp", "mss", "wscale", "tcp_flags", "first_payload", "iat_mean", "iat_dev", "size_entropy", "size_hist"]
BINS = [64, 128, 256, 512, 1024, 1280, 1501]


def tshark():
    """Returns where tshark is, or None."""
    return shutil.which("tshark")


def packets(capture):
    """Returns the TCP packets of a capture as dictionaries of texts; in tunnels, with the innermost addresses."""
    command = [tshark(), "-n", "-r", capture, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", "-E", "separator=/t"]
    done = subprocess.run(command + [word for name in FIELDS for word in ("-e", name)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, timeout=300)
    return [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]


def end(packet, which):
    return packet["ip." + which] or packet["ipv6." + which], packet["tcp." + which + "port"]


class Stream:
    """What Wireshark says about one stream; its ends are in the order in which they first sent. Of the times, only
    those of a SYN, a SYN-ACK and its ACK count: Wireshark also takes a RST, an ACK without a SYN-ACK, or any later ACK
    as the end of a handshake."""

    def __init__(self, first):
        self.start = float(first["frame.time_epoch"])
        self.ends = [end(first, "src"), end(first, "dst")]
        self.n, self.rtt, self.half = 0, None, [None, None]
        self.counts = collections.Counter()
        self.syns, self.answered = [0, 0], False
        self.packets = [[], []]

    def add(self, packet):
        if end(packet, "src") not in self.ends:  # in tunnels Wireshark names the stream of the outermost TCP
            return
        side, flags = self.ends.index(end(packet, "src")), int(packet["tcp.flags"], 16)
        self.n += 1
        self.packets[side].append(packet)
        self.counts["retrans", side] += packet["tcp.analysis.retransmission"] != ""
        self.counts["ooo", side] += packet["tcp.analysis.out_of_order"] != ""
        self.syns[side] += flags & (SYN | ACK) == SYN
        if flags & (SYN | ACK) == SYN | ACK and self.syns[side ^ 1]:
            self.answered = True
        if not self.answered or flags & RST:
            return
        if packet["tcp.analysis.initial_rtt"] and self.rtt is None:
            self.rtt = float(packet["tcp.analysis.initial_rtt"])
        if packet["tcp.analysis.ack_rtt"] and self.half[side] is None:
            self.half[side] = float(packet["tcp.analysis.ack_rtt"])

    def columns(self, orig):
        """Returns the columns for the case that this end is the originator."""
        side = self.ends.index(orig)
        out = {"%s_%s" % (who, what): self.counts[what, side ^ i] for what in ("retrans", "ooo") for i, who in enumerate(("orig", "resp"))}
        there, back = self.half[side ^ 1], self.half[side]
        if self.rtt is not None and self.syns[side] > 1 and back is not None:
            there = self.rtt - back  # then ack_rtt counts from the first SYN, initial_rtt from the last
        times = {"rtt": self.rtt if back is not None else None, "orig_rtt": back, "resp_rtt": there}
        return {**out, **{name: value for name, value in times.items() if value is not None}}


def shape(packets, flag_of=lambda p: int(p["tcp.flags"], 16)):
    """Returns the columns that follow from the packets of one side, named without the side."""
    if not packets:
        return {}
    ttls = [int(p["ip.ttl"] or p["ipv6.hlim"]) for p in packets]
    sizes = [int(p["ip.len"] or int(p["ipv6.plen"]) + 40) for p in packets]
    bins = [sum(1 for n in sizes if sum(n >= b for b in BINS) == i) for i in range(8)]
    out = {"ttl": ttls[0], "ttl_min": min(ttls), "ttl_max": max(ttls), "size_hist": ",".join(map(str, bins)),
           "dscp": int(packets[0]["ip.dsfield.dscp"] or packets[0]["ipv6.tclass.dscp"]),
           "tcp_flags": ",".join(str(sum(flag_of(p) >> i & 1 for p in packets)) for i in range(8)),
           "size_entropy": sum(-n / len(sizes) * math.log2(n / len(sizes)) for n in bins if n)}
    for name, field in (("mss", "tcp.options.mss_val"), ("wscale", "tcp.options.wscale.shift")):
        syns = [p for p in packets if flag_of(p) & SYN]
        if syns and syns[0][field]:
            out[name] = int(syns[0][field])
    payload = next((p["tcp.payload"].replace(":", "") for p in packets if p["tcp.payload"]), "")
    if payload:
        out["first_payload"] = payload[:32]
    times = [float(p["frame.time_epoch"][:-3]) for p in packets]
    gaps = [b - a for a, b in zip(times, times[1:])]
    if gaps:
        out["iat_mean"], out["iat_dev"] = statistics.fmean(gaps), statistics.pstdev(gaps)
    return out


def streams(capture):
    found = {}
    for packet in packets(capture):
        if packet["tcp.stream"]:
            found.setdefault(packet["tcp.stream"], Stream(packet)).add(packet)
    return found.values()


def records(connlog, capture):
    command = [connlog, "-q", "-C", "--format", "json", "--seed", "x", "--fields", "+quality,+stack,+shape", "--where", "proto == tcp", capture]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def pairs(connlog, capture):
    """Returns (record, stream) for each connection that both see with the same first packet and the same number of packets."""
    known = collections.defaultdict(list)
    for stream in streams(capture):
        known[tuple(sorted(stream.ends))].append(stream)
    found = []
    for r in records(connlog, capture):
        ends = [(r["id.orig_h"], str(r["id.orig_p"])), (r["id.resp_h"], str(r["id.resp_p"]))]
        for stream in known[tuple(sorted(ends))]:
            if abs(stream.start - r["ts"]) < 2e-6 and stream.n == r["orig_pkts"] + r["resp_pkts"]:
                found.append((r, stream, stream.columns(ends[0])))
                break
    return found


def differences(record, other):
    """Returns the columns in which the two differ, as (name, connlog's, Wireshark's)."""
    out = [(name, record[name], other[name]) for name in COUNTS if record[name] != other[name]]
    for name in TIMES:
        a, b = record.get(name), other.get(name)
        if (a is None) != (b is None) or (a is not None and abs(a - b) > 2e-6):
            out.append((name, a, b))
    return out


def shape_differences(record, stream):
    """Returns the other measured columns in which the two differ."""
    side = stream.ends.index((record["id.orig_h"], str(record["id.orig_p"])))
    out = []
    for i, who in enumerate(("orig_", "resp_")):
        theirs = shape(stream.packets[side ^ i])
        for name in SHAPE:
            a, b = record.get(who + name), theirs.get(name)
            if (abs(a - b) > 2e-6 if isinstance(a, float) and isinstance(b, float) else a != b):
                out.append((who + name, a, b))
    return out


def main():
    n, sums, both = collections.Counter(), collections.Counter(), 0
    for capture in sys.argv[2:]:
        for record, stream, other in pairs(sys.argv[1], capture):
            both += 1
            sums.update({name: record[name] for name in COUNTS})
            sums.update(name for name in TIMES if name in record)
            for name, ours, theirs in differences(record, other) + shape_differences(record, stream):
                n[name] += 1
                print("%s %s %s %s: %s, Wireshark %s" % (re.sub(".*/", "", capture), record["uid"], record["history"], name, ours, theirs))
    print("%d connections; sums: %s; different: %s" % (both, dict(sums), dict(n)))


if __name__ == "__main__":
    main()
