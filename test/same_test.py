"""A sample of `make same`: several workers and shares against one thread, over captures of the conformance folder if it is there."""
import os
import subprocess
import sys

EVERY = 40  # every so many captures; the other tests of workers use captures made for them


def test_workers_and_shares_make_the_same(env):
    program, every = env.build + "/connlog", EVERY if os.path.isdir(env.shared + "/conformance") else 1
    done = subprocess.run([sys.executable, env.root + "/test/same", program if os.path.exists(program) else env.connlog, "--shared", env.shared,
                           "--build", env.build, "--every", str(every)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def test_a_difference_is_found(env):
    """Uses a program whose output with several workers is different."""
    path = env.tmp + "/connlog"
    with open(path, "w") as f:
        f.write("#!/bin/sh\ncase \"$*\" in *\"-j 3\"*) echo another line ;; esac\nexec '%s' \"$@\"\n" % env.connlog)
    os.chmod(path, 0o755)
    done = subprocess.run([sys.executable, env.root + "/test/same", path, "--shared", env.tmp, env.capture("http.pcap")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 1 and done.stdout.count("-j 3: line") == 3, done.stdout
    assert "3 differ" in done.stdout, done.stdout
