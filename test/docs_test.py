"""The documentation: the reference made from the headers, and the commands that the pages show."""
import glob
import os
import re
import shutil

import library_test
from env import Skip

PAGES = ["README.md", "docs/*.md"]
# Lines of the list in the README that need a network, a server or another process.
NOT_RUN = re.compile(r"connlog (live|top)\b|\blive\b|--to '?kafka|^tcpdump")


def read(path):
    with open(path) as f:
        return f.read()


def pages(env):
    return sorted(p for pattern in PAGES for p in glob.glob(os.path.join(env.root, pattern)))


def blocks(text, language):
    return re.findall(r"^```%s\n(.*?)^```$" % language, text, re.M | re.S)


def surroundings(env):
    """Returns the environment of a reader who has built and installed connlog and whose current folder is the project."""
    os.makedirs(env.tmp + "/bin")
    os.symlink(env.connlog, env.tmp + "/bin/connlog")
    os.makedirs(env.tmp + "/build")
    os.symlink(env.captures, env.tmp + "/build/captures")
    return {**os.environ, "PATH": env.tmp + "/bin:" + os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}


def shows(env, commands, place):
    """Runs the commands of a page in one shell. Returns what they print, with each command before its output, as on the page."""
    marks = "".join("printf '\\036%%s\\n' %d\n%s\n" % (i, command) for i, (command, _) in enumerate(commands))
    done = env.command("bash", "-c", marks + "true\n", env=place, stderr=-2)
    said = dict(part.split("\n", 1) for part in done.stdout.split("\036")[1:])
    assert done.returncode == 0 and len(said) == len(commands), done.stdout
    return [said[str(i)] for i in range(len(commands))]


def test_the_commands_on_pages_print_what_the_pages_say(env):
    """Runs the blocks marked `console`: a line that begins with $ is a command and is followed by its output; a line of
    … stands for any number of lines."""
    wrong, count = [], 0
    for path in pages(env):
        text = read(path)
        console = "".join(blocks(text, "console"))
        commands = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", console, re.M)
        if not commands:
            continue
        here = env.at(os.path.join(env.tmp, os.path.basename(path)))
        os.makedirs(here.tmp)
        place = surroundings(here)
        programs = [code for code in blocks(text, "c") if "\nmain(" in code]
        if programs:
            library_test.install(here)
            place.update(PKG_CONFIG_PATH=here.tmp + "/root" + library_test.PREFIX + "/lib/pkgconfig",
                         PKG_CONFIG_SYSROOT_DIR=here.tmp + "/root", LD_LIBRARY_PATH=here.tmp + "/root" + library_test.PREFIX + "/lib")
            name = re.search(r"\bcc (\w+\.c)\b", console).group(1)
            with open(here.tmp + "/" + name, "w") as f:
                f.write(programs[0])
        for (command, expected), got in zip(commands, shows(here, commands, place)):
            count += 1
            pattern = "".join(".*" if line == "…\n" else re.escape(line) for line in expected.splitlines(True))
            if not re.fullmatch(pattern, got, re.S):
                wrong.append("%s: $ %s\n%s--- not\n%s" % (os.path.relpath(path, env.root), command, got, expected))
    assert not wrong, "\n".join(wrong)
    assert count > 5, count


def test_the_list_of_commands_in_the_readme_is_understood(env):
    """Runs each command on one of our captures: status 2 would mean that connlog does not understand the line."""
    lines = re.findall(r"^(?:connlog|tcpdump) .*$", re.search(r"^## Use it\n+```\n(.*?)^```", read(env.root + "/README.md"), re.M | re.S)
                       .group(1), re.M)
    place = surroundings(env)
    os.makedirs(env.tmp + "/logs")
    for folder in ("monday", "week"):
        os.makedirs(env.tmp + "/" + folder)
        shutil.copy(env.capture("http.pcap"), env.tmp + "/" + folder)
    for name in ("capture.pcap", "x.pcap"):
        shutil.copy(env.capture("http.pcap"), env.tmp + "/" + name)
    with open(env.tmp + "/key", "w") as f:
        f.write("00" * 32 + "\n")
    for name in ("conn.log", "zeek.log"):
        with open(env.tmp + "/" + name, "w") as f:
            f.write(env.run("-q", "--seed", "demo", env.capture("http.pcap")).stdout)
    env.must("gzip", "-k", "conn.log")
    env.must("bash", "-c", "cat build/captures/links.pcapng >capture.pcapng; gzip -c capture.pcapng >capture.pcapng.zst; mkdir -p lake")
    shutil.copy(env.root + "/examples/scripts/drop_scans.lua", env.tmp)
    run = 0
    for line in lines:
        command = re.split(r"\s{3,}", line)[0]
        if NOT_RUN.search(command):
            continue
        done = env.command("bash", "-c", command, env=place)
        assert done.returncode in (0, 1) and "Sanitizer" not in done.stderr, "%s\nexit %d\n%s" % (command, done.returncode, done.stderr)
        run += 1
    assert run > 15, run


def test_the_reference_of_the_library_is_made_without_a_warning(env):
    if not shutil.which("doxygen"):
        raise Skip("no doxygen here")
    settings = read(env.root + "/docs/Doxyfile") + "OUTPUT_DIRECTORY = %s\n" % env.tmp
    done = env.command("doxygen", "-", input=settings, stdin=None, cwd=env.root)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    page = read(env.tmp + "/html/connlog_8h.html")
    assert "Advances the time of a live engine while no packets arrive" in page
    assert 'Described with <a class="el" href="connlog_8h.html#' in page
