"""`connlog explain`: the legend, histories, states, and records of a log."""
import os
import re
import shutil
import subprocess

from env import terminal

LETTERS = "shadfrcgtwiq"
STATES = "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH".split()

FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state " \
         "missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents".split()
TYPES = "time string addr port addr port enum string interval count count string count string count count count count " \
        "set[string]".split()
PLAIN = dict(zip(FIELDS, "931803523.006848 CaaaaaaaaaaaaaaaB1 128.32.162.134 1042 206.132.179.35 80 tcp http 54.3776 "
                         "7320 38891 SF 0 ShADadFf 12 7944 40 40971 -".split()))


def log(env, *rows, name="conn.log"):
    """Writes a log of rows, each PLAIN with changes."""
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn",
             "#fields\t" + "\t".join(FIELDS), "#types\t" + "\t".join(TYPES)]
    lines += ["\t".join({**PLAIN, **row}[f] for f in FIELDS) for row in rows]
    path = os.path.join(env.tmp, name)
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return path


def explain(env, *args, width=80, code=0, locale="C", **kw):
    return env.run("explain", *args, code=code, env={**os.environ, "COLUMNS": str(width), "LC_ALL": locale}, **kw)


def words(text):
    return " ".join(text.split())


def test_the_legend_has_every_letter_and_state(env):
    text = explain(env).stdout
    for letter in LETTERS:
        assert re.search(r"^  %s %s  \S" % (letter.upper(), letter), text, re.M), letter
    for letter in "^X":
        assert re.search(r"^  %s    \S" % re.escape(letter), text, re.M), letter
    for state in STATES:
        assert re.search(r"^  %-7s \S{1,3} +The " % state, text, re.M), state


def test_the_originator_stands_left_and_the_responder_right(env):
    lines = explain(env, "ShADadFf").stdout.splitlines()
    column = next(line for line in lines if line.startswith("originator")).index("responder")
    said = [(line[0], "left") for line in lines if "---->" in line] + \
           [(line[column], "right") for line in lines if "<----" in line]
    assert sorted(said) == sorted([(c, "left") for c in "SADF"] + [(c, "right") for c in "hadf"]), said
    order = [m.group(1) for line in lines for m in [re.match(r"(\S)  \S.*---->|.*<---- (\S)  ", line)] if m and m.group(1)]
    assert order == list("SADF"), order


def test_what_is_usual_and_what_is_not(env):
    for history, usual, odd in (
            ("ShADadFf", ["the handshake is complete", "now both directions are closed"], []),
            ("Sr", [], ["refuses: nothing listens on this port"]),
            ("ShADTTT", ["once is common"], ["at least 10 times by now", "at least 100 times by now"]),
            ("ShAd", ["the responder speaks first"], []),
            ("DadA", [], ["nothing of an opening was seen: the capture began in the middle"]),
            ("ShADG", [], ["packets were lost between the network and the capture"])):
        text = explain(env, history, width=120).stdout
        for said in usual:
            assert said in words(text) and "! " + said not in words(text), (history, said, text)
        for said in odd:
            assert "! " + said in words(text), (history, said, text)


def test_states_and_what_else_they_could_be(env):
    for state in STATES:
        text = words(explain(env, state).stdout)
        assert text.startswith(state + " ") and "originator responder" in text, text
        either = set(state) <= set("SHADFRCGTWIQ")
        assert ("--as history " + state in text) == either, text
    assert explain(env, "rej").stdout == explain(env, "REJ").stdout
    assert explain(env, "--as", "state", "sf").stdout.startswith("SF      complete")
    assert words(explain(env, "--as", "history", "SF").stdout).startswith("SF asked for; no SYN-ACK was seen")
    assert words(explain(env, "sf").stdout).startswith("sf "), "lower case is a history"
    udp = explain(env, "Dd").stdout
    assert "data in both directions\n" in udp and "--proto tcp" in udp
    assert "capture began in the middle" in words(explain(env, "Dd", "--proto", "tcp").stdout)


def test_it_fits_the_width_and_the_locale(env):
    for width in (40, 60, 80, 120):
        for args in ([], ["ShADTTadgGFfRr^X"], ["RSTOS0"]):
            text = explain(env, *args, width=width).stdout
            assert all(len(line) <= width for line in text.splitlines()), (width, args, text)
            assert text.isascii()
    assert "\u25b6" in explain(env, "S", locale="C.UTF-8").stdout


def test_a_record_is_told_as_a_whole(env):
    path = log(env, {}, {"uid": "CaaaaaaaaaaaaaaaB2", "missed_bytes": "9000", "history": "ShADadgFf", "service": "-",
                         "tunnel_parents": "CparentA,CparentB"})
    text = words(explain(env, "CaaaaaaaaaaaaaaaB1", path, width=120).stdout)
    for said in ("128.32.162.134:1042 -> 206.132.179.35:80", "began 1999-07-12 18:18:43.006848 UTC",
                 "lasted 54.4 s (54.377600 s), until 1999-07-12 18:19:37.384448 UTC", "service http over tcp",
                 "originator sent 7.32 kB (7320), 12 packets, 7.94 kB with headers",
                 "responder sent 38.9 kB (38891), 40 packets, 41.0 kB with headers", "ended SF (complete)",
                 "uid CaaaaaaaaaaaaaaaB1", "closed by both sides"):
        assert said in text, (said, text)
    assert "!" not in text
    text = words(explain(env, "CaaaaaaaaaaaaaaaB2", path, width=120).stdout)
    for said in ("lost by capture 9.00 kB", "! Bytes are missing from the capture", "! Data went both ways, yet no service",
                 "! It ran inside a tunnel", "inside of tunnel CparentA,CparentB", "service not recognised over tcp"):
        assert said in text, (said, text)
    with open(path) as f:
        assert explain(env, "CaaaaaaaaaaaaaaaB2", "-", width=120, stdin=f).stdout.count("uid") == 1
    assert explain(env, path).stdout.count("\nuid ") == 2, "a log alone: each record"


def test_states_and_histories_are_counted_in_a_log(env):
    path = log(env, {}, {"uid": "Cb", "conn_state": "S1"}, {"uid": "Cc"})
    assert "uids in the log: CaaaaaaaaaaaaaaaB1, Cc\n2 of 3 connections" in explain(env, "SF", path).stdout
    assert "3 of 3 connections" in explain(env, "ShADadFf", path).stdout
    assert "0 of 3 connections" in explain(env, "REJ", path).stdout


def test_a_captures_records_can_be_told(env):
    """The log of a capture can be piped straight into explain, ICMP and UDP included."""
    rows = env.log("--seed", "x", env.capture("udp-icmp.pcap"))
    made = env.run("--seed", "x", env.capture("udp-icmp.pcap")).stdout
    path = os.path.join(env.tmp, "made.log")
    with open(path, "w") as f:
        f.write(made)
    text = explain(env, path, width=120).stdout
    assert text.count("\nuid ") == len(rows) > 1 and ", type 8, code 0" in text


def test_hostile_text_is_shown_and_not_obeyed(env):
    path = log(env, {"uid": "Ce", "service": "\\x1b[2J\\x07ssl", "history": "S\\x1b]0;x\\x07h\\xff", "conn_state": "\\x1b[31m"})
    text = explain(env, "Ce", path).stdout
    assert "\x1b" not in text and "\x07" not in text and "\\x1b[2J" in text, text
    assert "not a letter of Zeek's" in words(text)


def test_errors_say_what_to_do(env):
    path = log(env, {})
    for args, code, said in (
            (["nonsense"], 2, "connlog explain nonsense conn.log"),
            (["--as", "uid", "Cx"], 2, "connlog explain Cx conn.log"),
            (["--as", "state", "S9"], 2, "S9 is no state"),
            (["--as", "nothing", "S0"], 2, "history, state or uid"),
            (["--proto", "sctp", "S"], 2, "tcp or udp"),
            (["S0", path, path], 2, "one argument too many"),
            (["Cmissing", path], 1, "no record in"),
            (["Cmissing", env.tmp + "/none.log"], 1, "none.log")):
        done = explain(env, *args, code=code)
        assert said in done.stderr and done.stderr.startswith("connlog: "), (args, done.stderr)


def test_colour_only_on_a_terminal_and_never_with_no_color(env):
    def seen(**more):
        parent, child = terminal()
        subprocess.run([env.connlog, "explain", "Sr"], stdin=subprocess.DEVNULL, stdout=child, check=True,
                       env={**{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}, "TERM": "xterm", **more})
        os.close(child)
        text = os.read(parent, 65536).decode()
        os.close(parent)
        return text

    assert "\x1b[" in seen() and "\x1b[" not in seen(NO_COLOR="1") and "\x1b[" not in seen(TERM="dumb")
    assert "\x1b[" not in explain(env, "Sr").stdout


def test_the_manual_page_has_every_option(env):
    page = env.root + "/man/connlog-explain.1"
    with open(page) as f:
        text = f.read().replace("\\-", "-")
    options = re.findall(r"--([a-z-]+)", env.run("explain", "--help").stdout)
    assert "as" in options and "proto" in options
    assert all("Fl -" + o in text for o in options), options
    if shutil.which("groff"):
        said = env.command("groff", "-mdoc", "-ww", "-z", "-Tutf8", page).stderr
        assert not said, said
