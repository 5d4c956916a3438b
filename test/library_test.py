"""The library as its users get it: what it exports, what is installed, programs outside of the tree, the examples."""
import collections
import glob
import os
import re
import shutil
import sqlite3

from env import Skip

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wcast-qual", "-Wshadow", "-Werror"]
PREFIX = "/opt/connlog"


def headers(env):
    return sorted(os.listdir(env.root + "/include"))


def header(env):
    text = ""
    for name in headers(env):
        with open(env.root + "/include/" + name) as f:
            text += f.read()
    return text


def declared(env):
    """Returns the names of the functions in the headers."""
    text = re.sub(r"/\*.*?\*/", "", header(env), flags=re.S)
    return set(re.findall(r"CONNLOG_API[^;(]*?\b(connlog_\w+)\(", text))


def global_names(env, *args):
    lines = env.must("nm", "--defined-only", "--extern-only", "--without-symbol-versions", *args).splitlines()
    return {line.split()[-1] for line in lines if len(line.split()) == 3 and line.split()[1] != "A"}


def install(env, **more):
    """Installs the build. Returns the folder."""
    place = env.tmp + "/root"
    # The build is finished; make must not build again with other variables.
    env.must("make", "-C", env.root, "install", "B=" + env.build, "CC=" + env.cc, "DESTDIR=" + place,
             "PREFIX=" + PREFIX, *("%s=%s" % pair for pair in more.items()))
    return place + PREFIX


def flags(env, prefix, *ask):
    """Returns the words that pkg-config prints about the library installed there."""
    where = {**os.environ, "PKG_CONFIG_PATH": prefix + "/lib/pkgconfig"}
    return env.must("pkg-config", "--define-variable=prefix=" + prefix, *ask, "connlog", env=where).split()


def private_libs(env, prefix):
    """Returns the options for a program that includes the static library."""
    return env.must("pkg-config", "--libs", *flags(env, prefix, "--print-requires-private")).split() + ["-lm", "-pthread"]


def cxx():
    name = os.environ.get("CXX", "g++")
    if not shutil.which(name):
        raise Skip("no C++ compiler")
    return name


def test_what_the_header_declares_is_what_is_exported(env):
    names = declared(env)
    assert len(names) > 50, names
    shared = global_names(env, "-D", glob.glob(env.build + "/libconnlog.so.*")[0])
    static = global_names(env, env.build + "/libconnlog.a")
    assert shared == names, sorted(shared ^ names)
    assert static == names, sorted(static ^ names)


def test_symbols_carry_the_version_of_the_interface(env):
    """While the major version is 0, the minor version is part of the interface's version: a library with another one
    refuses such programs."""
    major, minor = re.search(r'CONNLOG_VERSION "(\d+)\.(\d+)', header(env)).groups()
    node = "CONNLOG_0." + minor if major == "0" else "CONNLOG_" + major
    lines = env.must("nm", "-D", "--defined-only", glob.glob(env.build + "/libconnlog.so.*")[0]).splitlines()
    versions = {line.split()[-1].partition("@@")[2] for line in lines if line.split()[1] != "A"}
    assert versions == {node}, versions


def test_every_function_of_the_header_is_explained(env):
    """Every declaration has a comment above it or belongs to a group that has one."""
    bare, explained = [], False
    for line in header(env).splitlines():
        if line.startswith("CONNLOG_API"):
            if not explained:
                bare.append(line)
        else:
            explained = line.startswith(("/*", " *", "\t", "connlog_", "typedef")) or (explained and bool(line))
    assert not bare, "\n".join(bare)


def test_header_is_enough_for_c_and_cpp(env):
    include = "-I" + env.root + "/include"
    with open(env.tmp + "/only.c", "w") as f:
        for name in headers(env)[::-1] + headers(env):  # in any order, and twice
            f.write("#include <%s>\n" % name)
        f.write("connlog_value value;\nconnlog_event_info info;\nconnlog_live_options options;\n")
    for std in ("c11", "c17"):
        env.must(env.cc, "-std=" + std, *STRICT, include, "-fsyntax-only", "only.c")
    shutil.copy(env.tmp + "/only.c", env.tmp + "/only.cpp")
    for compiler in [cxx()] + [c for c in ("clang++",) if shutil.which(c)]:
        for std in ("c++11", "c++17"):
            env.must(compiler, "-std=" + std, *STRICT, include, "-fsyntax-only", "only.cpp")


def test_installed_files(env):
    prefix = install(env)
    version = re.search(r'CONNLOG_VERSION "(.*)"', header(env)).group(1)
    real = "libconnlog.so." + version
    files = sorted(os.path.relpath(os.path.join(d, f), prefix) for d, _, names in os.walk(prefix) for f in names)
    for f in (*["include/" + name for name in headers(env)], "bin/connlog", "lib/libconnlog.a", "lib/" + real, "lib/libconnlog.so",
              "lib/pkgconfig/connlog.pc", "share/man/man1/connlog.1", "share/man/man1/connlog-cut.1",
              "share/bash-completion/completions/connlog", "share/zsh/site-functions/_connlog",
              "share/fish/vendor_completions.d/connlog.fish", "share/doc/connlog/connlog.conf", "share/doc/connlog/alerts.yml",
              "share/doc/connlog/grafana/connlog.json", "etc/connlog/connlog.conf",
              "lib/systemd/system/connlog.service", "lib/sysusers.d/connlog.conf"):
        assert f in files, (f, files)
    assert os.path.realpath(prefix + "/lib/libconnlog.so") == os.path.realpath(prefix + "/lib/" + real)
    soname = re.search(r"SONAME.*\[(.*)\]", env.must("readelf", "-d", prefix + "/lib/" + real)).group(1)
    assert soname == "libconnlog.so." + version.split(".")[0] and os.path.islink(prefix + "/lib/" + soname), soname
    with open(prefix + "/lib/pkgconfig/connlog.pc") as f:
        text = f.read()
    assert "prefix=" + PREFIX + "\n" in text and env.tmp not in text and "@" not in text, text
    assert flags(env, prefix, "--modversion") == [version]
    assert env.must(prefix + "/bin/connlog", env.capture("http.pcap")).startswith("#separator")


def test_settings_that_are_there_stay(env):
    with open(install(env) + "/etc/connlog/connlog.conf", "w") as f:
        f.write("mine = yes\n")
    prefix = install(env)
    with open(prefix + "/etc/connlog/connlog.conf") as mine, open(prefix + "/share/doc/connlog/connlog.conf") as new:
        assert mine.read() == "mine = yes\n"
        assert new.read() == env.run("check", "--example").stdout


def test_programs_are_built_as_the_page_says(env):
    """Runs the command lines of docs/LIBRARY.md exactly as they are printed there."""
    if not shutil.which("cc"):
        raise Skip("no program called cc")
    with open(env.root + "/docs/LIBRARY.md") as f:
        recipes = [block for block in re.findall(r"^```\n(.*?)^```", f.read(), re.M | re.S) if block.startswith("cc program.c")]
    prefix, capture = env.tmp + "/prefix", env.capture("http.pcap")
    env.must("make", "-C", env.root, "install", "B=" + env.build, "CC=" + env.cc, "PREFIX=" + prefix)
    shutil.copy(env.root + "/test/install/count.c", env.tmp + "/program.c")
    where = {**os.environ, "PKG_CONFIG_PATH": prefix + "/lib/pkgconfig"}
    assert len(recipes) == 2, recipes
    for recipe, shared in zip(recipes, (True, False)):
        env.must("bash", "-c", recipe, env=where)
        with_library = {**os.environ, "LD_LIBRARY_PATH": prefix + "/lib"} if shared else None
        assert env.must(env.tmp + "/a.out", capture, env=with_library) == "%d connections\n" % len(env.log(capture))
        assert ("libconnlog" in env.must("ldd", "a.out", env=with_library)) == shared, recipe
        os.remove(env.tmp + "/a.out")


def test_programs_outside_of_the_tree(env):
    """Builds C and C++ programs with the shared and with the static library, and tells these apart by what they need at run time."""
    prefix, capture = install(env), env.capture("http.pcap")
    cflags, shared = flags(env, prefix, "--cflags"), flags(env, prefix, "--libs")
    assert shared == ["-L" + prefix + "/lib", "-lconnlog"], shared
    static = ["-l:libconnlog.a" if word == "-lconnlog" else word for word in shared]
    static += private_libs(env, prefix)
    with_library = {**os.environ, "LD_LIBRARY_PATH": prefix + "/lib"}
    expected = "%d connections\n" % len(env.log(capture))
    for compiler, std, source in ((env.cc, "c17", "count.c"), (cxx(), "c++17", "count.cpp")):
        program = env.root + "/test/install/" + source
        env.must(compiler, "-std=" + std, *STRICT, *cflags, program, "-o", "with-shared", *shared)
        env.must(compiler, "-std=" + std, *STRICT, *cflags, program, "-o", "with-static", *static)
        assert env.must(env.tmp + "/with-shared", capture, env=with_library) == expected
        assert env.must(env.tmp + "/with-static", capture) == expected
        assert "libconnlog" in env.must("ldd", "with-shared", env=with_library)
        assert "libconnlog" not in env.must("ldd", "with-static")
        done = env.command(env.tmp + "/with-static", "/nonexistent.pcap")
        assert done.returncode == 1 and "/nonexistent.pcap: cannot be opened: No such file" in done.stderr, done.stderr


def test_a_static_program_may_use_our_inner_names(env):
    with open(env.tmp + "/names.c", "w") as f:
        f.write("#include <connlog.h>\n#include <stdio.h>\n"
                "int addr_format, conn_create, fill_record, schema;\n"
                "int main(void) { return puts(connlog_version()) < 0 || schema; }\n")
    env.must(env.cc, "-I" + env.root + "/include", "names.c", env.build + "/libconnlog.a", "-o", "names",
             *private_libs(env, install(env)))
    assert env.must(env.tmp + "/names").startswith("connlog ")


def test_examples_compile_from_outside(env):
    prefix = install(env)
    for path in sorted(glob.glob(env.root + "/examples/*.c")):
        with open(path) as f:
            text = f.read()
        assert len(text.splitlines()) < 120, path
        # As the comment at the top of the example says, with the prefix of this test.
        packages = re.search(r"pkg-config --cflags --libs connlog(.*?)\)", text).group(1).split()
        more = env.must("pkg-config", "--libs", *packages).split() if packages else []
        env.must(env.cc, "-std=c17", *STRICT, *flags(env, prefix, "--cflags"), path, "-o", "example",
                 *flags(env, prefix, "--libs"), *more)


def example(env, name, *args, code=0):
    done = env.command(env.build + "/examples/" + name, *args)
    assert done.returncode == code and "Sanitizer" not in done.stderr, (done.returncode, done.stderr)
    return done


def test_example_new_connections(env):
    """Each connection is printed at its first packet: in the order of the log's start times, with the log's columns."""
    capture = env.capture("http.pcap")
    lines = [line.split("\t") for line in example(env, "new_connections", capture).stdout.splitlines()]
    log = sorted(env.log(capture), key=lambda row: row["ts"])
    assert lines and [line[0] for line in lines] == ["%.6f" % row["ts"] for row in log], (lines, log)
    for line, row in zip(lines, log):
        assert re.fullmatch(r"C[0-9A-Za-z]{8,17}", line[1]), line
        assert line[2:] == [str(row[c]) for c in ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")], line
    assert lines[0][2:] == ["192.168.1.10", "51000", "192.168.1.1", "53", "udp"], lines[0]


def test_example_states_per_host(env):
    capture = env.capture("tcp-states.pcap")
    lines = [line.split("\t") for line in example(env, "states_per_host", capture).stdout.splitlines()]
    counted = {line[0]: dict((s, int(n)) for s, n in (word.split() for word in line[1:])) for line in lines}
    expected = collections.defaultdict(collections.Counter)
    for row in env.log(capture):
        expected[row["id.orig_h"]][row["conn_state"]] += 1
    assert counted == expected and len(counted) == len(lines), (counted, expected)
    assert counted["192.168.1.10"]["SF"] > 1, counted


def test_example_to_sqlite(env):
    capture = env.capture("tcp-states.pcap")
    example(env, "to_sqlite", capture, env.tmp + "/conn.db")
    db = sqlite3.connect(env.tmp + "/conn.db")
    db.row_factory = sqlite3.Row
    rows = [{k: row[k] for k in row.keys() if row[k] is not None} for row in db.execute("SELECT * FROM conn")]
    db.close()
    log = env.log(capture)
    for row in log + rows:
        row.pop("uid")                           # random
        row.pop("community_id", None)            # computed only when requested
        for name, value in row.items():
            if isinstance(value, bool):
                row[name] = int(value)
            elif isinstance(value, list):
                row[name] = ",".join(value)
    assert len(rows) > 20 and rows == log, [(a, b) for a, b in zip(rows, log) if a != b][:2]
    again = example(env, "to_sqlite", capture, env.tmp + "/conn.db", code=1)
    assert "already exists" in again.stderr, again.stderr


def test_examples_say_what_is_wrong(env):
    for name in ("new_connections", "states_per_host", "to_sqlite"):
        assert "usage" in example(env, name, code=2 if name == "new_connections" else 1).stderr, name
        args = ["/nonexistent.pcap"] + ([env.tmp + "/x.db"] if name == "to_sqlite" else [])
        assert "/nonexistent.pcap: cannot be opened: No such file" in example(env, name, *args, code=1).stderr, name
