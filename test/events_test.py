"""connlog events: which events there are, what their lines contain, and that they are Zeek's."""
import base64
import collections
import glob
import json
import os
import re
import shutil

from event_cases import EVENT_CASES
from netlib import filler

# Captures for which every event is compared with a golden file.
GOLDEN = ("http.pcap", "tcp-times.pcap", "events-tunnels.pcap", "events-tcp.pcap")
FREQUENT = {"tcp_packet", "tcp_option", "tcp_options", "tcp_contents", "tcp_rexmit"}
FIRST = ["ts", "event", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "start_time"]
TEXTS = {"count": int, "bool": bool, "string": str, "interval": float}


def events(env, *args, **kw):
    return [json.loads(line) for line in env.run("events", *args, **kw).stdout.splitlines()]


def names(found):
    return [e["event"] for e in found]


def listed(env):
    """Returns {event: {argument: type}} and {event: documentation} from `connlog events --list`."""
    arguments, docs = {}, {}
    lines = env.run("events", "--list").stdout.splitlines()
    assert len(lines) % 2 == 0
    for head, doc in zip(lines[::2], lines[1::2]):
        name, rest = re.match(r"(\w+)\((.*)\)$", head).groups()
        arguments[name] = dict(a.split(": ") for a in rest.split(", ") if a)
        docs[name] = doc.strip()
    return arguments, docs


# ---- what is printed ---------------------------------------------------------------------------------------------

def test_every_line_has_the_shape_of_its_event(env):
    arguments, _ = listed(env)
    seen = set()
    for capture in sorted(glob.glob(env.captures + "/*.pcap*")):
        for e in events(env, "--all", "-q", capture):
            keys, name = list(e), e["event"]
            assert keys[:len(FIRST)] == FIRST, e
            assert keys[len(FIRST):] == [a for a in arguments[name] if a in e], e
            assert re.match("C[0-9A-Za-z]{10,22}$", e["uid"]) and e["start_time"] <= e["ts"], e
            for argument, kind in arguments[name].items():
                assert kind not in TEXTS or type(e[argument]) is TEXTS[kind], e
            seen.add(name)
    # The remaining events need an option or, for the thresholds, a caller that sets them.
    assert set(arguments) - seen == {
        "contents_file_write_failure", "connection_status_update", "conn_generic_packet_threshold_crossed",
        "conn_bytes_threshold_crossed", "conn_packets_threshold_crossed", "conn_duration_threshold_crossed"}, seen


def test_usual_events_are_all_but_the_frequent_ones(env):
    arguments, docs = listed(env)
    assert len(arguments) == 39, sorted(arguments)
    assert {n for n in docs if docs[n].endswith("(with --all or --only)")} == FREQUENT
    for capture in ("events-options.pcap", "tcp-states.pcap"):
        usual = events(env, "--seed", "x", env.capture(capture))
        every = events(env, "--seed", "x", "--all", env.capture(capture))
        assert usual == [e for e in every if e["event"] not in FREQUENT]
        assert len(every) > len(usual)


def test_only_and_except(env):
    capture, both = env.capture("tcp-states.pcap"), ("connection_EOF", "new_connection")
    usual = events(env, "--seed", "x", capture)
    for args, want in (
            (["--only", "connection_EOF"], lambda n: n == "connection_EOF"),
            (["--only", "connection_EOF,new_connection"], lambda n: n in both),
            (["--only", "connection_EOF", "--only=new_connection"], lambda n: n in both),
            (["--except", "connection_EOF,new_connection"], lambda n: n not in both),
            (["--only", "connection_EOF,new_connection", "--except", "new_connection"], lambda n: n == both[0])):
        assert events(env, "--seed", "x", *args, capture) == [e for e in usual if want(e["event"])], args
    assert set(names(events(env, "--only", "tcp_packet", capture))) == {"tcp_packet"}
    assert names(events(env, "--only", "tcp_contents", capture)) == []                # nothing is delivered
    assert set(names(events(env, "--all", "--only", "tcp_contents", capture))) == {"tcp_contents"}
    every = names(events(env, "--all", capture))
    assert names(events(env, "--all", "--except", "tcp_packet", capture)) == [n for n in every if n != "tcp_packet"]


def test_wrong_command_lines_say_what_is_known(env):
    capture = env.capture("http.pcap")
    for args, said in (
            (["--only", "tcp_contnts", capture], "did you mean tcp_contents?"),
            (["--only", "connection_eof", capture], "connection_EOF"),
            (["--except", "rexmit", capture], "tcp_rexmit"),
            (["--except", "new_connection,nonsense", capture], "no event is called 'nonsense': `connlog events --list"),
            (["--only", "", capture], "no event is called ''"),
            (["--only", "new_connection,", capture], "no event is called ''"),
            (["--only", "x" * 3000, capture], "no event is called 'xxx"),
            (["--only", "new_connection", "--except", "new_connection", capture], "leave no event"),
            (["--only"], "--only wants a value"),
            (["--format", "json", capture], "unknown option --format; `connlog events --help`"),
            (["LogAscii::use_json=F", capture], "events are JSON always"),
            (["protocols/conn/mac-logging", capture], "adds columns, and events have none"),
            ([], "no input"),
            (["--all"], "no input")):
        done = env.run("events", *args, code=2)
        assert done.stderr.startswith("connlog: ") and said in done.stderr and not done.stdout, (args, done.stderr)
    assert "--only NAME" in env.run("events", "--help").stdout
    assert " events " in env.run("--help").stdout


def test_times_as_in_the_log(env):
    capture = env.capture("http.pcap")
    e = events(env, "LogAscii::json_timestamps=JSON::TS_ISO8601", capture)[0]
    assert e["ts"] == e["start_time"] == "2023-11-14T22:13:20.001000Z", e
    assert events(env, "LogAscii::json_timestamps=JSON::TS_MILLIS", capture)[0]["ts"] == 1700000000001


def test_uids_are_those_of_the_log(env):
    capture = env.capture("tcp-times.pcap")
    removed = events(env, "--only", "connection_state_remove", "--seed", "x", capture)
    assert [e["uid"] for e in removed] == [r["uid"] for r in env.log("--seed", "x", capture)]


# ---- bytes -------------------------------------------------------------------------------------------------------

def streams(found):
    """Returns {(originator's port, is_orig): bytes} from tcp_contents, which must be in order and without gaps."""
    out = collections.defaultdict(bytes)
    for e in found:
        if e["event"] == "tcp_contents":
            key = e["id.orig_p"], e["is_orig"]
            assert e["seq"] == len(out[key]) + 1, e
            out[key] += base64.b64decode(e["contents"], validate=True)
    return out


def test_contents_are_the_bytes_that_were_sent(env):
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n"
    page += b"<p>hello</p>" * 333 + b"1234"
    capture = env.capture("http.pcap")
    every = streams(events(env, "--all", capture))
    assert every[49152, False] == page and every[49152, True].startswith(b"GET / HTTP/1.1\r\n"), every[49152, False]
    for option, want in (("tcp_content_deliver_all_orig=T", lambda p, orig: orig),
                         ("tcp_content_deliver_all_resp=T", lambda p, orig: not orig),
                         ("tcp_content_delivery_ports_orig=80/tcp", lambda p, orig: p == 49152 and orig),
                         ("tcp_content_delivery_ports_resp=80/tcp", lambda p, orig: p == 49152 and not orig)):
        got = streams(events(env, "--only", "tcp_contents", option, capture))
        assert got == {k: v for k, v in every.items() if want(*k)} and got, (option, set(got))


def test_payload_is_base64(env):
    for e in events(env, "--only", "tcp_packet", env.capture("tcp-states.pcap")):
        assert len(base64.b64decode(e["payload"], validate=True)) == e["len"], e
        assert set(e["flags"]) <= set("SFRAPU") and (e["ack"] == 0 or "A" in e["flags"]), e


# ---- Zeek's events, worked out by hand ---------------------------------------------------------------------------

def word(e):
    """Returns an event as event_cases.py writes it."""
    text, side = e["event"], e.get("is_orig", e.get("pkt", {}).get("is_orig"))
    if side is not None:
        text += ":o" if side else ":r"
    for argument in ("threshold", "length"):
        if argument in e:
            text += "=%s" % e[argument]
    return text


def rows(env, *args):
    """Returns {row of EVENT_CASES: [event]}."""
    found = collections.defaultdict(list)
    for e in events(env, "-q", *args, env.capture("events-tcp.pcap")):
        port = e["id.orig_p"] if e["id.resp_p"] == 49999 else e["id.resp_p"]
        found[port - 42000].append(e)
    return found


def test_tcp_connections_raise_what_zeek_says(env):
    found, wrong = rows(env), []
    for i, (name, _, want) in enumerate(EVENT_CASES):
        got = [word(e) for e in found[i]]
        if got != want.split():
            wrong.append("%s\n    want %s\n    got  %s" % (name, " ".join(want.split()), " ".join(got)))
    assert not wrong, "\n".join(wrong)


def test_asking_for_an_event_can_end_a_connection(env):
    """Zeek only has the timers of connection_reset and connection_partial_close when these events are handled."""
    for event, name in (("connection_reset", "RST behind a FIN: told after tcp_reset_delay"),
                        ("connection_partial_close", "midstream, then the other side's FIN: partial close")):
        i = [case[0] for case in EVENT_CASES].index(name)
        with_it, without = rows(env)[i], rows(env, "--except", event)[i]
        assert names(with_it)[-2:] == [event, "connection_state_remove"], names(with_it)
        assert names(without)[-2:] == ["connection_timeout", "connection_state_remove"], names(without)
        assert with_it[-1]["ts"] < without[-1]["ts"], (with_it[-1], without[-1])


def test_timers_are_those_of_the_options(env):
    late = rows(env, "tcp_attempt_delay=8sec", "tcp_reset_delay=2sec", "tcp_partial_close_delay=1sec")
    for event, delay in (("connection_attempt", 8), ("connection_reset", 2), ("connection_partial_close", 1)):
        found = [e for es in late.values() for e in es if e["event"] == event and e["ts"] - e["start_time"] > 0.9]
        assert found and all(delay <= e["ts"] - e["start_time"] < delay + 1 for e in found), (event, found)


def test_state_remove_has_history_and_states(env):
    removed = {i: es[-1] for i, es in rows(env).items() if i >= 0}
    for name, want in (("attempt", ("S", 1, 0)), ("refused", ("Sr", 1, 6)), ("closed by both", ("ShADadFf", 5, 5)),
                       ("midstream, one side", ("D", 3, 0)), ("open at the end of input", ("ShA", 4, 4))):
        e = removed[[case[0] for case in EVENT_CASES].index(name)]
        assert (e["history"], e["orig_state"], e["resp_state"]) == want, (name, e)
    icmp = events(env, "--only", "connection_state_remove", env.capture("unknown.pcap"))
    assert any(e["history"] == "" for e in icmp), icmp


def test_syn_packets(env):
    pkt = rows(env, "--only", "connection_SYN_packet")[0][0]["pkt"]
    assert pkt == {"is_orig": True, "DF": False, "ttl": 64, "size": 40, "win_size": 64240, "win_scale": -1, "MSS": 0,
                   "SACK_OK": False}, pkt


def test_tcp_options(env):
    found = events(env, "--all", "--only", "tcp_option,tcp_options", env.capture("events-options.pcap"))
    lists = [e["options"] for e in found if e["event"] == "tcp_options"]
    assert [(o["kind"], o["length"]) for l in lists for o in l] == [
        (e["opt"], e["optlen"]) for e in found if e["event"] == "tcp_option"]

    def bytes_of(*numbers):
        return base64.b64encode(bytes(numbers)).decode()

    pad, end = {"kind": 1, "length": 1}, {"kind": 0, "length": 1}
    assert lists == [
        [{"kind": 2, "length": 4, "mss": 1460}, {"kind": 4, "length": 2},
         {"kind": 8, "length": 10, "send_timestamp": 0xfffffff0, "echo_timestamp": 7}, pad,
         {"kind": 3, "length": 3, "window_scale": 7}],
        [{"kind": 2, "length": 3, "data": bytes_of(5)}, {"kind": 3, "length": 4, "data": bytes_of(7, 7)},
         {"kind": 4, "length": 3, "data": bytes_of(0)}, {"kind": 8, "length": 4, "data": bytes_of(1, 2)}, end],
        [{"kind": 5, "length": 10, "sack": [1, 2**32 - 1]}, {"kind": 5, "length": 5, "data": bytes_of(1, 2, 3)}, pad],
        [{"kind": 27, "length": 8, "rate": 6, "ttl_diff": 0x40, "qs_nonce": 99}, {"kind": 28, "length": 4},
         {"kind": 34, "length": 2}, {"kind": 254, "length": 5, "data": bytes_of(0xab, 0xcd, 0xef)}, end],
        [end], [pad], [pad], [pad, pad, pad]], lists
    syn = [e["pkt"] for e in events(env, "--only", "connection_SYN_packet", env.capture("events-options.pcap"))]
    assert {k: syn[0][k] for k in ("win_scale", "MSS", "SACK_OK", "TSval", "TSecr")} == {
        "win_scale": 7, "MSS": 1460, "SACK_OK": True, "TSval": 0xfffffff0, "TSecr": 7}, syn


# ---- events that come with more than TCP -------------------------------------------------------------------------

def test_udp_requests_replies_and_checksums(env):
    capture = env.capture("events-udp.pcap")
    want = ["new_connection"] + ["udp_request", "udp_reply"] * 3
    errors = ["udp_multiple_checksum_errors:" + which for which in ("o=10", "o=100", "r=10")]
    assert [word(e) for e in events(env, "-q", capture)] == want + errors + ["udp_reply", "connection_state_remove"]
    ignored = [word(e) for e in events(env, "-q", "-C", capture)]
    assert ignored == want + ["udp_request"] * 100 + ["udp_reply"] * 11 + ["connection_state_remove"]


def test_tunnels(env):
    capture = env.capture("events-tunnels.pcap")
    found = events(env, "--only", "tunnel_changed", capture)
    # Tunnel::max_changes_per_connection is 5: later changes are not reported.
    ends = [[(t["cid"]["orig_h"], t["cid"]["resp_h"]) for t in e["e"]] for e in found]
    one, other = ("10.9.0.1", "10.9.0.2"), ("10.9.1.1", "10.9.1.2")
    assert ends == [[one], [other], [one, other], [], [one]], ends
    for tunnel in found[2]["e"]:
        assert tunnel["tunnel_type"] == "Tunnel::IP" and tunnel["cid"]["orig_p"] == 0, tunnel
        assert re.match("C[0-9A-Za-z]+$", tunnel["uid"]), tunnel
    assert found[0]["e"][0]["uid"] == found[2]["e"][0]["uid"] == found[4]["e"][0]["uid"] != found[1]["e"][0]["uid"]
    more = events(env, "--only", "tunnel_changed", "Tunnel::max_changes_per_connection=0", capture)
    assert len(more) == 7, len(more)


def test_flow_labels(env):
    found = events(env, "--only", "connection_flow_label_changed", env.capture("events-flow-labels.pcap"))
    assert [(e["is_orig"], e["old_label"], e["new_label"]) for e in found] == [
        (True, 5, 6), (False, 0, 0xfffff), (True, 6, 0), (True, 0, 5)], found


def test_status_updates(env):
    capture = env.capture("events-long-lived.pcap")
    assert not events(env, "--only", "connection_status_update", capture)              # Zeek's default is never
    found = collections.Counter(e["id.orig_p"] for e in events(
        env, "--only", "connection_status_update", "connection_status_update_interval=10sec", capture))
    # With a packet every 4 seconds the status is checked 12, 24, … seconds after the first one; there is no event for
    # protocols that Zeek does not know.
    assert found == {47400: 5, 47401: 4, 8: 4}, found


def test_generic_packet_thresholds(env):
    capture = env.capture("events-long-lived.pcap")
    only = ["--only", "conn_generic_packet_threshold_crossed"]
    assert not events(env, *only, capture)
    found = collections.defaultdict(list)
    for e in events(env, *only, "ConnThreshold::generic_packet_thresholds=3,10,20,1000", capture):
        found[e["id.orig_p"]].append(e["threshold"])
    assert found == {47400: [3, 10, 20], 47401: [3, 10], 8: [3, 10]}, found


# ---- contents in files -------------------------------------------------------------------------------------------

EXTRACT = ["Conn::default_extract=T", "Conn::extraction_prefix=c"]


def files(env, glob_of="c_*.dat"):
    out = {}
    for path in glob.glob(env.tmp + "/" + glob_of):
        with open(path, "rb") as f:
            out[os.path.basename(path)] = f.read()
    return out


def test_contents_go_into_files(env):
    capture = env.capture("http.pcap")
    want = streams(events(env, "--all", capture))
    env.run("-q", *EXTRACT, capture)
    found = files(env)
    established = events(env, "--only", "connection_established", capture)
    assert len(found) == 2 * len(established) > 4, sorted(found)
    for e in established:
        for is_orig, side in ((True, "orig"), (False, "resp")):
            name = "c_%s:%d-%s:%d_%s.dat" % (e["id.orig_h"], e["id.orig_p"], e["id.resp_h"], e["id.resp_p"], side)
            assert found[name] == want[e["id.orig_p"], is_orig], name


def test_gaps_are_marked_in_files(env):
    """As in Zeek, only a gap that is acknowledged while later data is not (TCP_Reassembler::RecordToSeq) is marked."""
    env.run("-q", *EXTRACT, env.capture("events-tcp.pcap"))
    found, rest = files(env), filler(50) + filler(1)
    for name, want in (("a gap", rest), ("a gap, acknowledged before what stands above it", b"\n<<gap 100>>\n" + rest)):
        i = [case[0] for case in EVENT_CASES].index(name)
        assert found["c_192.168.1.10:%d-203.0.113.5:49999_orig.dat" % (42000 + i)] == want, name
    env.run("-q", *EXTRACT, env.capture("tcp-states.pcap"))
    assert any(name.startswith("c_[") for name in files(env)), "IPv6 addresses stand in brackets"


def test_files_that_cannot_be_written_are_told_and_no_more(env):
    capture = env.capture("http.pcap")
    established = len(events(env, "--only", "connection_established", capture))
    rows_without = env.log("--seed", "x", capture)
    # The folder does not exist, so no file can be opened.
    failed = events(env, "--only", "contents_file_write_failure", EXTRACT[0], "Conn::extraction_prefix=no/c", capture)
    assert len(failed) == 2 * established and all("no/c_" in e["msg"] for e in failed), failed
    assert {e["is_orig"] for e in failed} == {True, False}
    # On a full disk the first of the files cannot be written. The link leads outside of what a run may open.
    full = ["--no-sandbox", *EXTRACT]
    name = "c_192.168.1.10:49152-93.184.215.14:80_orig.dat"
    os.symlink("/dev/full", env.tmp + "/" + name)
    failed = events(env, "--only", "contents_file_write_failure", *full, capture)
    assert failed and all(e["is_orig"] and e["id.orig_p"] == 49152 for e in failed), failed
    assert failed[0]["msg"] == "TCP reassembler content write failure", failed
    done = env.run("--format", "json", "--fields", "all", "--seed", "x", *full, capture)
    assert [json.loads(line) for line in done.stdout.splitlines()] == rows_without
    assert done.stderr.count("No space left") == 1, done.stderr                          # reported once
    os.remove(env.tmp + "/" + name)                                                      # it could be read forever
    assert len(files(env)) == 2 * established - 1


# ---- where it goes -----------------------------------------------------------------------------------------------

def test_a_closed_pipe_is_no_error_and_a_full_disk_is(env):
    many = [env.capture("tcp-states.pcap")] * 30
    command = [env.connlog, "events", "--all", "-q", *many]
    done = env.command("bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "-", *command)
    assert done.returncode == 0 and done.stdout.count("\n") == 1 and not done.stderr, done
    total = len(events(env, "--all", "-q", *many))
    with open("/dev/full", "w") as full:
        done = env.run("events", "--all", "-q", *many, stdout=full, code=1)
    assert "%d of %d events are lost" % (total, total) in done.stderr, done.stderr


def test_a_folder_gets_events_log(env):
    capture = env.capture("http.pcap")
    done = env.run("events", "--seed", "x", "-o", env.tmp, "-v", "--stats", env.tmp + "/stats", capture)
    with open(env.tmp + "/events.log") as f:
        lines = f.read()
    assert lines == env.run("events", "--seed", "x", capture).stdout and not done.stdout
    n = lines.count("\n")
    assert " %d events in " % n in done.stderr, done.stderr
    with open(env.tmp + "/stats") as f:
        assert json.load(f)["output"]["records"] == n


def test_damaged_captures_give_the_events_up_to_there(env):
    done = env.run("events", env.captures + "/damaged/cut-in-packet.pcap", code=1)
    assert "cut-in-packet.pcap" in done.stderr and done.stdout.count("connection_state_remove") > 5


# ---- golden files and manual -------------------------------------------------------------------------------------

def golden(env, capture):
    return "%s/test/golden/events/%s.json" % (env.root, capture.rsplit(".", 1)[0])


def golden_text(env, capture):
    return env.run("events", "--all", "-q", "--seed", "test", env.capture(capture)).stdout


def test_events_are_those_checked_in(env):
    there = {os.path.basename(f)[:-5] for f in glob.glob(env.root + "/test/golden/events/*.json")}
    assert there == {c.rsplit(".", 1)[0] for c in GOLDEN}, there
    for capture in GOLDEN:
        with open(golden(env, capture)) as f:
            for want, got in zip(f.read().splitlines() + [None], golden_text(env, capture).splitlines() + [None]):
                assert want == got, "%s\n  want %s\n  got  %s" % (capture, want, got)


MANUAL = re.compile(r'(\.\\" What follows is written by `make golden`[^\n]*\n)(.*?)(\.\\" What is above[^\n]*\n)', re.S)


def manual_entries(env):
    """Returns the manual's list of events, as mdoc, from `connlog events --list`."""
    arguments, docs = listed(env)
    out = []
    for name, types in arguments.items():
        doc = docs[name].replace("  (with --all or --only)", "").replace("-", "\\-")
        star = " No *" if name in FREQUENT else ""
        out += [".It Cm %s%s" % (name, star), doc]
        if types:
            out += [".br", "Arguments: " + ", ".join("%s: %s" % pair for pair in types.items()) + "."]
    return "\n".join(out) + "\n"


def test_the_manual_has_every_event(env):
    path = env.root + "/man/connlog-events.1"
    with open(path) as f:
        page = f.read()
    assert MANUAL.search(page).group(2) == manual_entries(env), "make golden writes it anew"
    options = re.findall(r"--([a-z-]+) ", env.run("events", "--help").stdout)
    with open(env.root + "/man/connlog.1") as f:
        both = (page + f.read()).replace("\\-", "-")
    assert len(options) > 8 and not [o for o in set(options) if "Fl -" + o not in both]
    if shutil.which("groff"):
        said = env.command("groff", "-mdoc", "-ww", "-z", "-Tutf8", path).stderr
        assert not said, said


def test_the_documentation_has_every_event(env):
    with open(env.root + "/docs/EVENTS.md") as f:
        text = f.read()
    missing = [name for name in listed(env)[0] if "`%s`" % name not in text]
    assert not missing, missing


def write(env):
    """Called by `make golden`."""
    os.makedirs(env.root + "/test/golden/events", exist_ok=True)
    for capture in GOLDEN:
        with open(golden(env, capture), "w") as f:
            f.write(golden_text(env, capture))
    path = env.root + "/man/connlog-events.1"
    with open(path) as f:
        page = f.read()
    with open(path, "w") as f:
        f.write(MANUAL.sub(lambda m: m.group(1) + manual_entries(env) + m.group(3), page))
