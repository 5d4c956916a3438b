"""`connlog cut`: what zeek-cut of Zeek 8.2.2 prints, to the byte; each row was checked against that program.

Where a zeek-cut is in $PATH (or $ZEEK_CUT names one), the last test asks it for every row again.
"""
import gzip
import os
import re
import shutil
import subprocess

from env import Skip

HEAD = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
        "#open\t2026-11-21-10-00-00\n#fields\tts\tuid\tid.orig_h\tservice\ttunnel_parents\n"
        "#types\ttime\tstring\taddr\tstring\tset[string]\n")
A = "1329843175.736107\tCj1\t10.0.0.1\thttp\t(empty)\n"
B = "1329843175.900000\tCj2\t10.0.0.2\t-\tCa,Cb\n"
C = "1329929579.871050\tCj3\tfe80::1\tssl,quic\t(empty)\n"
CLOSE = "#close\t2026-11-21-11-00-00\n"
LOG = HEAD + A + B + C + CLOSE
COMMA = ("#separator ,\n#fields,a,ts,b,ts2\n#types,string,time,count,time\nx,1.5,3,2000000000.25\ny,-,4,-\n#close,x\n")
LABELS = "ts\tuid\tid.orig_h\tservice\ttunnel_parents\n"

# Exit codes that only connlog has: zeek-cut exits with 0 in these cases, too.
LEFT_OUT, UNKNOWN = "left out", "unknown"
OURS, ZEEKS = {LEFT_OUT: 1, UNKNOWN: 2}, {LEFT_OUT: 0, UNKNOWN: 0}

# (arguments, input, output, exit code, environment)
ROWS = [
    # columns
    ([], LOG, A + B + C, 0, {}),
    (["uid"], LOG, "Cj1\nCj2\nCj3\n", 0, {}),
    (["service", "uid"], LOG, "http\tCj1\n-\tCj2\nssl,quic\tCj3\n", 0, {}),
    (["uid", "uid"], LOG, "Cj1\tCj1\nCj2\tCj2\nCj3\tCj3\n", 0, {}),
    (["nothing"], LOG, "\n\n\n", UNKNOWN, {}),
    (["uid", "nothing", "service"], LOG, "Cj1\t\thttp\nCj2\t\t-\nCj3\t\tssl,quic\n", UNKNOWN, {}),
    (["-n", "ts", "id.orig_h", "tunnel_parents"], LOG, "Cj1\thttp\nCj2\t-\nCj3\tssl,quic\n", 0, {}),
    (["-n", "nothing"], LOG, A + B + C, UNKNOWN, {}),
    (["-n"], LOG, A + B + C, 0, {}),
    (["-n"] + LABELS.split(), LOG, "\n\n\n", 0, {}),
    (["uid", "-n", "--", "-x"], LOG, "".join(x.replace("\tCj%d" % i, "") for i, x in enumerate((A, B, C), 1)), UNKNOWN, {}),
    # headers
    (["-c"], LOG, HEAD + A + B + C, 0, {}),
    (["-C"], LOG, LOG, 0, {}),
    (["-c", "uid", "ts"], LOG,
     HEAD[:HEAD.index("#fields")] + "#fields\tuid\tts\n#types\tstring\ttime\nCj1\t1329843175.736107\n"
     "Cj2\t1329843175.900000\nCj3\t1329929579.871050\n", 0, {}),
    (["-m", "uid"], LOG, "uid\nCj1\nCj2\nCj3\n", 0, {}),
    (["-m"], LOG, LABELS + A + B + C, 0, {}),
    (["-m", "-n", "uid", "ts"], HEAD + A, "id.orig_h\tservice\ttunnel_parents\n10.0.0.1\thttp\t(empty)\n", 0, {}),
    (["-c", "x", "uid"], COMMA, "#separator ,\n#fields,,\n#types,,\n,\n,\n", UNKNOWN, {}),
    (["-cm"], HEAD + A, LABELS + A, 0, {}),
    (["-mC"], HEAD + A, HEAD + A, 0, {}),
    # several logs in one input
    (["-c", "uid"], HEAD + A + CLOSE + HEAD + B, HEAD[:HEAD.index("#fields")] + "#fields\tuid\n#types\tstring\nCj1\nCj2\n",
     0, {}),
    (["-C"], LOG + COMMA, LOG + COMMA, 0, {}),
    (["-M", "ts", "b"], HEAD + A + CLOSE + COMMA, "ts\t\n1329843175.736107\t\nts,b\n1.5,3\n-,4\n", 0, {}),
    (["-m", "ts", "b"], HEAD + A + CLOSE + COMMA, "ts\t\n1329843175.736107\t\n1.5,3\n-,4\n", 0, {}),
    # separators
    (["a", "b"], COMMA, "x,3\ny,4\n", 0, {}),
    (["-F", "\t", "a", "b"], COMMA, "x\t3\ny\t4\n", 0, {}),
    (["-F;", "-c", "a", "b"], COMMA, "#separator ,\n#fields;a;b\n#types;string;count\nx;3\ny;4\n", 0, {}),
    (["-F", "|", "uid", "service"], LOG, "Cj1|http\nCj2|-\nCj3|ssl,quic\n", 0, {}),
    (["b"], COMMA.replace("#separator ,", "#separator \\x2c"), "3\n4\n", 0, {}),
    (["-F", ",", "uid", "service"], LOG[LOG.index("#set"):], "Cj1\thttp\nCj2\t-\nCj3\tssl,quic\n", 0, {}),
    # times
    (["-u", "ts", "uid"], LOG, "2012-02-21T16:52:55+0000\tCj1\n2012-02-21T16:52:55+0000\tCj2\n"
     "2012-02-22T16:52:59+0000\tCj3\n", 0, {}),
    (["-d", "ts"], LOG, "2012-02-21T17:52:55+0100\n2012-02-21T17:52:55+0100\n2012-02-22T17:52:59+0100\n", 0, {}),
    (["-D", "%H", "ts"], LOG, "17\n17\n17\n", 0, {}),
    (["-U", "%H %j", "ts"], LOG, "16 052\n16 052\n16 053\n", 0, {}),
    (["-U", "%H", "-d", "ts"], LOG, "17\n17\n17\n", 0, {}),
    (["-u", "ts"], HEAD + A, "16-52\n", 0, {"ZEEK_CUT_TIMEFMT": "%H-%M"}),
    (["-u", "ts"], HEAD + A, "52\n", 0, {"BRO_CUT_TIMEFMT": "%M"}),
    (["-u", "ts"], HEAD + A, "16\n", 0, {"BRO_CUT_TIMEFMT": "%M", "ZEEK_CUT_TIMEFMT": "%H"}),
    (["-U", "%Y", "ts"], HEAD + A, "2012\n", 0, {"ZEEK_CUT_TIMEFMT": "%H-%M"}),
    (["-uc", "a", "ts2"], COMMA, "#separator ,\n#fields,a,ts2\n#types,string,string\nx,2033-05-18T03:33:20+0000\ny,-\n",
     0, {}),
    (["-U", "%s"], COMMA.replace("x,1.5", "x,+7.5").replace("y,-,", "y, .5,"),
     "x,7,3,2000000000\ny, .5,4,-\n", 0, {"TZ": "UTC"}),
    (["-U", "%Y", "ts", "b"], COMMA.replace("1.5", "99999999999999999999.5").replace("y,-,", "y,-5.0,"),
     "99999999999999999999.5,3\n-5.0,4\n", 0, {}),
    (["-u", "ts", "b"], COMMA.replace("1.5", "nonsense").replace("y,-,", "y,17,"), "nonsense,3\n17,4\n", 0, {}),
    (["-U", "%%" * 120, "ts"], HEAD + A, "1329843175.736107\n", 0, {}),
    (["-u", "ts"], HEAD.replace("#unset_field\t-", "#unset_field\t?") + "?" + A[A.index("\t"):], "?\n", 0, {}),
    # unusual logs
    ([], "", "", 0, {}),
    (["uid"], "\n", "\n", UNKNOWN, {}),
    (["uid"], A + B, "\n\n", UNKNOWN, {}),
    (["-c"], A + B, "\n\n", 0, {}),
    (["uid", "tunnel_parents"], HEAD + "1.5\tCx\n" + A, "Cj1\t(empty)\n", LEFT_OUT, {}),
    (["uid"], HEAD + "1.5\tCx\n" + A, "Cx\nCj1\n", 0, {}),
    ([], HEAD + A[:-1] + "\tmore\n", A, 0, {}),
    (["tunnel_parents"], HEAD + A[:-1] + "\tmore\n", "(empty)\n", 0, {}),
    (["tunnel_parents"], (HEAD + A).replace("\n", "\r\n"), "\n", UNKNOWN, {}),
    (["uid"], (HEAD + A).replace("\n", "\r\n"), "Cj1\n", 0, {}),
    (["tunnel_parents"], HEAD + A[:-1], "(empty\n", 0, {}),
    (["uid"], HEAD + "# a remark\n" + A, "Cj1\n", 0, {}),
    (["-C", "uid"], "#x\n" + A, "#x\n\n", UNKNOWN, {}),
    (["uid"], HEAD + "1.5\tC\0x\ty\n" + A, "C\nCj1\n", 0, {}),
    # headers that cannot be parsed: the output before them stays
    (["uid"], HEAD + A + "#fields\tuid\nC\n", "Cj1\n", 1, {}),
    (["uid"], HEAD + A + "#types\tstring\nC\n", "Cj1\n", 1, {}),
    (["uid"], HEAD + A + "#separator \nC\n", "Cj1\n", 1, {}),
    (["uid"], HEAD + A + "#separator \\x00\nC\n", "Cj1\n", 1, {}),
    (["uid"], HEAD + A + "#unset_field\t\nC\n", "Cj1\n", 1, {}),
    (["-u", "uid", "service"], HEAD + A + "#fields\tuid\tservice\n#types\tstring\n", "Cj1\thttp\n", 1, {}),
    (["uid", "service"], HEAD + A + "#fields\tuid\tservice\n#types\tstring\nC\td\n", "Cj1\thttp\nC\td\n", 0, {}),
]


def check(row, command, codes=OURS):
    arguments, text, want, code, more = row
    code = codes.get(code, code)
    done = subprocess.run(command + arguments, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={"PATH": os.environ["PATH"], "TZ": "Europe/Berlin", **more}, timeout=60)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert (out, done.returncode) == (want, code), "%s %s\n%r\n%s" % (command, row, out, err)
    assert "Sanitizer" not in err and "runtime error" not in err, err
    return err


def test_every_option_on_every_kind_of_log(env):
    assert len(ROWS) > 40
    for row in ROWS:
        check(row, [env.connlog, "cut"])


def test_what_is_left_out_or_left_as_it_is_is_told(env):
    cut = [env.connlog, "cut"]
    for arguments, text, want, code, said in (
            (["uid", "service"], HEAD + "1.5\tCx\n" + A, "Cj1\thttp\n", LEFT_OUT,
             "line 9 is left out: it has fewer than 4"),
            (["-u", "ts"], HEAD + "x" + A, "x1329843175.736107\n", 0, "line 9: x1329843175.736107 is left as it is"),
            (["-U", "%%" * 120, "ts"], HEAD + A, "1329843175.736107\n", 0, "more than 99 bytes"),
            (["-u", "ts"], HEAD + "-7" + A, "-71329843175.736107\n", 0, "no calendar"),
            (["uid"], HEAD + "#types\tx\n", "", 1, "line 9: #types without #fields"),
            (["uid"], "#fields\tuid\n", "", 0, ""),
            (["uid"], "#fields\tuid\n#open\n", "", 1, "line 2 is no #types line"),
            (["uid", "service"], HEAD + "1\tx\n" * 20, "", LEFT_OUT, "15 more"),
            (["-C", "uid"], "#fields\tts\tuid\n#types\n", "#fields\tuid\n", LEFT_OUT, "line 2 is left out"),
            (["nothing", "uid"], LOG, "\tCj1\n\tCj2\n\tCj3\n", UNKNOWN, "no column is called 'nothing', so its place"),
            (["-n", "nothing", "ts"], "#fields\tts\n#types\ttime\n", "", UNKNOWN, "no column is called 'nothing'\n"),
            (["uid", "nothing", "no"], HEAD + "1\n", "", UNKNOWN, "called 'no'")):
        err = check((arguments, text, want, code, {}), cut)
        assert (said in err and err.startswith("connlog: ")) if said else not err, err
        assert len(err.splitlines()) <= 6, err


def test_a_wrong_command_line(env):
    for arguments, said in ((["-x"], "unknown option -x"), (["--nonsense"], "unknown option --nonsense"),
                            (["-F"], "-F wants a value"), (["-F", "ab"], "one character"), (["-F", ""], "one character"),
                            (["-D", "", "ts"], "empty"), (["uid", "-r"], "--read wants a value")):
        done = env.run("cut", *arguments, code=2)
        assert done.stderr.startswith("connlog: ") and said in done.stderr and not done.stdout, (arguments, done.stderr)
    assert "-F CHARACTER" in env.run("cut", "-h").stdout == env.run("cut", "--help").stdout


def test_files_in_place_of_standard_input(env):
    for name, text in (("a.log", LOG), ("b.log", COMMA), ("uid", HEAD + B)):
        with open(os.path.join(env.tmp, name), "w") as f:
            f.write(text)
    assert env.run("cut", "-r", "a.log", "uid").stdout == "Cj1\nCj2\nCj3\n"
    assert env.run("cut", "--read", "b.log", "-r", "uid", "uid", "b").stdout == ",3\n,4\nCj2\t\n"
    assert env.run("cut", "uid", "-r", "-", "-r", "uid", input=HEAD + A, stdin=None).stdout == "Cj1\nCj2\n"
    done = env.run("cut", "-r", "gone.log", "-r", "a.log", "uid", code=1)
    assert done.stdout == "Cj1\nCj2\nCj3\n" and "gone.log: No such file" in done.stderr
    assert "is a directory" in env.run("cut", "-r", ".", code=1).stderr.lower()


def test_long_lines_and_many(env):
    """Covers lines longer than the window, fields longer than the output buffer, and ends of the input at every offset."""
    long = "x" * 700_000
    text = HEAD + A.replace("http", long) + B
    assert env.run("cut", "uid", "service", input=text, stdin=None).stdout == "Cj1\t%s\nCj2\t-\n" % long
    rows = ["%d.5\tC%s\t10.0.0.1\t%s\t-\n" % (i, "u" * (i % 37), "s" * (i % 23)) for i in range(40_000)]
    out = env.run("cut", "service", "uid", "nothing", input=HEAD + "".join(rows), stdin=None, code=2).stdout
    assert out == "".join("%s\tC%s\t\n" % ("s" * (i % 23), "u" * (i % 37)) for i in range(40_000))


def test_a_growing_log_can_be_watched_and_left(env):
    with subprocess.Popen([env.connlog, "cut", "uid"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        p.stdin.write((HEAD + A).encode())
        p.stdin.flush()
        assert p.stdout.readline() == b"Cj1\n"
        p.stdin.write(B[:7].encode())
        p.stdin.flush()
        p.stdin.write(B[7:].encode())
        p.stdin.flush()
        assert p.stdout.readline() == b"Cj2\n"
        p.stdout.close()  # as `head` does
        try:
            p.stdin.write((A * 100_000).encode())
            p.stdin.close()
        except BrokenPipeError:
            pass
        assert p.wait(60) == 0 and p.stderr.read() == b""


def without_clock(text):
    return re.sub(r"#(open|close)\t.*", r"#\1", text)


def test_json_and_packed_logs_give_the_same(env):
    log = env.run("--seed", "x", "-C", env.capture("http.pcap")).stdout
    with open(os.path.join(env.tmp, "conn.log"), "w") as f:
        f.write(log)
    json = env.run("convert", "--to", "json", "conn.log").stdout
    with open(os.path.join(env.tmp, "conn.json"), "w") as f:
        f.write(json)
    inputs = [json.encode(), gzip.compress(json.encode()), gzip.compress(log.encode())]
    if shutil.which("zstd"):
        env.must("zstd", "-q", "conn.log")
        with open(os.path.join(env.tmp, "conn.log.zst"), "rb") as f:
            inputs.append(f.read())
    for args in ([], ["-c"], ["uid", "ts", "nothing"], ["-u", "ts", "uid"], ["-M", "service", "history"], ["-n", "uid"],
                 ["-F", ";", "-C", "tunnel_parents", "duration"]):
        code = 2 if "nothing" in args else 0  # JSON omits a column that is never set, so its absence is not an error
        want = without_clock(env.run("cut", *args, input=log, stdin=None, code=code).stdout)
        assert want.count("\n") > 1
        for given in inputs:
            done = subprocess.run([env.connlog, "cut"] + args, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert done.returncode == code and (b"'nothing'" in done.stderr) == bool(done.stderr) == (code == 2), done
            assert without_clock(done.stdout.decode()) == want, (args, given[:2])
        for name in ("conn.json", "conn.log"):
            assert without_clock(env.run("cut", *args, "-r", name, code=code).stdout) == want, (args, name)
            shell = 'exec "$0" cut -r <(cat "$1") "${@:2}"'
            done = env.command("bash", "-c", shell, env.connlog, name, *args)
            assert (without_clock(done.stdout), done.returncode) == (want, code), (args, name)


def test_json_that_is_damaged(env):
    text = '{"ts":1.5,"uid":"C1"}\nnonsense\n{"ts":2.5,"uid":"C3","x":"a\\tb"}\n'
    done = env.run("cut", "uid", "ts", "x", input=text, stdin=None, code=1)
    assert done.stdout == "C1\t1.500000\t-\nC3\t2.500000\ta\\x09b\n", done.stdout
    assert "line 2" in done.stderr
    assert env.run("cut", "uid", input="{", stdin=None, code=1).stdout == ""


def test_a_full_disk_is_told(env):
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([env.connlog, "cut"], input=LOG.encode(), stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space left" in done.stderr, done


def test_the_original_prints_the_same(env):
    original = os.environ.get("ZEEK_CUT") or shutil.which("zeek-cut")
    if not original:
        raise Skip("no zeek-cut here")
    for row in ROWS:
        check(row, [original], ZEEKS)
