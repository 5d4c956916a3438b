"""The project itself: its headers, its order of includes, its library as others get it."""
import glob
import os
import re

# Who may include whom: a folder only includes what stands before it (docs/DESIGN.md).
ORDER = ["base", "capture", "decode", "conn", "track", "service", "event", "record", "read", "write", "sink", "engine", "cli"]
FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]


def sources(env, *patterns):
    return sorted(f for p in patterns for f in glob.glob(os.path.join(env.root, p)))


def packages(env):
    return env.must("pkg-config", "--cflags", "libpcap").split()


def test_every_header_compiles_alone(env):
    for header in sources(env, "include/*.h", "src/*/*.h"):
        with open(env.tmp + "/alone.c", "w") as f:
            f.write('#include "%s"\n#include "%s"\nint alone(void);\n' % (header, header))
        env.must(env.cc, *FLAGS, "-Wno-unused-function", "-I" + env.root + "/include", "-I" + env.root + "/src",
                 *packages(env), "-fsyntax-only", "alone.c")


def test_includes_flow_one_way(env):
    wrong = []
    for path in sources(env, "src/*/*.[ch]"):
        me, file = path.split("/")[-2], os.path.relpath(path, env.root)
        with open(path) as f:
            for name in re.findall(r'^#include "(\w+)/', f.read(), re.M):
                if name not in ORDER or ORDER.index(name) > ORDER.index(me):
                    wrong.append("%s includes %s/" % (file, name))
                elif me == "cli" and name != "cli":
                    wrong.append("%s includes %s/: the program uses connlog.h alone" % (file, name))
    assert not wrong, "\n".join(wrong)


def test_files_can_be_read_in_a_sitting(env):
    long = []
    for path in sources(env, "src/*/*.[ch]", "include/*.h", "fuzz/*.[ch]", "bench/*.c", "test/unit/*.[ch]", "test/*.py",
                        "test/gen/*.py"):
        with open(path) as f:
            n = len(f.readlines())
        if n > 600:
            long.append("%s: %d lines" % (os.path.relpath(path, env.root), n))
    assert not long, "\n".join(long)


def test_the_library_has_no_state_of_its_own(env):
    """No .data, no .bss: two engines in two threads share nothing that changes."""
    found = []
    name = ""
    for line in env.must("size", "-A", env.build + "/libconnlog.a").splitlines():
        if line.endswith(":") or "(ex " in line:
            name = line.split()[0]
        m = re.match(r"\.(data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S+)?\s+(\d+)", line)
        if m and int(m.group(2)):
            found.append("%s: %s bytes of .%s" % (name, m.group(2), m.group(1)))
    assert not found, "\n".join(found)


def test_the_library_never_prints_exits_or_asks_for_the_time(env):
    banned = {"printf", "puts", "fprintf", "vfprintf", "perror", "exit", "abort", "_exit", "time", "gettimeofday",
              "clock_gettime", "localtime", "rand", "random", "__printf_chk", "__fprintf_chk"}
    symbols = env.must("nm", "--undefined-only", "-A", env.build + "/libconnlog.a")
    found = sorted({line for line in symbols.splitlines() if line.split()[-1].split("@")[0] in banned})
    assert not found, "\n".join(found)


def test_only_our_names_leave_the_shared_library(env):
    library = glob.glob(env.build + "/libconnlog.so.*")[0]
    names = [line.split()[-1] for line in env.must("nm", "-D", "--defined-only", library).splitlines()]
    assert names, "nothing is exported"
    assert all(n.startswith("connlog_") for n in names), [n for n in names if not n.startswith("connlog_")]


def test_installed_program_and_libraries_work_from_outside(env):
    place = env.tmp + "/root"
    # The build is finished; make must not build again under other variables.
    env.must("make", "-C", env.root, "install", "B=" + env.build, "CC=" + env.cc, "DESTDIR=" + place,
             "PREFIX=/opt/connlog")
    prefix = place + "/opt/connlog"
    for f in ("bin/connlog", "include/connlog.h", "lib/libconnlog.a", "lib/libconnlog.so", "lib/pkgconfig/connlog.pc",
              "share/man/man1/connlog.1"):
        assert os.path.exists(os.path.join(prefix, f)), f + " is not installed"
    capture = env.capture("http.pcap")
    assert env.must(prefix + "/bin/connlog", capture).startswith("#separator")

    where = {**os.environ, "PKG_CONFIG_PATH": prefix + "/lib/pkgconfig"}
    tell = ["pkg-config", "--define-variable=prefix=" + prefix]
    cflags = env.must(*tell, "--cflags", "connlog", env=where).split()
    shared = env.must(*tell, "--libs", "connlog", env=where).split()
    # The static library with the shared ones of others, whose own static needs Debian does not install.
    needed = [line.split()[0] for line in env.must(*tell, "--print-requires-private", "connlog", env=where).splitlines()]
    static = ["-l:libconnlog.a" if word == "-lconnlog" else word for word in shared]
    static += env.must("pkg-config", "--libs", *needed).split() + ["-lm"]
    program = env.root + "/test/install/count.c"
    env.must(env.cc, "-std=c17", *cflags, program, "-o", "with-shared", *shared)
    env.must(env.cc, "-std=c17", *cflags, program, "-o", "with-static", *static)
    a = env.must(env.tmp + "/with-shared", capture, env={**os.environ, "LD_LIBRARY_PATH": prefix + "/lib"})
    b = env.must(env.tmp + "/with-static", capture)
    rows = len(env.log(capture))
    assert a == b == "%d connections\n" % rows, (a, b, rows)
    assert "libconnlog" not in env.must("ldd", "with-static")


def test_demo_prints_a_log(env):
    out = env.must(env.root + "/test/demo", env.build, cwd=env.root)
    assert "#fields\tts\tuid\t" in out and "\tSF\t" in out, out
