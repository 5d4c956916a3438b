"""The packaging files: they agree on the version and the libraries, and the tools that check them have no complaints."""
import glob
import os
import re
import shutil

from env import Skip

PACKAGING = "packaging/"
# The names of a library: Debian's package, pkg-config's module, Alpine's package.
LIBRARIES = [("libpcap-dev", "libpcap", "libpcap-dev"), ("zlib1g-dev", "zlib", "zlib-dev"), ("libzstd-dev", "libzstd", "zstd-dev"),
             ("libssl-dev", "libssl", "openssl-dev"), ("libluajit-5.1-dev", "luajit", "luajit-dev"),
             ("libpcre2-dev", "libpcre2-8", "pcre2-dev"), ("libseccomp-dev", "libseccomp", "libseccomp-dev"),
             ("libmicrohttpd-dev", "libmicrohttpd", "libmicrohttpd-dev"), ("libhiredis-dev", "hiredis", "hiredis-dev"),
             ("libsqlite3-dev", "sqlite3", "sqlite-dev"), ("librdkafka-dev", "rdkafka", "librdkafka-dev")]


def read(env, path):
    with open(os.path.join(env.root, path)) as f:
        return f.read()


def test_packages_have_the_version_of_the_library(env):
    version = re.search(r'CONNLOG_VERSION "(.*)"', read(env, "include/connlog.h")).group(1)
    for path, pattern in (("debian/changelog", r"\Aconnlog \((.*?)-\d+\)"), ("rpm/connlog.spec", r"^Version:\s+(.*)"),
                          ("alpine/APKBUILD", r"^pkgver=(.*)")):
        found = re.search(pattern, read(env, PACKAGING + path), re.M)
        assert found and found.group(1) == version, (path, found)
    soname = "0" if version.startswith("0.") else version.split(".")[0]
    for path in ("debian/control", "debian/libconnlog0.symbols"):
        assert "libconnlog" + soname in read(env, PACKAGING + path), path
    node = "CONNLOG_" + (".".join(version.split(".")[:2]) if soname == "0" else soname)
    assert "(symver)" + node in read(env, PACKAGING + "debian/libconnlog0.symbols"), node


def test_packages_are_built_with_every_library(env):
    """Each package depends on what scripts/setup installs for a build: a missing library would be left out silently."""
    setup = re.search(r"^want_build\(\).*?^}", read(env, "scripts/setup"), re.M | re.S).group()
    headers = set(re.findall(r"header \S+ \S+ (\S+)", setup))
    assert headers == {debian for debian, _, _ in LIBRARIES}, headers
    control, spec = read(env, PACKAGING + "debian/control"), read(env, PACKAGING + "rpm/connlog.spec")
    apkbuild, image = read(env, PACKAGING + "alpine/APKBUILD"), read(env, PACKAGING + "oci/Dockerfile")
    for debian, module, alpine in LIBRARIES:
        assert re.search(r"^ %s\b" % re.escape(debian), control, re.M), (debian, "debian/control")
        assert "BuildRequires:  pkgconfig(%s)" % module in spec, (module, "rpm/connlog.spec")
        assert re.search(r"(^|[\s\"])%s($|[\s\"])" % re.escape(alpine), apkbuild, re.M), (alpine, "alpine/APKBUILD")
        assert " %s " % debian in image.replace("\n", " "), (debian, "oci/Dockerfile")


def test_the_spec_is_without_complaint(env):
    if not shutil.which("rpmlint"):
        raise Skip("no rpmlint here")
    rpm = env.root + "/packaging/rpm/connlog."
    said = env.must("rpmlint", "-r", rpm + "rpmlintrc", rpm + "spec")
    assert "0 errors, 0 warnings" in said, said


def test_the_image_is_without_complaint(env):
    path = next((p for p in (env.build + "/external/python/bin/hadolint", shutil.which("hadolint")) if p and os.path.exists(p)), None)
    if not path:
        raise Skip("no hadolint here: `test/external/setup-python build` installs it")
    env.must(path, env.root + "/packaging/oci/Dockerfile")


def test_scripts_are_without_complaint(env):
    """Checks all shell scripts of the project, and Alpine's, which abuild's shell runs."""
    if not shutil.which("shellcheck"):
        raise Skip("no shellcheck here")
    scripts = []
    for path in env.must("git", "ls-files", cwd=env.root).split() if os.path.exists(env.root + "/.git") else \
            [os.path.relpath(p, env.root) for p in glob.glob(env.root + "/*/**", recursive=True) if os.path.isfile(p)]:
        full = os.path.join(env.root, path)
        if os.path.isfile(full) and not path.startswith("build/"):
            with open(full, "rb") as f:
                if re.match(rb"#!(/usr/bin/env |/bin/)(ba)?sh\b", f.readline()):
                    scripts.append(path)
    assert len(scripts) > 8, scripts
    env.must("shellcheck", *scripts, cwd=env.root)
    env.must("shellcheck", "-s", "sh", "-e", "SC2034,SC2154", "packaging/alpine/APKBUILD", cwd=env.root)
    env.must("sh", "-n", "packaging/alpine/APKBUILD", cwd=env.root)
