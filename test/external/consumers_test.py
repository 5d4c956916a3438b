"""Programs that read Zeek's conn.log give the same answer for connlog's as for Zeek's.  README.md in this folder says
where they come from."""
import atexit
import glob
import json
import lzma
import os
import re
import shutil
import tempfile
import threading

import engines
from env import Skip


LOCK = threading.Lock()
MADE = []  # the result of pairs(), which is the same for all tests


def reference(env):
    """Returns [(Zeek's log, the arguments with which connlog makes the same)] for a part of the conformance folder."""
    found = []
    for path in sorted(glob.glob(env.shared + "/conformance/reference/tsv/*.log.xz"))[::16]:
        capture = env.shared + "/conformance/traces/" + os.path.basename(path)[:-7].replace("__", "/")
        if os.path.exists(capture):
            with lzma.open(path, "rt") as f:
                found.append((f.read(), ["-C", "-r", capture]))
    return found


def checked_in(env):
    """Returns the same for the golden logs, which are Zeek's rows as far as its rules are known."""
    found = []
    for path in sorted(glob.glob(env.root + "/test/golden/*.json")):
        args = ["--seed", "test", "-r", glob.glob("%s/%s.pcap*" % (env.captures, os.path.basename(path)[:-5]))[0]]
        columns = env.run("-q", *args).stdout.split("#fields\t")[1].split("\n")[0].split("\t")
        with open(path) as f:
            found.append((env.run("cut", "-c", *columns, stdin=f).stdout, args))
    return found


def pairs(env):
    """Returns [(connlog's log, Zeek's log of the same capture)]."""
    with LOCK:
        if MADE:
            return MADE
        folder = tempfile.TemporaryDirectory(prefix="connlog-consumers-")
        atexit.register(folder.cleanup)
        for number, (theirs, args) in enumerate(reference(env) or checked_in(env)):
            ours = env.run("-q", *args).stdout
            if not all(re.search("^[^#]", log, re.M) for log in (ours, theirs)):
                continue  # programs disagree about a log without rows
            places = ["%s/%s-%d.log" % (folder.name, who, number) for who in ("ours", "theirs")]
            for place, log in zip(places, (ours, theirs)):
                with open(place, "w") as f:
                    f.write(log)
            MADE.append(places)
        assert len(MADE) > 15, len(MADE)
        return MADE


def same(env, program, module):
    python = engines.python(env, module)
    logs = pairs(env)
    answers = [engines.script(env, "consume.py", python, program, *part).splitlines() for part in zip(*logs)]
    assert len(answers[0]) == len(answers[1]) == len(logs), list(map(len, answers))
    rows = 0
    for (ours, theirs), a, b in zip(logs, *answers):
        assert a == b, "%s and %s\n%s\n%s" % (ours, theirs, a[:2000], b[:2000])
        rows += len(json.loads(a))
    assert rows > 50, rows


def test_zat_gives_the_same_answer(env):
    same(env, "zat", "zat")


def test_pandas_gives_the_same_answer(env):
    same(env, "pandas", "pandas")


def test_zeeklog2pandas_gives_the_same_answer(env):
    same(env, "zeeklog2pandas", "zeeklog2pandas")


def test_parsezeeklogs_gives_the_same_answer(env):
    same(env, "parsezeeklogs", "parsezeeklogs")


def test_zlogging_gives_the_same_answer(env):
    same(env, "zlogging", "zlogging")


def test_zeek_to_sqlite_gives_the_same_answer(env):
    same(env, "zeek_to_sqlite", "zeek_to_sqlite")


def test_zeek_cut_gives_the_same_answer(env):
    """Debian packages it by its old name, bro-cut, in bro-aux. `connlog cut` prints the same."""
    program = next(filter(None, map(shutil.which, ("zeek-cut", "bro-cut"))), None)
    if not program:
        raise Skip("no zeek-cut here (Debian: bro-aux)")
    columns = ["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "orig_bytes", "conn_state", "history"]
    for ours, theirs in pairs(env):
        answers = []
        for log in (ours, theirs):
            with open(log) as f:
                answers.append(env.must(program, *columns, stdin=f))
        assert answers[0] and sorted(answers[0].splitlines()) == sorted(answers[1].splitlines()), (ours, answers)
        with open(ours) as f:
            assert env.run("cut", *columns, stdin=f).stdout == answers[0], ours
    for more in (["-c"], ["-d"], ["-u"], ["-n", "-F", ";"]):  # on the last log
        with open(ours) as f, open(ours) as g:
            assert env.run("cut", *more, *columns, stdin=f).stdout == env.must(program, *more, *columns, stdin=g), more


def test_programs_that_cannot_be_had(env):
    """Skips with the reason when a program is installed for which there is no test yet."""
    there = [name for name in ("zq", "super", "rita", "trace-summary") if shutil.which(name)]
    raise Skip("%s: neither Debian, PyPI nor the Go module proxy has them here" % (
        "there is no test yet with " + ", ".join(there) if there else "zq, super, rita, trace-summary"))
