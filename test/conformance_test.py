"""connlog against Zeek's own logs, where the conformance folder lies beside the project: test/conformance with the
build under ASan and UBSan."""
import concurrent.futures
import os
import subprocess
import sys

from env import Skip

EVERY = 10  # of the captures, for what compares connlog with itself


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


def captures(folder):
    for d, _, names in sorted(os.walk(folder)):
        if "reference" not in os.path.relpath(d, folder).split(os.sep):
            yield from (os.path.join(d, name) for name in sorted(names) if ".pcap" in name or ".trace" in name)


def test_workers_make_the_same_log(env):
    """One capture in ten: the other tests of workers take captures that are made for them."""
    folder = env.shared + "/conformance"
    if not os.path.isdir(folder):
        raise Skip("no " + folder)
    program = env.build + "/connlog"
    program = program if os.path.exists(program) else env.connlog

    def log(path, workers):
        done = subprocess.run([program, "--seed", "x", "--format", "json", "--fields", "all", "-j", workers, path],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout

    def differs(path):
        return log(path, "1") != log(path, "3")

    some = list(captures(folder))[::EVERY]
    assert len(some) > 100, "no captures found"
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [path for path, different in zip(some, pool.map(differs, some)) if different]
    assert not wrong, wrong
