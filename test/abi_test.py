"""The binary interface: what `make abi-check` accepts, and what it refuses."""
import os
import re
import shutil

from env import Skip


def with_changed(env, name, before, after):
    """Returns a folder with a copy of the public headers in which `before` has been replaced by `after` in one header."""
    place = env.tmp + "/headers"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(env.root + "/include", place)
    with open(place + "/" + name) as f:
        text = f.read()
    assert text.count(before) == 1, (name, before)
    with open(place + "/" + name, "w") as f:
        f.write(text.replace(before, after))
    return place


def check(env, code, *change):
    reference = env.tmp + "/reference.abi"
    if not os.path.exists(reference):
        env.must(env.root + "/scripts/abi", "write", "--reference", reference)
    headers = with_changed(env, *change)
    done = env.command(env.root + "/scripts/abi", "check", "--headers", headers, "--reference", reference)
    assert done.returncode == code, (change, done.returncode, done.stdout, done.stderr)
    return done.stdout


def test_the_check_of_the_binary_interface_tells_additions_from_breaks(env):
    if not shutil.which("abidiff"):
        raise Skip("no abidiff here (Debian: abigail-tools)")
    function = "CONNLOG_API void connlog_sink_free(connlog_sink *s);"
    with open(env.root + "/include/connlog.h") as f:
        function = re.search(r"CONNLOG_API\s+void\s+connlog_sink_free\(connlog_sink \*s\);", f.read()).group()
    compatible = [("connlog.h", function, function + "\nCONNLOG_API int connlog_sink_more(connlog_sink *s);"),
                  ("connlog.h", "\tCONNLOG_DOUBLE, /* number: without a unit */\n", "\tCONNLOG_DOUBLE,\n\tCONNLOG_MORE,\n")]
    for change in compatible:
        assert "abi-check: compatible with" in check(env, 0, *change), change
    breaks = [("connlog.h", function, ""),
              ("connlog.h", function, function.replace("sink *s", "sink *s, int flags")),
              ("connlog_parquet.h", "level;", "level, more;"),
              ("connlog.h", "\tCONNLOG_RECORDS, /* records */\n", "\tCONNLOG_MORE,\n\tCONNLOG_RECORDS,\n")]
    for change in breaks:
        assert "abi-check: incompatible with" in check(env, 1, *change), change
    # A new symbol version permits the change, and the check says so.
    with open(env.root + "/include/connlog.h") as f:
        version = re.search(r'CONNLOG_VERSION "(.*)"', f.read()).group(1)
    headers = with_changed(env, "connlog.h", function, "")
    with open(headers + "/connlog.h") as f:
        text = f.read().replace('"%s"' % version, '"9.0.0"')
    with open(headers + "/connlog.h", "w") as f:
        f.write(text)
    done = env.command(env.root + "/scripts/abi", "check", "--headers", headers, "--reference", env.tmp + "/reference.abi")
    assert done.returncode == 0 and "CONNLOG_9 here" in done.stdout, done.stdout
