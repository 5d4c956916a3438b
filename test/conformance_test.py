"""connlog against Zeek's own logs, where the conformance folder lies beside the project: test/conformance run with the
ASan and UBSan build."""
import os
import subprocess
import sys

from env import Skip


def check(env, name):
    folder = env.shared + "/conformance"
    if not os.path.isdir(folder):
        raise Skip("no " + folder)
    done = subprocess.run([sys.executable, env.root + "/test/conformance", env.connlog, folder, name],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def test_rows(env):
    check(env, "rows")


def test_checksums(env):
    check(env, "checksums")


def test_strict(env):
    check(env, "strict")


def test_more(env):
    check(env, "more")


def test_more_as_zeek_reads(env):
    check(env, "more as Zeek reads")


def test_tsv(env):
    check(env, "tsv")


def test_events(env):
    check(env, "events")


def test_events_with_checksums(env):
    check(env, "events with checksums")


def test_formats(env):
    check(env, "formats")
