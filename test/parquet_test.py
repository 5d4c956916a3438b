"""Parquet: the same values through a separate reader, the metadata, folders by hour, and that no file is ever half there."""
import glob
import json
import os
import re
import signal
import struct
import subprocess
import time
from datetime import datetime, timezone

import parquet_reader
from env import terminal

HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"


def all_captures(env):
    found = sorted(glob.glob(env.captures + "/*.pcap") + glob.glob(env.captures + "/*.pcapng"))
    assert len(found) > 10, env.captures
    return found


def json_rows(text):
    """Returns the rows of Zeek's JSON as they should come out of Parquet."""
    found = [json.loads(line) for line in text.splitlines()]
    for row in found:
        if "ts" in row:
            row["ts"] = round(row["ts"] * 1e6)
    return found


def without_unset(rows):
    return [{k: v for k, v in row.items() if v is not None} for row in rows]


def same(got, expected):
    got = without_unset(got)
    for i, (a, b) in enumerate(zip(got, expected)):
        assert a == b, "row %d:\n%s\n%s" % (i, a, b)
    assert len(got) == len(expected), "%d rows, not %d" % (len(got), len(expected))


def read_bytes(env, data):
    with open(env.tmp + "/read.parquet", "wb") as f:
        f.write(data)
    return parquet_reader.read(env.tmp + "/read.parquet")


def convert(env, log, *options, code=0):
    """Returns (rows, metadata) of a log written to a pipe."""
    done = env.run("convert", "-q", "--to", "parquet", *options, code=code, stdin=None, text=False, input=log)
    return read_bytes(env, done.stdout)


def folder_files(folder):
    """Returns the files with final names; there must be no others."""
    found = []
    for path, _, names in os.walk(folder):
        found += [os.path.join(path, name) for name in names]
    assert all(re.search(r"/date=[^/]+/hour=[^/]+/[^./][^/]*\.parquet$", f) for f in found), found
    return sorted(found)


def folder_rows(folder):
    """Returns the rows of all files, each of which must be in the partition of its hour."""
    rows = []
    for path in folder_files(folder):
        found, _ = parquet_reader.read(path)
        for row in found:
            if row.get("ts") is not None:
                when = datetime.fromtimestamp(row["ts"] // 10**6, timezone.utc)
                assert when.strftime("/date=%Y-%m-%d/hour=%H/") in path, (path, row)
        rows += found
    return rows


def unordered(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in without_unset(rows))


def test_every_row_comes_back(env):
    common = ["--seed", "x", "--fields", "all", *all_captures(env)]
    expected = json_rows(env.run("-q", "--format", "json", *common).stdout)
    assert len(expected) > 300
    for options in ([], ["Parquet::row_group_rows=1"], ["Parquet::row_group_rows=7", "Parquet::level=19"]):
        got, footer = read_bytes(env, env.run("-q", "--format", "parquet", *options, *common, text=False).stdout)
        same(got, expected)
        assert len(footer[4]) == {0: 1, 1: len(expected), 2: -(-len(expected) // 7)}[len(options)]


def test_what_files_say_of_themselves(env):
    done = env.run("--format", "parquet", "--fields", "+vlan", env.capture("ethernet.pcap"), text=False)
    _, footer = read_bytes(env, done.stdout)
    told = {pair[1]: pair[2] for pair in footer[5]}
    assert told[b"connlog.schema_version"] == b"1" and told[b"zeek.path"] == b"conn", told
    assert re.fullmatch(rb"connlog version \d+\.\d+\.\d+", footer[6]), footer[6]
    kinds = {leaf[4].decode(): (leaf[1], leaf.get(6), leaf.get(10)) for _, _, leaf in parquet_reader.columns(footer[2])}
    assert kinds["ts"] == (2, 10, {8: {1: True, 2: {2: {}}}}), kinds["ts"]  # microseconds, UTC
    assert kinds["uid"] == (6, 0, {1: {}}) and kinds["id.orig_h"] == (6, 0, {1: {}})
    assert kinds["id.orig_p"] == (1, 12, {10: {1: 16, 2: False}})
    assert kinds["duration"] == (5, None, None) and kinds["vlan"] == (2, None, None) and kinds["local_orig"][0] == 0
    assert kinds["element"] == (6, 0, {1: {}})
    assert footer[7] == [{1: {}}] * len(footer[4][0][1]), "bounds without an order are not used"


def test_an_empty_log_is_a_file(env):
    got, footer = read_bytes(env, env.run("--format", "parquet", env.capture("empty.pcap"), text=False).stdout)
    assert got == [] and footer[3] == 0 and len(parquet_reader.columns(footer[2])) == 22


def test_binary_addresses(env):
    capture = env.capture("ethernet.pcap")
    rows = env.log("--seed", "x", capture)
    got, _ = read_bytes(env, env.run("--seed", "x", "--format", "parquet", "Parquet::addresses=binary", capture,
                                     text=False).stdout)
    import ipaddress
    for a, b in zip(got, rows):
        for name in ("id.orig_h", "id.resp_h"):
            address = ipaddress.ip_address(b[name])
            packed = address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed
            assert a[name] == packed, (a[name], b[name])


def test_unset_lists_and_columns_that_zeek_does_not_know(env):
    log = (HEADER + "#fields\tts\ttunnel_parents\tn\ti\tp\td\tt\tb\ts\tv\n"
           "#types\ttime\tset[string]\tcount\tint\tport\tdouble\ttime\tbool\tstring\tvector[count]\n"
           "1.000001\tC1,C2\t18446744073709551615\t-5\t80\t0.5\t2.25\tT\tb\xe4h\t1,2\n"
           "-\t(empty)\t-\t-\t-\t-\t-\t-\t-\t-\n"
           "3.000000\t-\t0\t0\t0\t0\t0\tF\t(empty)\t(empty)\n").encode("latin-1")
    got, _ = convert(env, log)
    assert got[0] == {"ts": 1000001, "tunnel_parents": ["C1", "C2"], "n": -1, "i": -5, "p": 80, "d": 0.5, "t": 2250000,
                      "b": True, "s": "b\\xe4h", "v": ["1", "2"]}, got[0]
    assert got[1] == dict.fromkeys(got[0]) | {"tunnel_parents": []}, got[1]
    assert got[2] == {"ts": 3000000, "tunnel_parents": None, "n": 0, "i": 0, "p": 0, "d": 0.0, "t": 0, "b": False,
                      "s": "", "v": []}, got[2]


def big_log(rows):
    """Writes a log with columns of few values, of many, and of few at first: what dictionaries are good and bad for."""
    lines = [HEADER + "#fields\tts\tuid\tid.orig_h\tid.orig_p\tproto\tservice\tduration\torig_bytes\tlocal_orig\thistory\t"
             "tunnel_parents\n#types\ttime\tstring\taddr\tport\tenum\tstring\tinterval\tcount\tbool\tstring\tset[string]\n"]
    for i in range(rows):
        lines.append("\t".join([
            "17%08d.%06d" % (i // 3, i % 1000000), "C%017d" % (i * 7919), "10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255),
            str(i % 65536), ("tcp", "udp")[i // 5000 % 2], ("-", "dns", "http,ssl")[i % 3], "%d.%06d" % (i % 97, i),
            str(i % 10 if i < 20000 else i * i), "TF-"[i // 9 % 3], "S" + "ad" * (i % 60), "-" if i % 2 else "C%d" % (i % 5)]) + "\n")
    return "".join(lines).encode()


def test_large_files(env):
    log = big_log(140000)
    got, footer = convert(env, log, "Parquet::row_group_rows=100000")
    same(got, json_rows(env.run("convert", "--to", "json", stdin=None, text=False, input=log).stdout.decode()))
    assert [group[3] for group in footer[4]] == [100000, 40000]
    chunks = {c[3][3][0].decode(): c[3] for c in footer[4][0][1]}
    pages = {name: {(p[1], p[2]): p[3] for p in meta[13]} for name, meta in chunks.items()}
    assert pages["proto"] == {(2, 0): 1, (0, 8): 7}, pages["proto"]    # numbers in a dictionary
    assert pages["uid"] == {(0, 0): 7}                                 # no dictionary is tried
    assert pages["id.orig_h"] == {(0, 0): 7}                           # a dictionary was of no use
    assert pages["orig_bytes"].keys() == {(2, 0), (0, 8), (0, 0)}      # a dictionary was given up
    for meta in chunks.values():
        assert meta[7] <= meta[6] + 16 * sum(p[3] for p in meta[13]), "%d bytes packed are %d" % (meta[6], meta[7])


def bound(kind, packed):
    if kind == parquet_reader.BYTE_ARRAY:
        return packed.decode()
    if kind == parquet_reader.BOOLEAN:
        return bool(packed[0])
    return struct.unpack("<" + {1: "I", 2: "q", 5: "d"}[kind], packed)[0]


def check_bounds(rows, footer):
    """Checks that each row group has the minimum, the maximum and the number of unset values, or only the last of
    these. Returns how many groups have bounds."""
    at, told = 0, 0
    for group in footer[4]:
        part = rows[at:at + group[3]]
        at += group[3]
        for (name, listed, _), c in zip(parquet_reader.columns(footer[2]), group[1]):
            values = [row[name] for row in part]
            if listed:
                values = [x for v in values for x in (v or [None])]
            there = [v for v in values if v is not None]
            statistics = c[3][12]
            assert statistics[3] == len(values) - len(there), (name, statistics)
            if 6 in statistics:
                got = [bound(c[3][1], statistics[i]) for i in (6, 5)]
                order = (lambda v: v.encode()) if there and isinstance(there[0], str) else None
                assert got == [min(there, key=order), max(there, key=order)], (name, got)
                told += 1
            else:
                assert not there or any(len(str(v)) > 64 for v in there), name
    return told


def test_bounds(env):
    rows, footer = convert(env, big_log(3000), "Parquet::row_group_rows=500")
    assert check_bounds(rows, footer) == 6 * 10  # a history is longer than the bounds allow
    common = ["-q", "--fields", "all", "Parquet::row_group_rows=10", *all_captures(env)]
    rows, footer = read_bytes(env, env.run("--format", "parquet", *common, text=False).stdout)
    assert check_bounds(rows, footer) > 20 * len(footer[4])
    zero = HEADER + "#fields\tduration\n#types\tinterval\n0.000000\n"
    _, footer = convert(env, zero.encode())
    statistics = footer[4][0][1][0][3][12]
    assert (statistics[6], statistics[5]) == (struct.pack("<d", -0.0), struct.pack("<d", 0.0)), statistics


def test_a_file_and_a_terminal(env):
    capture = env.capture("ethernet.pcap")
    expected = json_rows(env.run("--seed", "x", "--format", "json", capture).stdout)
    env.run("--seed", "x", "--format", "parquet", "-o", "one.parquet", capture)
    same(parquet_reader.read(env.tmp + "/one.parquet")[0], expected)
    assert os.listdir(env.tmp) == ["one.parquet"]
    ours, theirs = terminal()
    done = env.run("--format", "parquet", capture, code=2, stdout=theirs)
    os.close(theirs)
    os.close(ours)
    assert "no text for a terminal" in done.stderr, done.stderr
    if os.path.exists("/dev/full"):
        assert "No space left" in env.run("--format", "parquet", "-o", "/dev/full", capture, code=1).stderr


def test_wrong_settings(env):
    capture = env.capture("ethernet.pcap")
    for setting, said in (("Parquet::level=20", "a number from 1 to 19 is expected"),
                          ("Parquet::row_group_bytes=1K", "a number from 65536"),
                          ("Parquet::addresses=numbers", "text or binary is expected"),
                          ("Parquet::part=a/b", "a name of letters"), ("Parquet::part=_x", "a name of letters")):
        assert said in env.run("--format", "parquet", setting, capture, code=2).stderr, setting
    assert "folder that exists" in env.run("--format", "parquet", "-o", "nowhere", capture, code=1).stderr
    assert "for captures" in env.run("live", "lo", "--format", "parquet", "-o", env.tmp, code=2).stderr


def test_folders_by_hour(env):
    common = ["-q", "--seed", "x", *all_captures(env)]
    expected = unordered(json_rows(env.run("--format", "json", *common).stdout))
    for i, options in enumerate(([], ["Parquet::open_files=1"], ["Parquet::file_bytes=64K", "Parquet::row_group_rows=100"])):
        folder = "%s/lake%d" % (env.tmp, i)
        os.mkdir(folder)
        env.run("--format", "parquet", "-o", folder, *options, *common)
        assert unordered(folder_rows(folder)) == expected, options
        env.run("--format", "parquet", "-o", folder, *options, *common)
        assert len(folder_rows(folder)) == 2 * len(expected), "a second run has names of its own"


def test_memory_of_a_folder_is_bounded(env):
    lines = [HEADER + "#fields\tts\tuid\n#types\ttime\tstring\n"]
    lines += ["%d.000000\tC%017d\n" % (1700000000 + i * 3607 % 86400, i) for i in range(60000)]
    os.mkdir(env.tmp + "/lake")
    env.run("convert", "--to", "parquet", "-o", "lake", "Parquet::memory=1M", stdin=None, input="".join(lines))
    rows = folder_rows(env.tmp + "/lake")
    assert len({row["uid"] for row in rows}) == len(rows) == 60000
    assert len(folder_files(env.tmp + "/lake")) > 30, "files were not ended early"


def test_records_without_a_time(env):
    os.mkdir(env.tmp + "/lake")
    log = HEADER + "#fields\tts\tuid\n#types\ttime\tstring\n-\tC1\n-5.000000\tC2\n951826799.500000\tC3\n1e15\tC4\n"
    env.run("convert", "--to", "parquet", "-o", "lake", "Parquet::part=x", stdin=None, input=log)
    files = [os.path.relpath(f, env.tmp + "/lake") for f in folder_files(env.tmp + "/lake")]
    none = "__HIVE_DEFAULT_PARTITION__"
    assert files == ["date=2000-02-29/hour=12/x-00001.parquet", "date=%s/hour=%s/x-00000.parquet" % (none, none)], files


def test_columns_that_change(env):
    logs = [HEADER + "#fields\tts\tuid\n#types\ttime\tstring\n1.000000\tC1\n",
            HEADER + "#fields\tts\tmood\n#types\ttime\tstring\n2.000000\tgood\n"]
    os.mkdir(env.tmp + "/lake")
    env.run("convert", "--to", "parquet", "-o", "lake", stdin=None, input="".join(logs))
    assert without_unset(folder_rows(env.tmp + "/lake")) == [{"ts": 1000000, "uid": "C1"}, {"ts": 2000000, "mood": "good"}]
    assert len(folder_files(env.tmp + "/lake")) == 2
    done = env.run("convert", "--to", "parquet", "-o", "one.parquet", stdin=None, input="".join(logs))
    assert "left out: mood" in done.stderr, done.stderr
    assert without_unset(parquet_reader.read(env.tmp + "/one.parquet")[0]) == [{"ts": 1000000, "uid": "C1"}, {"ts": 2000000}]


def test_the_same_part_again_replaces_itself(env):
    """Several processes each write a share of one log, one of them twice: together they are the log."""
    common = ["-q", "--seed", "x", *all_captures(env)]
    expected = unordered(json_rows(env.run("--format", "json", *common).stdout))
    for n in (1, 2, 7):
        folder = "%s/lake%d" % (env.tmp, n)
        os.mkdir(folder)
        for k in (*range(n), 0):
            env.run("--format", "parquet", "-o", folder, "--shard", "%d/%d" % (k, n), "Parquet::part=job", *common)
        assert unordered(folder_rows(folder)) == expected, n
        assert all(re.search(r"/job-\d-of-%d-\d{5}\.parquet$" % n, f) for f in folder_files(folder))


def test_what_is_killed_leaves_nothing_under_a_name(env):
    os.mkdir(env.tmp + "/lake")
    for target in ("lake", "one.parquet"):
        writer = subprocess.Popen([env.connlog, "convert", "--to", "parquet", "-o", target, "Parquet::row_group_rows=1000"],
                                  cwd=env.tmp, stdin=subprocess.PIPE)
        writer.stdin.write(big_log(20000))
        writer.stdin.flush()
        for _ in range(600):  # until there is something to see
            hidden = glob.glob(env.tmp + "/**/.*.tmp-*", recursive=True)
            if any(os.path.getsize(f) > 0 for f in hidden):
                break
            time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdin.close()
        assert hidden and not glob.glob(env.tmp + "/**/*.parquet", recursive=True)
        for f in hidden:
            os.unlink(f)


def test_several_threads_are_not_asked_for_lines(env):
    capture = env.capture("ethernet.pcap")
    for name, said, *options in (("one.parquet", ""), ("two.parquet", "-j has no effect", "-j", "2")):
        done = env.run("--seed", "x", *options, "--format", "parquet", "-o", name, capture)
        assert said in done.stderr and bool(said) == bool(done.stderr), done.stderr
    assert parquet_reader.read(env.tmp + "/one.parquet") == parquet_reader.read(env.tmp + "/two.parquet")


def test_sinks(env):
    """A sink takes lines while a folder of Parquet is written beside it."""
    capture = env.capture("ethernet.pcap")
    for args in (["--to", "file:x?format=parquet"], ["--format", "parquet", "--to", "file:x"]):
        assert "use parquet:DIR" in env.run(*args, capture, code=2).stderr
    os.mkdir(env.tmp + "/lake")
    env.run("--seed", "x", "--format", "parquet", "-o", "lake", "--to", "file:x?format=json", capture)
    with open(env.tmp + "/x") as f:
        assert unordered(folder_rows(env.tmp + "/lake")) == unordered(json_rows(f.read()))
