"""The log of every generated capture, compared with test/golden/NAME.json. `make golden` rewrites these files; review
the difference row by row before committing it."""
import difflib
import glob
import os

OPTIONS = ["--seed", "test", "--format", "json", "--fields", "all"]


def names(env):
    """Returns the captures that have a golden log: all complete ones, except those that repeat another in a different file format."""
    found = sorted(glob.glob(env.captures + "/*.pcap") + glob.glob(env.captures + "/*.pcapng"))
    assert found, "no captures in " + env.captures
    return found


def golden(env, capture):
    return "%s/test/golden/%s.json" % (env.root, os.path.basename(capture).rsplit(".", 1)[0])


def write(env):
    os.makedirs(env.root + "/test/golden", exist_ok=True)
    for capture in names(env):
        with open(golden(env, capture), "w") as f:
            f.write(env.run(*OPTIONS, capture).stdout)


def test_logs_are_those_checked_in(env):
    wrong = []
    for capture in names(env):
        with open(golden(env, capture)) as f:
            want = f.read().splitlines()
        got = env.run(*OPTIONS, capture).stdout.splitlines()
        wrong += difflib.unified_diff(want, got, golden(env, capture), capture, n=0, lineterm="")
    assert not wrong, "\n".join(wrong)


def test_every_golden_log_has_its_capture(env):
    have = {golden(env, capture) for capture in names(env)}
    there = set(glob.glob(env.root + "/test/golden/*.json"))
    assert there == have, sorted(there ^ have)
