"""scripts/pgo, which make pgo runs: what is profiled, and that a program whose output differs is noticed."""
import os
import subprocess

PROGRAM = """#!/bin/sh
# A connlog that writes its arguments, and counts as gcc's profile does.
: >"$(dirname "$0")/obj/counted.gcda"
cat >/dev/null
for last; do :; done
case $last in *damaged*) echo cut; exit 1 ;; esac
echo "$(basename "$last")%s"
"""
GENERATOR = '#!/bin/sh\n: >"$3"\n'


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


def pgo(env, what, code=0):
    done = subprocess.run([env.root + "/scripts/pgo", what, env.tmp + "/b"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == code, (what, done.returncode, done.stderr)
    return done.stderr


def test_what_the_program_by_profile_writes_is_compared(env):
    for folder in ("b/bench", "b/captures", "b/pgo/obj"):
        os.makedirs(env.tmp + "/" + folder)
    for name in ("b/captures/one.pcap", "b/captures/damaged.pcap", "b/pgo/obj/old.gcda"):
        write(env.tmp + "/" + name, "")
    write(env.tmp + "/b/bench/gen", GENERATOR)
    write(env.tmp + "/b/pgo/connlog", PROGRAM % "")
    pgo(env, "train")
    assert os.listdir(env.tmp + "/b/pgo/obj") == ["counted.gcda"]
    logs = set(os.listdir(env.tmp + "/b/pgo/logs/counted"))
    assert logs > {"mix.pcap.log", "churn.pcap.log", "one.pcap.json", "damaged.pcap.json", "workers.log"}, logs
    write(env.tmp + "/b/pgo/connlog", PROGRAM % "other")
    assert "the program by profile writes other logs" in pgo(env, "check", 1)
    write(env.tmp + "/b/pgo/connlog", PROGRAM % "")
    pgo(env, "check")


def test_the_two_builds_differ_by_their_flags(env):
    def flags(*args):
        done = subprocess.run(["make", "-C", env.root, "-n", "CC=gcc", "V=1", "B=" + env.tmp + "/b", *args, env.tmp + "/b/obj/src/dpd/pia.o"],
                              capture_output=True, text=True, check=True)
        return [word for word in done.stdout.split() if word.startswith("-fprofile")]

    assert flags() == []
    assert "-fprofile-generate" in flags("PGO=generate") and "-fprofile-use" in flags("PGO=use")
