"""connlog report: lines, times, the summary, and what a hostile log must not be able to do."""
import fcntl
import json
import os
import socket
import struct
import subprocess
import termios

from env import Skip, terminal

EXAMPLE = "931803523.006848 54.3776 http 7320 38891 206.132.179.35 128.32.162.134 RSTO X %103\n"
UTC = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}


def report(env, text, *args, **environment):
    return env.run("report", *args, input=text, stdin=None, env={**UTC, **environment}).stdout


def record(**columns):
    base = {"ts": 931803523.5, "id.orig_h": "10.0.0.1", "id.orig_p": 4000, "id.resp_h": "10.0.0.2", "id.resp_p": 8080,
            "proto": "tcp", "duration": 90.5, "orig_bytes": 7, "resp_bytes": 1234567, "conn_state": "SF"}
    base.update(columns)
    return json.dumps({k: v for k, v in base.items() if v is not None}) + "\n"


def test_the_line_of_hot_report(env):
    assert report(env, EXAMPLE, "-n", "-x") == \
        "Jul 12 18:18:43  128.32.162.134 7320b >] 206.132.179.35/http 38891b 54.4s %103\n"
    assert report(env, EXAMPLE, "-n") == \
        "Jul 12 18:18:43  128.32.162.134 7.32kB >] 206.132.179.35/http 38.9kB 54.4s %103\n"
    assert report(env, record(), "-n") == "Jul 12 18:18:43 *10.0.0.1 7B > 10.0.0.2/8080/tcp 1.23MB 1:31min\n"
    assert report(env, record(service="ssl", **{"id.resp_h": "fd00::1"}), "-n", "-x") == \
        "Jul 12 18:18:43  10.0.0.1 7b > fd00::1/ssl 1234567b 90.5s\n"
    assert report(env, record(proto="icmp", duration=None, orig_bytes=None, resp_bytes=None, conn_state="OTH"), "-n") == \
        "Jul 12 18:18:43 *10.0.0.1 ? ?>? 10.0.0.2/icmp ? ?\n"


def test_the_symbols_of_the_states(env):
    symbols = {"S0": "}", "S1": ">", "SF": ">", "REJ": "[", "S2": "}2", "S3": "}3", "RSTO": ">]", "RSTR": ">[", "RSTOS0": "}]",
               "RSTRH": "<[", "SH": ">h", "SHR": "<h", "OTH": "?>?"}
    lines = report(env, "".join(record(conn_state=s) for s in symbols), "-n").splitlines()
    assert len(lines) == len(symbols)
    for (state, symbol), line in zip(symbols.items(), lines):
        words = line.split()
        if state in ("S0", "S1", "REJ"):  # no sizes: that distinguishes S1 from SF
            assert words[3:] == ["*10.0.0.1", symbol, "10.0.0.2/8080/tcp"], line
        else:
            assert words[3:6] == ["*10.0.0.1", "7B", symbol] and len(words) == 9, line


def test_the_star_is_hot_reports(env):
    for columns, star in (({"service": "http"}, " "), ({"service": "ssl"}, " "), ({"service": "ssh"}, "*"),
                          ({"service": "ftp-data"}, " "), ({"service": "smtp"}, " "), ({"service": "smtp", "orig_bytes": 6}, "*"),
                          ({"service": "finger", "conn_state": "REJ"}, " "), ({"service": "finger"}, "*"),
                          ({"service": "telnet"}, "*"), ({"service": "telnet", "resp_bytes": 900, "duration": 9}, " ")):
        assert report(env, record(**columns), "-n")[16] == star, columns


def test_times_as_cf_has_them(env):
    early = EXAMPLE.replace("931803523", "9")
    for args, environment, time in (
            ([], {}, "Jul 12 18:18:43"), (["-l"], {}, "Jul 12 18:18:43 1999"),
            (["-f", "%Y-%m-%d %H:%M"], {}, "1999-07-12 18:18"), (["-l", "-f", ""], {}, "Jul 12 18:18:43"),
            (["-f", "%Y", "-l"], {}, "Jul 12 18:18:43 1999"), ([], {"CFTIMEFMT": "%H"}, "18             "),
            (["-l"], {"CFTIMEFMT": "%H"}, "Jul 12 18:18:43 1999"), ([], {"TZ": "UTC-5"}, "Jul 12 23:18:43"),
            (["-u"], {"TZ": "UTC-5"}, "Jul 12 18:18:43")):
        out = report(env, EXAMPLE, "-n", *args, **environment)
        assert out.startswith(time + "  128."), (args, environment, out)
    assert report(env, early, "-n").startswith("Jan  1 00:00:09  128.")
    assert report(env, early, "-n", "-s").startswith("9.006848         128.")  # eight characters are not a time
    assert report(env, "1" + early, "-n", "-s").startswith("Jan  1 00:00:19  128.")


def test_names_come_from_the_resolver(env):
    if socket.getnameinfo(("127.0.0.1", 0), 0)[0] != "localhost":
        raise Skip("the resolver does not know localhost")
    out = report(env, record(**{"id.resp_h": "127.0.0.1"}))
    assert "> localhost/8080/tcp" in out, out
    assert "> 127.0.0.1/8080/tcp" in report(env, record(**{"id.resp_h": "127.0.0.1"}), "-n")


def test_any_log_is_read(env):
    capture = env.capture("http.pcap")
    want = None
    for form in ("zeek", "json"):
        path = "%s/conn.%s" % (env.tmp, form)
        with open(path, "w") as f:
            f.write(env.run("-q", "--seed", "x", "--format", form, capture).stdout)
        out = env.run("report", "-n", path, env=UTC).stdout
        assert out and (want is None or out == want), form
        want = out
    with open(path) as f:
        assert report(env, f.read(), "-n", "-") == want


def test_a_hostile_log_cannot_write_to_the_terminal(env):
    text = record(service="ht\x1b[2Jtp\n", conn_state="\x1b]0;x\x07", addl="\u202e\x00\r x", proto="\x1b")
    for args in (["-n"], ["-n", "--summary"]):
        out = report(env, text * 3, *args)
        assert all(c == "\n" or " " <= c <= "~" for c in out), out
    assert len(report(env, text, "-n").splitlines()) == 1


def big_log():
    lines = []
    for i in range(300):
        lines.append(record(**{"id.orig_h": "10.0.%d.%d" % (i % 3, i % 50), "id.resp_h": "2001:db8:ffff:eeee::%x" % (i % 7)},
                            ts=931803523 + i, duration=i + 0.5, orig_bytes=i * 1000, service=("http", "ssl,http", "dns")[i % 3],
                            conn_state=("SF", "S0", "RSTO")[i % 3]))
    return "".join(lines)


def test_the_summary_counts_right(env):
    out = report(env, big_log(), "-n", "--summary", "--top", "3")
    tables = out.split("\n\n")
    assert tables[0].splitlines()[0] == "300 connections" and "sent 44.9 MB" in tables[0], tables[0]
    assert [t.split()[0] for t in tables[1:]] == ["hosts", "services", "states", "longest", "largest"], out
    assert len(tables[1].splitlines()) == len(tables[4].splitlines()) == 4
    services = sorted(line.split()[:2] for line in tables[2].splitlines()[1:])
    assert services == [["dns", "100"], ["http", "100"], ["ssl,http", "100"]], services
    states = [line.split()[:2] for line in tables[3].splitlines()[1:]]
    assert sorted(states) == [[">", "SF"], [">]", "RSTO"], ["}", "S0"]], states
    assert [line.split()[0] for line in tables[4].splitlines()[1:]] == ["5:00min", "4:59min", "4:58min"], tables[4]
    hosts = tables[1].splitlines()
    assert hosts[1].split()[0].startswith("2001:db8:ffff:eeee::") and "#" in hosts[1], hosts
    assert report(env, "", "-n", "--summary", "--from", "json").splitlines()[0] == "0 connections"


def test_the_summary_fits_the_terminal(env):
    for columns in ("40", "60", "80", "100"):
        for locale in ("C", "C.UTF-8"):
            out = report(env, big_log(), "-n", "--summary", COLUMNS=columns, LC_ALL=locale)
            widest = max(map(len, out.splitlines()))
            assert widest <= int(columns), (columns, locale, widest, out)
            assert ("█" in out) == (locale != "C")
    assert max(map(len, report(env, big_log(), "-n", "--summary").splitlines())) <= 80
    parent, child = terminal()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 66, 0, 0))
    path = env.tmp + "/conn.json"
    with open(path, "w") as f:
        f.write(big_log())
    done = subprocess.run([env.connlog, "report", "-n", "--summary", path], stdin=subprocess.DEVNULL, stdout=child,
                          env={k: v for k, v in UTC.items() if k != "COLUMNS"}, timeout=60)
    os.close(child)
    out = b""
    try:
        while True:
            got = os.read(parent, 65536)
            if not got:
                break
            out += got
    except OSError:
        pass
    lines = out.decode().replace("\r", "").splitlines()
    assert done.returncode == 0 and 60 < max(map(len, lines)) <= 66, lines


def example(env, command):
    """Returns the output of a command as docs/REPORT.md shows it."""
    with open(env.root + "/docs/REPORT.md") as f:
        return f.read().split("\n$ %s\n" % command)[1].split("\n```")[0] + "\n"


def put(env, name, *records):
    with open(os.path.join(env.tmp, name), "w") as f:
        f.write("".join(records))
    return name


def diff(env, a, b, *args, code=1):
    return env.run("report", "--diff", *args, put(env, "a.json", *a), put(env, "b.json", *b), code=code).stdout


def test_a_difference_is_what_the_documentation_shows(env):
    capture = env.capture("http.pcap")
    put(env, "conn.log", env.run("--seed", "x", capture).stdout)
    old = env.run("--seed", "y", "--fields=-history", "--where", "id.resp_p != 22", capture).stdout
    put(env, "old.log", old.replace("\tSF\t", "\tS3\t", 1).replace("\tdns\t", "\t-\t"))
    command = "report --diff conn.log old.log"
    assert env.run(*command.split(), code=1).stdout == example(env, "connlog " + command)


def test_the_longest(env):
    put(env, "conn.log", env.run("--seed", "x", env.capture("http.pcap")).stdout)
    command = "report --longest -n -u --top 5 conn.log"
    assert env.run(*command.split(), env=UTC).stdout == example(env, "connlog " + command)
    out = report(env, big_log() + record(duration=None), "--longest", "-n", "-x", "--top", "300").splitlines()
    assert out[0].startswith("The 300 longest of 301 connections,") and "of 1 no duration is known" in out[1], out[:2]
    assert [float(line.split()[0]) for line in out[4:]] == [i + 0.5 for i in reversed(range(300))]
    assert out[4].split()[1:4] == ["RSTO", "299000", "1234567"], out[4]
    assert len(report(env, big_log(), "--longest", "-n", "--where", "duration < 3.0").splitlines()) == 4 + 3
    assert report(env, "", "--longest", "--from", "json").startswith("The 0 longest of 0 connections")


def attempts():
    def row(i, orig, resp, port, state, **columns):
        return record(ts=1700000000 + i / 100, conn_state=state, orig_bytes=None, resp_bytes=None, duration=None,
                      **{"id.orig_h": orig, "id.resp_h": resp, "id.resp_p": port, **columns})

    ports = [row(i, "10.0.0.5", "10.0.0.9", i + 1, "SF" if i in (21, 79) else "REJ") for i in range(1000)]
    hosts = [row(i, "10.0.0.6", "192.0.2.%d" % (i + 1), 22, "S0" if i % 50 else "RSTO") for i in range(254)]
    pings = [row(i, "10.0.0.7", "198.51.100.%d" % (i + 1), 0, "OTH", proto="icmp", resp_pkts=i % 10 // 9) for i in range(20)]
    few = [row(i, "10.0.0.4", "198.51.100.%d" % (i + 1), 443, "S0") for i in range(15)]
    no_scan = [row(i, "10.0.0.3", "198.51.100.%d" % (i + 1), 443, "S0") for i in range(14)]
    answered = [row(i, "10.0.0.8", "203.0.113.%d" % (i + 1), 443, "SF" if i % 3 == 0 else "S0") for i in range(100)]
    again = [row(i, "10.0.0.2", "203.0.113.%d" % (i % 3), 443, "S0") for i in range(100)]
    midstream = [row(i, "10.0.0.1", "203.0.113.%d" % (i + 1), 443, "OTH") for i in range(100)]
    return ports + hosts + pings + few + no_scan + answered + again + midstream


def test_scans(env):
    put(env, "conn.json", *attempts())
    command = "report --scans -n -u conn.json"
    out = env.run(*command.split(), env=UTC).stdout
    assert out == example(env, "connlog " + command)
    assert len(env.run(*command.split(), "--top", "2").stdout.splitlines()) == 4 + 2
    assert env.run(*command.split(), "--where", "id.resp_p != 22").stdout.startswith("3 scans:")
    for i, line in enumerate(out.splitlines()[4:]):  # three times the stated error
        assert abs(int(line.split()[0].strip("~").replace(",", "")) - (1000, 254, 20, 15)[i]) <= 0.1 * (1000, 254, 20, 15)[i], line
    few = env.run(*command.split(), "--rows", "20").stdout
    assert "groups with the fewest targets were dropped" in few and "10.0.0.5 tried ports of 10.0.0.9/tcp: 1, 2, 3" in few, few
    assert report(env, "", "--scans", "--from", "json").startswith("0 scans")


def returns():
    def rows(orig, port, times, **columns):
        return [record(ts=1700000000 + t, **{"id.orig_h": orig, "id.resp_p": port}, **columns) for t in times]

    even = rows("10.0.0.5", 443, [i * 60 for i in range(100)])
    uneven = rows("10.0.0.6", 8443, [i * 300 + i * i * 37 % 61 for i in range(50)])
    missing = rows("10.0.0.7", 53, [i * 10 for i in range(40) if i % 7], proto="udp")
    random = rows("10.0.0.8", 443, [i * i * 7919 % 100003 for i in range(100)])
    quick = rows("10.0.0.9", 443, [i / 10 for i in range(100)])
    few = rows("10.0.0.4", 443, [i * 60 for i in range(7)])
    return even[::-1] + uneven + missing + random + quick + few


def test_beacons(env):
    put(env, "conn.json", *returns())
    command = "report --beacons -n -u conn.json"
    out = env.run(*command.split(), env=UTC).stdout
    assert out == example(env, "connlog " + command)
    lines = out.splitlines()[4:]
    assert [line.split(" > ")[0].split()[-1] for line in lines] == ["10.0.0.5", "10.0.0.7", "10.0.0.6"], lines
    assert len(env.run(*command.split(), "--top", "1").stdout.splitlines()) == 4 + 1
    assert env.run(*command.split(), "--where", "id.resp_p == 443").stdout.startswith("1 beacon:")
    hosts = [record(ts=1700000000, **{"id.orig_h": "10.1.0.%d" % i}) for i in range(100)]
    few = report(env, "".join(returns() + hosts), "--beacons", "-n", "--rows", "20")
    assert "groups with the fewest connections were dropped" in few and few.startswith("3 beacons:"), few
    assert report(env, "", "--beacons", "--from", "json").startswith("0 beacons")


def test_logs_of_one_traffic_are_equal(env):
    """Uids, the order of records and the format make no difference."""
    capture = env.capture("tcp-states.pcap")
    put(env, "a.log", env.run("--seed", "x", capture).stdout)
    lines = env.run("--seed", "y", "--format", "json", capture).stdout.splitlines(True)
    put(env, "b.json", *reversed(lines))
    said = env.run("report", "--diff", "a.log", "b.json").stdout
    assert said == "%d records in A, %d in B: %d are the same, 0 differ, 0 only in A, 0 only in B\n" % ((len(lines),) * 3), said
    assert diff(env, [], [], code=0).startswith("0 records in A, 0 in B")


def test_records_are_paired_with_the_nearest(env):
    out = diff(env, [record(ts=10), record(ts=20, duration=2)], [record(ts=19.5, duration=3)])
    assert out.splitlines()[:4] == ["< 10.000000 10.0.0.1 4000 10.0.0.2 8080 tcp - SF -",
                                    "~ 20.000000 10.0.0.1 4000 10.0.0.2 8080 tcp - SF -",
                                    "    ts: 20.000000 | 19.500000", "    duration: 2.000000 | 3.000000"], out
    assert "1 in B: 0 are the same, 1 differ, 1 only in A, 0 only in B" in out, out
    twice = [record(ts=10, duration=d) for d in (1, 2, 3)]
    out = diff(env, twice, [twice[2], twice[0]])
    assert "2 are the same, 0 differ, 1 only in A, 0 only in B" in out, out
    swapped = record(**{"id.orig_h": "10.0.0.2", "id.orig_p": 8080, "id.resp_h": "10.0.0.1", "id.resp_p": 4000})
    out = diff(env, [record()], [swapped])
    assert "1 differ, 0 only in A" in out and "    id.orig_p: 4000 | 8080\n" in out, out
    out = diff(env, [record(tunnel_parents=["Ca"])], [record(tunnel_parents=["Cb"])], code=0)
    assert "1 are the same" in out
    out = diff(env, [record(tunnel_parents=["Ca"])], [record(tunnel_parents=["Cb", "Cc"])])
    assert "    tunnel_parents: (1) | (2)\n" in out, out
    out = diff(env, [record(service="a\x1b[2J")], [record(service=None)])
    assert "    service: a\\x1b[2J | -\n" in out, out


def test_logs_larger_than_memory_differ_in_the_same_way(env):
    """Some 4 MB of rows with 1 MB allowed: compared in parts, through temporary files that are removed."""
    a = [record(ts=1000 + i // 3, **{"id.orig_p": 1024 + i % 60000, "id.orig_h": "10.0.%d.%d" % (i % 200, i // 200 % 250)}) for i in range(12000)]
    b = [line if i % 50 else line.replace('"SF"', '"S1"') for i, line in enumerate(a) if i % 70]
    whole = diff(env, a, b)
    temporary = env.tmp + "/temporary"
    os.makedirs(temporary)
    parts = env.run("report", "--diff", "--memory", "1M", "a.json", "b.json", code=1, env={**os.environ, "TMPDIR": temporary}).stdout
    assert parts == whole and len(whole.splitlines()) > 400, (len(parts), len(whole))
    assert not os.listdir(temporary)
    done = env.run("report", "--diff", "--memory", "1M", "a.json", "b.json", code=2, env={**os.environ, "TMPDIR": "/none"})
    assert "TMPDIR" in done.stderr, done.stderr
    for args, said in ((["--memory", "5M", "a.json"], "--diff"), (["--diff", "--memory", "9", "a.json", "b.json"], "1M or more")):
        assert said in env.run("report", *args, code=2).stderr


def test_differences_of_some_records(env):
    a, b = [record(ts=1), record(ts=2, proto="udp")], [record(ts=1), record(ts=2, proto="udp", orig_bytes=9)]
    assert "1 records in A, 1 in B: 1 are the same" in diff(env, a, b, "--where", 'proto == "tcp"', code=0)
    for args, said in ((["a.json"], "two logs"), (["-", "-"], "two logs"), (["a.json", "b.json", "-x"], "go with it"),
                       (["a.json", "b.json", "--summary"], "exclude each other"), (["a.json", "/nowhere"], "/nowhere")):
        done = env.run("report", "--diff", *args, code=2)
        assert said in done.stderr and not done.stdout, (args, done.stderr)
    put(env, "b.json", record(), "nonsense\n")
    assert "line 2" in env.run("report", "--diff", "a.json", "b.json", code=2).stderr


def test_wrong_command_lines_and_inputs(env):
    for args, said in ((["--top", "0"], "from 1 to"), (["--top", "x"], "from 1 to"), (["--from", "xml"], "known are"),
                       (["--html", "x.html", "-n"], "--html writes a page"), (["-Z"], "unknown option -Z"), (["--summary", "--longest"], "exclude each other")):
        done = env.run("report", *args, input=EXAMPLE, stdin=None, code=2)
        assert said in done.stderr and not done.stdout, (args, done.stderr)
    done = env.run("report", "-n", "/nowhere/conn.log", code=1)
    assert "/nowhere/conn.log" in done.stderr
    done = env.run("report", "-n", input=EXAMPLE + "nonsense\n" + EXAMPLE, stdin=None, code=1)
    assert len(done.stdout.splitlines()) == 2 and "line 2" in done.stderr, done.stderr
    help_text = env.run("report", "--help").stdout
    for word in ("-n, --numeric", "--summary", "--html", "CFTIMEFMT"):
        assert word in help_text, word


def test_a_reader_that_goes_away_is_no_error(env):
    with open(env.tmp + "/conn.log", "w") as f:
        f.write(EXAMPLE * 5000)
    out = env.must("bash", "-c", "set -o pipefail; %s report -n conn.log | head -1" % env.connlog, env=UTC)
    assert len(out.splitlines()) == 1


def test_the_manual_page_has_every_option(env):
    with open(env.root + "/man/connlog-report.1") as f:
        page = f.read().replace("\\-", "-")
    for row in env.run("report", "--help").stdout.splitlines():
        words = row.split()
        for word in words[:2]:
            if row.startswith("  -") and word.startswith("--"):
                assert "Fl -" + word.strip("-,") in page, word
