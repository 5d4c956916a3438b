"""Logs converted to logs: `connlog convert`, every format there and back, and logs as found in the wild."""
import glob
import gzip
import json
import os
import select
import subprocess
import zlib

import roundtrip

HEADER = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
          "#open\t2020-01-01-00-00-00\n")
SMALL = ("#fields\tts\tuid\tid.orig_h\tid.resp_p\ttunnel_parents\n#types\ttime\tstring\taddr\tport\tset[string]\n"
         "1257655302.250000\tCa\t10.0.0.1\t80\tC1,C2\n1257655303.000000\t-\tfe80::1\t-\t(empty)\n")


def all_logs(env, *options):
    """Returns one log of all the captures."""
    captures = sorted(glob.glob(env.captures + "/*.pcap") + glob.glob(env.captures + "/*.pcapng"))
    assert captures, env.captures
    return "".join(env.run("-q", *options, capture).stdout for capture in captures)


def convert(env, to, text, *options, code=0):
    """Returns (standard output, standard error)."""
    done = env.run("convert", "--to", to, *options, code=code, stdin=None, input=text)
    return done.stdout, done.stderr


def lines(text):
    return [line for line in text.splitlines() if not line.startswith(("#open", "#close"))]


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_every_format_there_and_back(env):
    assert {*roundtrip.KEEPS, "parquet"} == {line.split()[0] for line in env.run("--help", "formats").stdout.splitlines()
                                    if line.startswith("  ") and line[2] != " "}
    for options in ([], ["--fields", "all"]):
        log = all_logs(env, *options)
        assert len(roundtrip.rows(log)) > 100
        for name in roundtrip.KEEPS:
            assert roundtrip.differences(env.connlog, log, name) == []


def test_rows_stay_to_the_byte(env):
    log = all_logs(env, "--seed", "x")
    for name in ("zeek", "json", "csv"):
        back = convert(env, "zeek", convert(env, name, log)[0])[0]
        assert [x for x in back.splitlines() if x[0] != "#"] == [x for x in log.splitlines() if x[0] != "#"], name
    assert lines(convert(env, "zeek", HEADER + SMALL)[0]) == lines(HEADER + SMALL)


def test_zeek_to_json_is_what_zeek_writes(env):
    got = objects(convert(env, "json", HEADER + SMALL)[0])
    assert got == [{"ts": 1257655302.25, "uid": "Ca", "id.orig_h": "10.0.0.1", "id.resp_p": 80,
                    "tunnel_parents": ["C1", "C2"]},
                   {"ts": 1257655303.0, "id.orig_h": "fe80::1", "tunnel_parents": []}], got
    assert convert(env, "json", HEADER + SMALL)[0].startswith('{"ts":1257655302.25,"uid":"Ca",')
    iso = convert(env, "json", HEADER + SMALL, "--json-timestamps", "JSON::TS_ISO8601")[0]
    assert iso.startswith('{"ts":"2009-11-08T04:41:42.250000Z"'), iso


def test_bro2_has_the_columns_of_its_time(env):
    text, said = convert(env, "bro2", all_logs(env))
    header = dict(line.split("\t", 1) for line in text.splitlines() if line.startswith("#") and "\t" in line)
    assert header["#fields"].split("\t") == roundtrip.BRO2
    assert header["#types"].replace("\t", " ") == (
        "time string addr port addr port enum string interval count count string bool count string count count count "
        "count set[string]")
    assert said.count("warning") == 1 and "local_resp,ip_proto" in said, said
    assert convert(env, "bro2", all_logs(env), "-q")[1] == ""


def test_any_header(env):
    rows = "1.5|Ca|10.0.0.1|80|C1;C2\n2.5|NIL|10.0.0.1|NIL|EMPTY\n"
    text = ("#separator |\n#set_separator|;\n#empty_field|EMPTY\n#unset_field|NIL\n"
            "#fields|ts|uid|id.orig_h|id.resp_p|tunnel_parents\n" + rows)
    got = objects(convert(env, "json", text)[0])
    assert got[0]["tunnel_parents"] == ["C1", "C2"] and "uid" not in got[1] and got[1]["tunnel_parents"] == [], got
    long = text.replace("#separator |", "#separator ::").replace("|", "::")
    assert objects(convert(env, "json", long)[0]) == got
    # joined from two logs, the first without its footer and with Windows line endings
    both = (HEADER + SMALL).replace("\n", "\r\n") + text
    back = convert(env, "json", both)[0]
    assert len(objects(back)) == 4 and objects(back)[2:] == got, back
    # old types, nothing after the last row
    old = HEADER + SMALL.replace("set[string]", "table[string]")
    assert len(objects(convert(env, "json", old.rstrip("\n"))[0])) == 2
    assert convert(env, "json", old.replace("id.orig_h", "id_orig_h"))[0] == convert(env, "json", HEADER + SMALL)[0]


def test_another_header_gives_another_header(env):
    other = HEADER + "#fields\tts\tduration\n#types\ttime\tinterval\n5.000000\t1.000000\n"
    got = lines(convert(env, "zeek", HEADER + SMALL + HEADER + SMALL + other)[0])
    assert sum(line.startswith("#fields") for line in got) == 2, got
    assert got[-1] == "5.000000\t1.000000"


def test_unknown_columns_are_kept(env):
    text = HEADER + ("#fields\tts\torig_cc\thops\tmos\tsure\tweights\ttags\n"
                     "#types\ttime\tstring\tcount\tdouble\tbool\tvector[double]\tset[string]\n"
                     "1.000000\tDE\t7\t4.25\tT\t1.5,2.0\ta\\x2cb,c\n2.000000\t-\t-\t-\t-\t-\t(empty)\n")
    js = convert(env, "json", text)[0]
    assert objects(js) == [{"ts": 1.0, "orig_cc": "DE", "hops": 7, "mos": 4.25, "sure": True, "weights": [1.5, 2.0],
                            "tags": ["a,b", "c"]}, {"ts": 2.0, "tags": []}], js
    assert lines(convert(env, "zeek", text)[0]) == lines(text)
    back = convert(env, "zeek", js, "--fields", "ts,orig_cc,hops,mos,sure,weights,tags")[0]
    assert [x for x in lines(back) if x[0] != "#"] == [x for x in lines(text) if x[0] != "#"], back
    csv = convert(env, "csv", text)[0]
    assert csv.splitlines()[0] == "ts,orig_cc,hops,mos,sure,weights,tags", csv
    assert roundtrip.rows(convert(env, "zeek", csv)[0])[0]["hops"] == "7"
    said = convert(env, "bro2", text)[1]
    assert "orig_cc,hops,mos,sure,weights,tags" in said, said


def test_fields(env):
    def fields(*options, text=HEADER + SMALL):
        return convert(env, "zeek", text, *options)[0].split("#fields\t")[1].split("\n")[0].split("\t")

    assert fields() == ["ts", "uid", "id.orig_h", "id.resp_p", "tunnel_parents"]
    assert fields("--fields", "-uid") == ["ts", "id.orig_h", "id.resp_p", "tunnel_parents"]
    assert fields("--fields", "+proto,+uid")[-2:] == ["tunnel_parents", "proto"]
    assert fields("--fields", "uid,ts") == ["uid", "ts"]
    assert "orig_cc" in fields("--fields", "ts,orig_cc", text=HEADER + SMALL.replace("uid", "orig_cc"))
    assert "unknown field" in convert(env, "zeek", HEADER + SMALL, "--fields", "nothing", code=2)[1]
    assert "columns of its own" in convert(env, "bro2", HEADER + SMALL, "--fields", "ts", code=2)[1]
    assert fields(text="") == fields(text="\n")           # an empty log is a log


def test_json_as_it_is_found(env):
    rows = ['{"ts":"2009-11-18T20:58:04.321000Z","id":{"orig_h":"10.0.0.1","orig_p":"80"},"local_orig":"true"}',
            '{"ts":"2009-11-18T21:58:04.321+01:00","id.orig_h":"10.0.0.1","id.orig_p":80,"local_orig":true}',
            ' { "ts" : 1258577884321 , "id_orig_h":"10.0.0.1", "id.orig_p": 80.0, "local_orig":"T", "uid":null } ',
            '{"ts":1258577884.321,"local_orig":1,"id.orig_h":"10.0.0.1","id.orig_p":80}']
    want = {"ts": "1258577884.321000", "id.orig_h": "10.0.0.1", "id.orig_p": "80", "local_orig": "T", "uid": "-"}
    for end in ("\n", "\r\n"):
        found = roundtrip.rows(convert(env, "zeek", end.join(rows) + end)[0])
        assert [{k: row[k] for k in want} for row in found] == [want] * 4, found
    text = '{"uid":"\\u00e9\\ud83d\\ude00\\/\\n","service":["http","ssl"],"history":"\\\\xff","proto":"\\\\x41"}\n'
    row = roundtrip.rows(convert(env, "zeek", text)[0])[0]
    assert row["uid"] == "\\xc3\\xa9\\xf0\\x9f\\x98\\x80/\\x0a", row
    assert (row["service"], row["history"], row["proto"]) == ("http,ssl", "\\xff", "\\\\x41"), row
    assert convert(env, "json", text)[0].startswith('{"uid":"é😀/\\n","proto":"\\\\x41",'), convert(env, "json", text)[0]


def test_columns_that_come_late_in_json(env):
    text = '{"ts":1.0}\n' * 40000 + '{"ts":2.0,"vlan":5,"late":"x"}\n'
    out, _ = convert(env, "zeek", text)
    assert out.count("#fields") == 2 and out.count("#close") == 2
    assert roundtrip.rows(out)[-1]["vlan"] == "5" and roundtrip.rows(out)[-1]["late"] == "x"
    out, said = convert(env, "csv", text)
    assert "vlan,late" in said and out.splitlines()[-1].startswith("2.000000,")
    early = '{"ts":1.0}\n{"ts":2.0,"vlan":5,"late":"x"}\n'
    out, said = convert(env, "csv", early)
    assert said == "" and out.splitlines()[0].endswith("ip_proto,vlan,late"), out


def test_csv(env):
    text = "\ufeffts,uid,service,note\r\n1.5,\"a,b\",\"\",\"say \"\"hi\"\"\nthere\"\r\n2.5,,,\r\n"
    out, _ = convert(env, "json", text)
    assert objects(out) == [{"ts": 1.5, "uid": "a,b", "service": "", "note": 'say "hi"\nthere'}, {"ts": 2.5}], out
    assert convert(env, "csv", out, "--fields", "ts,uid,service,note")[0] == (
        'ts,uid,service,note\n1.5,"a,b","","say ""hi""\nthere"\n2.5,,,\n'.replace("1.5,", "1.500000,")
        .replace("2.5,", "2.500000,"))
    done = env.run("convert", "--to", "json", code=1, stdin=None, input=text + '3.5,"open\n4.5,,,\n')
    assert "line 5: a quote that is not closed" in done.stderr and len(objects(done.stdout)) == 2, done.stderr


def test_packed_and_several_files(env):
    log = HEADER + SMALL
    with open(env.tmp + "/a.log", "w") as f:
        f.write(log)
    with gzip.open(env.tmp + "/b.log", "wt") as f:
        f.write(log)
    with open(env.tmp + "/c.log", "w") as f:
        f.write(convert(env, "json", log)[0])
    files = ["a.log", "b.log", "c.log"]
    if subprocess.run(["sh", "-c", "command -v zstd"], stdout=subprocess.DEVNULL).returncode == 0:
        env.must("zstd", "-q", "a.log", "-o", "d.zst")
        files.append("d.zst")
    assert len(objects(env.run("convert", "--to", "json", *files).stdout)) == 2 * len(files)
    env.run("convert", "--to", "csv", "-o", "out.csv", *files[:2])
    with open(env.tmp + "/out.csv") as f:
        assert len(f.readlines()) == 5
    assert not [name for name in os.listdir(env.tmp) if "tmp-" in name]


def test_bad_lines_are_told_and_left_out(env):
    rows = SMALL + "soon\tCb\t10.0.0.1\t80\t-\n1.000000\tCb\n3.000000\tCc\t10.0.0.300\t80\t-\n4.000000\tCd\t-\t80\t-\n"
    out, said = convert(env, "json", HEADER + rows, code=1)
    assert [row.get("uid") for row in objects(out)] == ["Ca", None, "Cd"], out
    for word in ("standard input: line 11: ts is not a time", "line 12: fewer columns than the 5",
                 "line 13: id.orig_h is not an IP address"):
        assert word in said, said
    out, said = convert(env, "zeek", '{"ts":1.0}\n{"ts":2.0\n[]\n{"ts":3.0} x\n{"ts":"soon"}\n{"ts":4.0}\n', code=1)
    assert len(roundtrip.rows(out)) == 2 and said.count("standard input: line") == 4, said
    long = HEADER + SMALL + "1.0\t" + "x" * (2 << 20) + "\t-\t-\t-\n" + SMALL.splitlines()[2] + "\n"
    out, said = convert(env, "json", long, code=1)
    assert len(objects(out)) == 3 and "line 11: longer than" in said, said


def test_wrong_inputs_and_options(env):
    for text, word in (("what is this\n", "begins like no log"), ("1.0\tC\n", "begins like no log")):
        assert word in convert(env, "json", text, code=1)[1]
    assert "#fields" in convert(env, "json", "1.0\tC\n", "--from", "zeek", code=1)[1]
    assert "cannot be opened" in env.run("convert", "--to", "json", "no-such-file", code=1).stderr
    assert "--to FORMAT is missing" in env.run("convert", code=2).stderr
    assert "known are zeek json" in env.run("convert", "--to", "xml", code=2).stderr
    assert "known are zeek json" in env.run("convert", "--to", "zeek", "--from", "xml", code=2).stderr
    assert "unknown option --nonsense; `connlog convert --help`" in env.run("convert", "--nonsense", code=2).stderr
    assert "given twice" in env.run("convert", "--to", "zeek", "--to", "json", code=2).stderr
    text = env.run("convert", "--help").stdout
    assert "--to FORMAT" in text and "--no-checksums" not in text and "usage: connlog convert" in text
    done = env.run("convert", "--to", "json", "-o", "nowhere/x", code=1, stdin=None, input=HEADER + SMALL)
    assert "-o wants a folder" in done.stderr


def test_json_streaming(env):
    capture = env.capture("http.pcap")
    text = env.run("--format", "json", "--json-streaming", "--seed", "x", capture).stdout
    for row in objects(text):
        assert list(row)[:3] == ["_path", "_write_ts", "ts"] and row["_path"] == "conn"
        assert row["_write_ts"] >= row["ts"] + row.get("duration", 0)
    assert text == env.run("--format", "json", "--json-streaming", "--seed", "x", capture).stdout
    row = objects(convert(env, "json", HEADER + SMALL, "--json-streaming", "--json-timestamps", "JSON::TS_ISO8601")[0])[0]
    assert row["_write_ts"] > "2024" and row["ts"].startswith("2009"), row
    # and read again: the columns are kept
    assert roundtrip.rows(convert(env, "zeek", text)[0])[0]["_path"] == "conn"


def watch(command, pieces, want):
    """Gives a program its input piece by piece, the next one only when the output caused by the previous one has arrived."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        for piece, mark in zip(pieces, want):
            p.stdin.write(piece)
            p.stdin.flush()
            out = b""
            while mark not in out:
                assert select.select([p.stdout], [], [], 20)[0], "%s shows nothing of %r: %r" % (command, piece, out)
                more = os.read(p.stdout.fileno(), 65536)
                assert more, (command, p.stderr.read())
                out += more
            assert not any(later in out for later in want[want.index(mark) + 1:]), (command, out)
        p.stdin.close()
        p.stdout.read()
        assert p.wait(60) == 0, p.stderr.read()


def test_a_growing_log_can_be_watched(env):
    """Text, JSON and compressed: what has arrived is written before more is read, however little it is."""
    hosts = [b"10.1.2.%d" % i for i in range(1, 5)]
    json_rows = [b'{"ts":1257655302.25,"uid":"C","id.orig_h":"%s","proto":"tcp"}\n' % h for h in hosts]
    header = (HEADER + "#fields\tts\tid.orig_h\n#types\ttime\taddr\n").encode()
    text_rows = [(header if i == 0 else b"") + b"1257655302.25\t%s\n" % h for i, h in enumerate(hosts)]
    gzip_row = zlib.compressobj(wbits=31)
    packed = [gzip_row.compress(row) + gzip_row.flush(zlib.Z_SYNC_FLUSH) for row in text_rows[:-1]]
    packed.append(gzip_row.compress(text_rows[-1]) + gzip_row.flush())
    for rows in (json_rows, text_rows, packed):
        for args in (["convert", "--to", "csv"], ["convert", "--to", "json"], ["report", "-n"], ["cut", "id.orig_h"]):
            watch([env.connlog, *args], rows, hosts)
        # the next file may be slow, too
        os.mkfifo(env.tmp + "/pipe")
        with open(env.tmp + "/first", "wb") as f:
            f.write(text_rows[0])
        with subprocess.Popen([env.connlog, "convert", "--to", "json", env.tmp + "/first", env.tmp + "/pipe"],
                              stdout=subprocess.PIPE) as p:
            assert select.select([p.stdout], [], [], 20)[0] and hosts[0] in os.read(p.stdout.fileno(), 65536)
            with open(env.tmp + "/pipe", "wb") as f:
                f.write(b"".join(rows[1:] if rows is json_rows else rows))
            assert hosts[3] in p.stdout.read() and p.wait(60) == 0
        os.remove(env.tmp + "/pipe")
