"""The project itself: its headers, its order of includes and calls, and what the library must not do."""
import glob
import os
import re

from env import Skip

# The allowed includes: a folder only includes headers of folders before it (docs/DESIGN.md).
ORDER = ["base", "capture", "decode", "conn", "track", "dpd", "service", "event", "record", "enrich", "where", "fold", "write", "read", "sink",
         "script", "engine", "archive", "guard", "sensor", "ship", "cli"]
PROGRAM = {"guard": ["guard"], "sensor": ["sensor"], "ship": ["guard", "sensor", "ship"], "cli": ["guard", "sensor", "ship", "cli"]}  # what is no part of the library uses connlog.h alone
FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]


def sources(env, *patterns):
    return sorted(f for p in patterns for f in glob.glob(os.path.join(env.root, p), recursive=True))


def packages(env):
    return env.must("pkg-config", "--cflags", "libpcap").split()


def test_every_header_compiles_alone(env):
    for header in sources(env, "include/*.h", "src/**/*.h"):
        with open(env.tmp + "/alone.c", "w") as f:
            f.write('#include "%s"\n#include "%s"\nint alone(void);\n' % (header, header))
        env.must(env.cc, *FLAGS, "-Wno-unused-function", "-I" + env.root + "/include", "-I" + env.root + "/src",
                 *packages(env), "-fsyntax-only", "alone.c")


def test_includes_flow_one_way(env):
    wrong = []
    for path in sources(env, "src/**/*.[ch]"):
        file = os.path.relpath(path, env.root)
        me = file.split("/")[1]
        with open(path) as f:
            for name in re.findall(r'^#include "(\w+)/', f.read(), re.M):
                if name not in ORDER or ORDER.index(name) > ORDER.index(me):
                    wrong.append("%s includes %s/" % (file, name))
                elif name not in PROGRAM.get(me, [name]):
                    wrong.append("%s includes %s/: the program uses connlog.h alone" % (file, name))
    assert not wrong, "\n".join(wrong)


def symbols_of(env, variant):
    """Returns the global symbols that each source's object defines, and those that it refers to."""
    objects = [o for o in glob.glob("%s/%s/src/**/*.o" % (env.build, variant), recursive=True)
               if os.path.exists(env.root + o[len(env.build) + len(variant) + 1:-2] + ".c")]
    defined, used = {}, []
    for line in env.must("nm", "-A", "-g", *objects).splitlines() if objects else []:
        m = re.match(r".*/src/(.*)\.o:[0-9a-f ]*(\w) ([^@\s]+)", line)
        if m.group(2) in "Uw":
            used.append((m.group(1), m.group(3)))
        else:
            defined[m.group(3)] = m.group(1)
    return defined, used


def test_calls_flow_one_way(env):
    """Every symbol that the linker resolves for a folder is defined in that folder or an earlier one, whatever the headers say."""
    defined, used = next((s for s in (symbols_of(env, v) for v in ("obj", "san")) if s[0]), ({}, []))
    if not defined:
        raise Skip("nothing has been built")
    wrong, seen = [], 0
    for file, symbol in used:
        if symbol not in defined:
            continue  # a library's symbol
        me, other = file.split("/")[0], defined[symbol].split("/")[0]
        seen += me != other
        if ORDER.index(other) > ORDER.index(me):
            wrong.append("%s.c refers to %s() of %s.c" % (file, symbol, defined[symbol]))
        elif other not in PROGRAM.get(me, [other]) and not symbol.startswith("connlog_"):
            wrong.append("%s.c refers to %s() of the library, which is not public" % (file, symbol))
    assert seen > 500, "only %d calls between folders: are these all objects?" % seen
    assert not wrong, "\n".join(wrong)


def test_files_can_be_read_in_a_sitting(env):
    long = []
    for path in sources(env, "src/**/*.[ch]", "include/*.h", "fuzz/*.[ch]", "bench/*.c", "test/unit/*.[ch]", "test/*.py",
                        "test/gen/*.py", "test/differential/[a-z]*"):
        with open(path) as f:
            n = len(f.readlines())
        if n > 600:
            long.append("%s: %d lines" % (os.path.relpath(path, env.root), n))
    assert not long, "\n".join(long)


def library(env):
    """Returns the static library, or its objects when only the program has been built."""
    return next(f for f in (env.build + "/libconnlog.a", env.build + "/obj/libconnlog.a") if os.path.exists(f))


def test_the_library_has_no_state_of_its_own(env):
    """No .data, no .bss: two engines in two threads share no mutable state."""
    found = []
    name = ""
    for line in env.must("size", "-A", library(env)).splitlines():
        if line.endswith(":") or "(ex " in line:
            name = line.split()[0]
        m = re.match(r"\.(data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S+)?\s+(\d+)", line)
        if m and int(m.group(2)):
            found.append("%s: %s bytes of .%s" % (name, m.group(2), m.group(1)))
    assert not found, "\n".join(found)


def test_the_library_never_prints_exits_or_asks_for_the_time(env):
    banned = {"printf", "puts", "fprintf", "vfprintf", "perror", "exit", "abort", "_exit", "time", "gettimeofday",
              "clock_gettime", "localtime", "rand", "random", "__printf_chk", "__fprintf_chk"}
    symbols = env.must("nm", "--undefined-only", "-A", library(env))
    found = sorted({line for line in symbols.splitlines() if line.split()[-1].split("@")[0] in banned})
    assert not found, "\n".join(found)


def test_make_help_lists_every_target(env):
    """Every target in .PHONY is listed, except for those that only other targets use."""
    done = env.command("env", "-u", "MAKEFLAGS", "make", "-C", env.root, "--no-print-directory", "help")
    assert done.returncode == 0 and not done.stderr, done.stderr
    with open(env.root + "/Makefile") as f:
        phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", f.read(), re.M).group(1).replace("\\", " ").split()
    inner = {"all", "check", "fuzzers", "help", "FORCE", *(t for t in phony if t.startswith("lint-"))}
    missing = [t for t in phony if t not in inner and not re.search(r"^make %s\b" % t, done.stdout, re.M)]
    assert len(phony) > 15 and not missing, missing


def test_demo_prints_a_log(env):
    if not os.path.exists(env.build + "/captures/http.pcap"):
        env.must("python3", env.root + "/test/gen/gen.py", env.build + "/captures")
    out = env.must(env.root + "/test/demo", env.build, cwd=env.root)
    assert "#fields\tts\tuid\t" in out and "\tSF\t" in out, out


def test_the_tour_names_what_is_there(env):
    with open(env.root + "/docs/TOUR.md") as f:
        tour = f.read()
    files = re.findall(r"`([a-z0-9_]+/(?:[a-z0-9_]+/)?[a-z0-9_]+\.[ch])`", tour)
    functions = re.findall(r"`([a-z0-9_]+)\(\)`", tour)
    assert len(files) > 40 and len(functions) > 10, (files, functions)
    source = "".join(open(path).read() for path in sources(env, "src/**/*.[ch]"))
    missing = [f for f in files if not os.path.exists(os.path.join(env.root, "src", f))]
    missing += [f for f in functions if not re.search(r"^(static inline \w+ )?%s\(" % f, source, re.M)]
    assert not missing, "TOUR.md names %s" % ", ".join(missing)


def test_the_protocol_that_the_documentation_adds_compiles(env):
    with open(env.root + "/docs/ADD-A-PROTOCOL.md") as f:
        code = re.search(r"```c\n(/\* tacacs\.c .*?)```", f.read(), re.S).group(1)
    with open(env.tmp + "/tacacs.c", "w") as f:
        f.write(code)
    env.must(env.cc, *FLAGS, "-DSERVICE_TACACS=1", "-I" + env.root + "/include", "-I" + env.root + "/src", "-fsyntax-only",
             "tacacs.c")
