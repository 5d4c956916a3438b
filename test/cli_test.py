"""The command line seen from outside: options, which output goes where, exit codes, signals."""
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import time

from env import Skip, terminal

BASE = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
        "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents "
        "ip_proto").split()


def fields_of(text):
    return next(line for line in text.splitlines() if line.startswith("#fields\t")).split("\t")[1:]


def rows_of(text):
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def test_help_and_version(env):
    text = env.run("--help").stdout
    assert text == env.run("-h").stdout == env.run("live", "--help").stdout
    for word in ("read", "live", "--fields LIST", "-C, ", "NAME=VALUE"):
        assert word in text, word
    assert all(len(line) <= 112 for line in text.splitlines())


def test_version_lists_what_there_is(env):
    """Compares the formats and link types with the tables: the formats of --help formats, and the link types whose captures have rows."""
    lines = env.run("--version").stdout.splitlines()
    with open(env.root + "/include/connlog.h") as f:
        assert lines[0] == "connlog " + re.search(r'CONNLOG_VERSION "(.*)"', f.read()).group(1)
    listed = dict(line.split(": ", 1) for line in lines[1:])
    assert list(listed) == ["captures", "scripts", "regular expressions", "sandbox", "metrics", "sinks", "formats", "link types"], lines
    known = [line.split()[0] for line in env.run("--help", "formats").stdout.splitlines() if re.match("  [a-z]", line)]
    assert listed["formats"].split(", ") == known and len(known) > 5, (listed, known)
    for name in ("gzip", "zstd", "pcapng", "AF_PACKET", "libpcap"):
        assert name in listed["captures"], listed
    with open(env.root + "/src/decode/links.h") as f:
        names = re.findall(r'X\(\d+, "(\w+)"', f.read())
    assert listed["link types"].split(", ") == names and {"EN10MB", "LINUX_SLL2", "RAW"} <= set(names), listed


def test_no_input_is_answered_with_usage(env):
    for args in ([], ["read"], ["live"], ["-C"], ["--"]):
        done = env.run(*args, code=2)
        assert "no input" in done.stderr and "usage: connlog" in done.stderr and not done.stdout, done.stderr


def test_errors_say_what_is_known(env):
    capture = env.capture("http.pcap")
    for args, said in (
            (["--nonsense", capture], "unknown option --nonsense"),
            (["-q", "-Z", capture], "unknown option -Z"),
            (["--quiet", "-Zv", capture], "unknown option -Z"),
            (["--quiet=3", capture], "--quiet takes no value"),
            ([capture, "-r"], "--read wants a value"),
            ([capture, "--format"], "--format wants a value"),
            (["--format", "xml", capture], "zeek json"),
            (["--fields", "+nothing", capture], "community_id"),
            (["LogAscii::use_json=yes", capture], "T or F"),
            (["LogAscii::json_timestamps=TS_EPOCH", capture], "JSON::TS_ISO8601"),
            (["tcp_attempt_delay=soon", capture], "tcp_attempt_delay"),
            (["--local-nets", "10.0.0.0/99", capture], "Site::local_nets"),
            (["no_such_constant=3", capture], "no constant is called 'no_such_constant'"),
            (["a" * 200 + "=3", capture], "no constant is called 'aaaa"),
            (["tcp_attempt_delay+=3sec", capture], "tcp_attempt_delay is no set"),
            (["policy/protocols/conn/nothing", capture], "policy/protocols/conn/nothing is neither a file nor"),
            (["base/protocols/conn", capture], "base/protocols/conn is neither a file nor"),
            (["-f", "udp port", capture], "udp port"),
            (["live", "lo", "-f", "udp port"], "udp port"),
            (["-i", "no-such-interface", "-f", "udp port"], "udp port"),
            (["-i", "lo", capture], "no capture can be read besides"),
            (["live", "-i", "lo", "eth0"], "no capture can be read besides"),
            (["live", "-r", capture], "no capture can be read besides"),
            (["-i", "lo", "-i", "eth0", "-i", "lo"], "the interface lo is given twice"),
            (["live", "lo", "-i", ""], "--interface wants a value: it is empty"),
            (["--snaplen", "96", capture], "--snaplen is about interfaces"),
            (["live", "lo", "--ring", "many"], "--ring many: a size like 64M is expected, 32K at least and less than 4G"),
            (["live", "lo", "--ring", "4G"], "--ring 4G: a size"), (["live", "lo", "--ring", "20K"], "--ring 20K: a size"),
            (["live", "lo", "--ring-block", "100K"], "--ring-block 100K: a power of two from 16K to 64M is expected"),
            (["live", "lo", "--ring-block", "8K"], "--ring-block 8K: a power of two"),
            (["live", "lo", "--ring-block", "128M"], "--ring-block 128M: a power of two"),
            (["live", "lo", "--ring", "100K"], "--ring 100K is less than two of --ring-block 256K"),
            (["live", "lo", "--ring-block", "64M"], "--ring 65536K is less than two of --ring-block 65536K"),
            (["live", "lo", "--ring-timeout", "0"], "--ring-timeout 0: an interval like 20msec is expected, 1msec to 10sec"),
            (["live", "lo", "--ring-timeout", "1min"], "--ring-timeout 1min: an interval"),
            (["live", "lo", "--snaplen", "10"], "--snaplen 10: a number of bytes from 64 to 262144 is expected"),
            (["live", "lo", "--snaplen", "1M"], "--snaplen 1M: a number"),
            (["live", "pcap:lo", "--ring-block", "1M"], "--ring-block is not for libpcap, and pcap:lo asks for that"),
            (["live", "pcap:lo", "--wait"], "--wait is not for libpcap"),
            (["-o", "a", "-o", "b", capture], "--output is given twice: a and b"),
            (["-o", "", capture], "--output wants a value: it is empty")):
        done = env.run(*args, code=2)
        assert done.stderr.startswith("connlog: ") and said in done.stderr and not done.stdout, (args, done.stderr)


def test_every_way_to_name_a_capture(env):
    capture = env.capture("http.pcap")
    shutil.copy(capture, env.tmp + "/a=b.pcap")
    shutil.copy(capture, env.tmp + "/read")
    seed = ["--seed", "x"]
    want = env.run(*seed, capture).stdout
    assert rows_of(want)
    with open(capture, "rb") as f:
        assert env.run(*seed, "-", stdin=f).stdout == want
    with open(capture, "rb") as f:
        assert env.run(*seed, "-r", "-", stdin=f).stdout == want
    for args in (["read", capture], ["-r", capture], ["-r" + capture], ["--read=" + capture], [capture, "-q"],
                 ["./a=b.pcap"], ["--", "a=b.pcap"], ["./read"], ["--", "read"], ["read", "read"]):
        assert env.run(*seed, *args).stdout == want if args[0] != "read" else env.run(*args, *seed).stdout == want, args
    twice = env.run(*seed, "-r", capture, "-r", capture).stdout
    assert twice == env.run(*seed, capture, capture).stdout != want


def test_fields(env):
    capture = env.capture("http.pcap")
    for args, want in (
            ([], BASE),
            (["--fields", "+community_id,+vlan"], BASE + ["community_id", "vlan"]),
            (["--fields", "uid,history"], ["uid", "history"]),
            (["--fields", "uid", "--fields", "+ts"], ["uid", "ts"]),
            (["--fields=-uid"], [f for f in BASE if f != "uid"]),
            (["protocols/conn/mac-logging"], BASE + ["orig_l2_addr", "resp_l2_addr"]),
            (["policy/protocols/conn/vlan-logging", "--fields", "ts"], ["ts", "vlan", "inner_vlan"]),
            (["protocols/conn/community-id-logging", "protocols/conn/ip-proto-name-logging",
              "protocols/conn/pppoe-session-id-logging", "protocols/conn/failed-service-logging",
              "protocols/conn/speculative-service"],
             BASE + ["community_id", "ip_proto_name", "pppoe_session_id", "failed_service", "speculative_service"])):
        out = env.run(capture, *args).stdout
        assert fields_of(out) == want, (args, fields_of(out))
        assert all(len(row) == len(want) for row in rows_of(out)), args
    row = json.loads(env.run(capture, "--format", "json", "--fields", "uid,community_id,vlan").stdout.splitlines()[0])
    assert list(row) == ["uid", "community_id"] and row["community_id"].startswith("1:"), row


def test_constants_by_zeeks_names(env):
    capture = env.capture("http.pcap")
    json_log = env.run("--seed", "x", "--format", "json", capture).stdout
    assert json_log == env.run("--seed", "x", capture, "LogAscii::use_json=T").stdout
    assert env.run(capture, "LogAscii::use_json=F").stdout.startswith("#separator")
    ts = json.loads(env.run("LogAscii::use_json=T", "LogAscii::json_timestamps=JSON::TS_ISO8601", capture)
                    .stdout.splitlines()[0])["ts"]
    assert ts[10] == "T" and ts[-1] == "Z", ts
    ts = json.loads(env.run("LogAscii::use_json=T", "LogAscii::json_timestamps=JSON::TS_MILLIS", capture)
                    .stdout.splitlines()[0])["ts"]
    assert isinstance(ts, int) and ts > 10**12, ts

    def local(*args):
        row = env.log(capture, *args)[0]
        return row.get("local_orig"), row.get("local_resp")

    row = env.log(capture)[0]
    both = [row["id.orig_h"] + "/32", row["id.resp_h"] + "/32"]
    private = "Site::private_address_space_is_local=F"
    assert local(private) == (None, None)                 # as in Zeek: unset when no network is local
    assert local(private, "--local-nets", both[0]) == (True, False)
    assert local(private, "Site::local_nets=" + both[1]) == (False, True)
    assert local(private, "Site::local_nets=" + both[1], "Site::local_nets+=" + both[0]) == (True, True)
    # As Zeek's manual writes it.
    assert local(private, "Site::local_nets += { %s, %s }" % tuple(both)) == (True, True)
    redef = ["redef Site::private_address_space_is_local = F", "redef Site::local_nets={%s}" % both[0]]
    assert local(*redef) == (True, False)


def test_header_times(env):
    capture = env.capture("http.pcap")
    utc = {**os.environ, "TZ": "UTC"}
    ts = [row["ts"] for row in env.log(capture)]
    lines = env.run("--seed", "x", capture, env=utc).stdout.splitlines()
    assert time.strftime("#open\t%Y-%m-%d-%H-%M-%S", time.gmtime(int(min(ts)))) == lines[5]
    assert lines[-1].startswith("#close\t") and lines[-1] >= "#close" + lines[5][5:]
    before = time.strftime("#open\t%Y-%m-%d-%H-%M-%S", time.gmtime())
    lines = env.run(capture, env=utc).stdout.splitlines()
    after = time.strftime("#close\t%Y-%m-%d-%H-%M-%S", time.gmtime())
    assert before <= lines[5] and lines[-1] <= after, (before, lines[5], lines[-1], after)


def test_an_empty_log_is_a_log(env):
    capture = env.capture("empty.pcap")
    lines = env.run(capture).stdout.splitlines()
    assert len(lines) == 9 and lines[0].startswith("#separator") and lines[-1].startswith("#close\t"), lines
    assert env.run("--format", "json", capture).stdout == ""
    env.run("-o", env.tmp, "--format", "json", capture)
    assert os.listdir(env.tmp) == ["conn.log"] and os.path.getsize(env.tmp + "/conn.log") == 0


def test_output_folder(env):
    capture = env.capture("http.pcap")
    done = env.run("-o", env.tmp + "/nowhere", capture, code=1)
    assert "nowhere/conn.log" in done.stderr and "-o wants a folder" in done.stderr and not done.stdout, done.stderr
    # An older log stays until the new one is complete.
    with open(env.tmp + "/conn.log", "w") as f:
        f.write("old")
    read, write = os.pipe()
    with open(capture, "rb") as f:
        os.write(write, f.read()[:200])
    p = subprocess.Popen([env.connlog, "-o", env.tmp, "-"], stdin=read, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(read)
    for _ in range(100):
        if len(os.listdir(env.tmp)) == 2:
            break
        time.sleep(0.05)
    hidden = [f for f in os.listdir(env.tmp) if f != "conn.log"]
    assert len(hidden) == 1 and hidden[0].startswith(".conn.log.tmp-"), hidden
    with open(env.tmp + "/conn.log") as f:
        assert f.read() == "old"
    os.close(write)
    said = p.communicate(timeout=60)[1].decode()
    assert p.returncode == 1 and said, said               # the capture was cut short
    assert os.listdir(env.tmp) == ["conn.log"]
    with open(env.tmp + "/conn.log") as f:
        assert f.read().startswith("#separator")


def test_closed_descriptors_mix_nothing_up(env):
    """With standard error closed, a warning must not end up in the log, and a capture must not be opened as standard input."""
    def shell(command):
        done = env.command("bash", "-c", command, "-", env.connlog, env.capture("offload.pcap"))
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    assert shell('"$1" -o . "$2" /no/such/file 2>&-').returncode == 1
    with open(env.tmp + "/conn.log") as f:
        assert "connlog: " not in f.read()
    done = shell('"$1" "$2" >&-')
    assert done.returncode == 1 and "standard output" in done.stderr, done.stderr
    done = shell('"$1" "$2" - <&-')
    assert done.returncode == 1 and rows_of(done.stdout), done.stderr
    assert "standard input: cannot be read" in done.stderr, done.stderr


def test_a_full_disk_counts_every_record(env):
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    capture = env.capture("tcp-states.pcap")
    total = len(env.log(capture))
    with open("/dev/full", "w") as full:
        done = env.run(capture, code=1, stdout=full)
    assert "No space left on device" in done.stderr, done.stderr
    assert "%d of %d records are lost" % (total, total) in done.stderr, done.stderr

    # Whatever fits is kept, unless the log has to be whole or absent.
    many, full = [capture] * 60, env.tmp + "/full"
    total = len(env.log(*many))
    os.mkdir(full)
    if env.command("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", full).returncode != 0:
        raise Skip("no disk that can be filled")
    try:
        for form in ("zeek", "json"):
            with open(full + "/log", "w") as f:
                done = env.run("--format", form, *many, code=1, stdout=f)
            with open(full + "/log") as f:
                written = sum(not line.startswith("#") for line in f.read().split("\n")[:-1])
            assert 0 < written < total
            assert "%d of %d records are lost" % (total - written, total) in done.stderr, (written, done.stderr)
            os.remove(full + "/log")
            done = env.run("--format", form, "-o", full, *many, code=1)
            assert "%d of %d records are lost" % (total, total) in done.stderr, done.stderr
            assert os.listdir(full) == []
    finally:
        env.must("umount", full)


def test_what_is_no_regular_file_is_not_replaced(env):
    for args, name in ((["--stats", "pipe"], "pipe"), (["-o", "."], "conn.log")):
        os.mkfifo(env.tmp + "/" + name)
        p = subprocess.Popen(["cat", env.tmp + "/" + name], stdout=subprocess.PIPE)
        env.run(*args, env.capture("http.pcap"))
        assert b"records" in p.communicate(timeout=60)[0] or name == "conn.log"
        assert stat.S_ISFIFO(os.stat(env.tmp + "/" + name).st_mode), os.listdir(env.tmp)
    os.mkdir(env.tmp + "/folder")
    assert "Is a directory" in env.run("--stats", "folder", env.capture("http.pcap"), code=1).stderr


def test_stats_and_summary(env):
    capture = env.capture("http.pcap")
    done = env.run("--stats", "s.json", "-v", capture)
    with open(env.tmp + "/s.json") as f:
        stats = json.load(f)
    rows = len(rows_of(done.stdout))
    assert stats["output"]["records"] == rows and stats["output"]["lost"] == 0, stats["output"]
    assert stats["output"]["bytes"] == len(done.stdout), stats["output"]
    assert stats["input"]["packets"] > 0 and stats["input"]["bytes"] > 0, stats["input"]
    summary = done.stderr.splitlines()[-1]
    assert "%d packets, %d connections" % (stats["input"]["packets"], rows) in summary, summary

    assert json.loads(env.run("-q", "--stats", "-", capture).stderr)["output"]["records"] == rows
    # A bad path is reported before anything is read or written.
    for args in (["--stats", "no/such/folder"], ["-o", ".", "--stats", "no/such/folder"], ["--stats", "/"]):
        done = env.run(*args, "-", code=1, stdin=None, input="")
        assert args[-1] in done.stderr and "--stats wants" in done.stderr and not done.stdout, done.stderr
    assert sorted(os.listdir(env.tmp)) == ["s.json"], os.listdir(env.tmp)
    env.run("--stats", "t.json", "--script", "/no/such.lua", capture, code=2)
    assert sorted(os.listdir(env.tmp)) == ["s.json"], os.listdir(env.tmp)


def test_names_in_messages_cannot_command_a_terminal(env):
    """Every command prints control characters and bytes that are not text as \\xNN, wherever the name comes from."""
    bad, shown = b"a\x1b[31m\nb\x07\x9b\xe2\x80\xae\xc3\xbc.pcap", r"a\x1b[31m\x0ab\x07\x9b\xe2\x80\xae%s.pcap"
    name = os.fsencode(env.tmp) + b"/" + bad
    with open(name, "wb") as f:
        f.write(b"no capture at all, and no log\n")
    gone = name + b".gone"
    for args in ([name], [gone], ["events", gone], ["convert", "--to", "json", name], ["cut", "-r", gone], ["report", gone],
                 ["explain", "Cx", gone], ["--script", gone, env.capture("http.pcap")], ["-o", gone, env.capture("http.pcap")],
                 ["--stats", gone + b"/x", env.capture("http.pcap")], ["-f", bad, name], [b"--" + bad], ["--format", bad, name],
                 ["live", bad]):
        for locale, letter in (("C", r"\xc3\xbc"), ("C.UTF-8", "\u00fc")):
            done = subprocess.run([env.connlog, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, cwd=env.tmp, env={**os.environ, "LC_ALL": locale}, timeout=60)
            said = done.stderr.decode()
            assert done.returncode in (1, 2) and "Sanitizer" not in said, (args, said)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said), (args, said)
            assert all(line.startswith("connlog: ") for line in said.splitlines()), (args, said)
            # Lua's message is cut at the end of its line.
            assert shown % letter in said or args[0] == "--script", (args, locale, said)


def test_quiet_leaves_errors_alone(env):
    done = env.run("-q", env.capture("offload.pcap"))
    assert done.stderr == "", done.stderr
    assert "warning: " in env.run(env.capture("offload.pcap")).stderr
    assert "missing.pcap" in env.run("-q", env.tmp + "/missing.pcap", code=1).stderr


def test_a_signal_ends_in_order(env):
    for number in (signal.SIGINT, signal.SIGTERM):
        read, write = os.pipe()
        p = subprocess.Popen([env.connlog, "--stats", "-", "-"], stdin=read, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        os.close(read)
        with open(env.capture("http.pcap"), "rb") as f:
            data = f.read()
        os.write(write, data[:len(data) // 2])
        time.sleep(1.0)                                   # it has read all of that and waits for more
        p.send_signal(number)
        time.sleep(0.002)
        p.send_signal(number)                             # as timeout(1) does: it does not count as a second one
        out, said = p.communicate(timeout=60)
        os.close(write)
        assert p.returncode in (0, 1), (p.returncode, said)
        assert rows_of(out.decode()) and b"#close\t" in out, out


def test_progress_is_for_terminals(env):
    """Feeds a capture slowly for two seconds: a line is rewritten on the terminal, and it is gone at the end."""
    with open(env.capture("http.pcap"), "rb") as f:
        data = f.read()
    head, packets = data[:24], data[24:]
    chunk = packets * 40                                  # thousands of packets
    for quiet in (False, True):
        master, slave = terminal()
        p = subprocess.Popen([env.connlog, "-o", env.tmp, "-"] + ["-q"] * quiet, stdin=subprocess.PIPE, stdout=slave,
                             stderr=slave)
        os.close(slave)
        p.stdin.write(head)
        for _ in range(8):
            p.stdin.write(chunk)
            p.stdin.flush()
            time.sleep(0.25)
        p.stdin.close()
        p.wait(60)
        said = b""
        while select.select([master], [], [], 0.2)[0]:
            try:
                said += os.read(master, 65536)
            except OSError:                               # the other side is closed
                break
        os.close(master)
        assert p.returncode == 0, said
        if quiet:
            assert said == b"", said
        else:
            assert b"\r\x1b[K" in said and b"packets" in said, said
            lines = said.decode().split("\r\x1b[K")
            assert "M packets" not in lines[-1], lines    # cleared before the final message


def test_live(env):
    done = env.command(env.connlog, "live", "no-such-interface")
    assert done.returncode == 1 and "no-such-interface" in done.stderr, done.stderr
    p = subprocess.Popen([env.connlog, "live", "lo", "-f", "udp port 49871", "--format", "json"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    if p.poll() is not None:
        raise Skip("no capturing here: " + p.stderr.read().decode().strip())
    import socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(3):
        s.sendto(b"some bytes", ("127.0.0.1", 49871))
        time.sleep(0.1)
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    out, said = p.communicate(timeout=60)
    assert p.returncode == 0, said
    row = json.loads(out.splitlines()[0])
    assert (row["id.resp_p"], row["proto"]) == (49871, "udp"), row


def test_the_manual_page_has_every_option_and_constant(env):
    with open(env.root + "/man/connlog.1") as f:
        page = f.read().replace("\\-", "-")
    with open(env.root + "/src/engine/options.c") as f:
        constants = re.findall(r'\{ \{ "([^"]+)", "', f.read())
    helps = [env.run("--help").stdout, env.run("convert", "--help").stdout]
    options = re.findall(r"--([a-z-]+)", "".join(helps))
    assert len(constants) > 20 and len(options) > 10
    missing = [c for c in constants if "Cm %s No = " % c not in page and c not in ("seed", "log_community_id")]
    missing += [o for o in set(options) if "Fl -" + o not in page]
    assert not missing, missing
    if shutil.which("groff"):
        said = env.command("groff", "-mdoc", "-ww", "-z", "-Tutf8", env.root + "/man/connlog.1").stderr
        assert not said, said
