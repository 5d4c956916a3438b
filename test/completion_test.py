"""Shell completion: the files know every command, option, format and column, and bash completes as it should."""
import os
import re
import shutil

FILES = ("connlog.bash", "_connlog", "connlog.fish")


def read(env, name):
    with open(os.path.join(env.root, "completions", name)) as f:
        return f.read()


def commands(env):
    """Returns {command: its options with their dashes}, as listed by --help."""
    found = {}
    listed = re.search(r"^commands:\n((?:  .*\n)+)", env.run("--help").stdout, re.M).group(1)
    for name in re.findall(r"^  (\S+)", listed, re.M):
        text = env.run(name, "--help").stdout
        rows = re.findall(r"^  (-.*?)(?:  |$)", text[text.index("\noptions:\n"):], re.M)
        found[name] = {word for row in rows for word in re.findall(r"(?<!\S)--?[\w-]+", row)}
    return found


def part_of(shell, text, command):
    """Returns the part of a completion file that belongs to a command."""
    if shell == "connlog.fish":
        return "\n".join(line for line in text.splitlines() if "__connlog_is" not in line or
                         re.search(r"__connlog_is [a-z ]*\b%s\b" % command, line))
    begin = re.search(r"^\t(?:\w+ \| )*%s(?: \| \w+)*\)" % command, text, re.M)
    assert begin, (shell, command)
    return text[begin.end():text.index(";;", begin.end())]


def says(shell, text, option):
    if shell == "connlog.fish":
        return re.search(r" -%s %s\b" % (("l", option[2:]) if option.startswith("--") else ("s", option[1:])), text)
    return re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(option), text)


def test_every_command_and_option_is_completed(env):
    found = commands(env)
    assert {"read", "live", "convert", "cut"} <= set(found) and all(len(o) > 3 for o in found.values()), found
    for shell in FILES:
        text = read(env, shell)
        missing = [(name, option) for name, options in found.items() for option in options
                   if option not in ("-h", "--help", "--version") and not says(shell, part_of(shell, text, name), option)]
        assert not missing, "%s lacks %s" % (shell, missing)
        for option in ("-h", "--help", "--version"):
            assert says(shell, text, option), (shell, option)


def test_formats_and_columns_are_completed(env):
    listed = env.run("--help", "formats").stdout
    formats = [name for name in re.findall(r"^  (\S+) ", listed, re.M)]
    assert "zeek" in formats and "ossem" in formats
    columns = env.run("--fields", "all", "--format", "zeek", env.capture("empty.pcap")).stdout
    columns = re.search(r"^#fields\t(.*)", columns, re.M).group(1).split("\t")
    assert len(columns) > 25
    for shell in FILES:
        words = set(re.findall(r"[\w.-]+", read(env, shell)))
        assert not set(formats) - words, (shell, set(formats) - words)
        assert not set(columns) - words, (shell, set(columns) - words)


def complete(env, *words):
    """Returns what bash offers for the last word."""
    script = '''source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _connlog; printf "%s\\n" "${COMPREPLY[@]}"'''
    return env.must("bash", "-c", script, env.root + "/completions/connlog.bash", *words).split()


def test_bash_completes(env):
    for words, want in (
            (["connlog", "cu"], ["cut"]), (["connlog", "--form"], ["--format"]), (["connlog", "--format", "j"], ["json"]),
            (["connlog", "x.pcap", "--fields", "service,+vl"], ["service,+vlan"]),
            (["connlog", "--fields", "-inner"], ["-inner_vlan"]),
            (["connlog", "cut", "id.o"], ["id.orig_h", "id.orig_p"]), (["connlog", "cut", "--re"], ["--read"]),
            (["connlog", "convert", "--to", "os"], ["ossem"]), (["connlog", "convert", "--fro"], ["--from"]),
            (["connlog", "live", "--to", "un"], ["unix:"]),
            (["connlog", "cut", "-F", "x"], []), (["connlog", "live", "l"], ["lo"]),
            (["connlog", "protocols/conn/v"], ["protocols/conn/vlan-logging"]),
            (["connlog", "cut", "--fields", "x"], [])):
        if words[1:] == ["live", "l"] and not os.path.exists("/sys/class/net/lo"):
            continue
        assert complete(env, *words) == want, (words, complete(env, *words))
    open(env.tmp + "/trace file.pcap", "w").close()
    os.mkdir(env.tmp + "/traces")
    assert "traces" in complete(env, "connlog", "-o", "tr") and "file.pcap" not in complete(env, "connlog", "-o", "tr")
    assert "file.pcap" in complete(env, "connlog", "tr")


def test_the_shells_can_read_them(env):
    env.must("bash", "-n", env.root + "/completions/connlog.bash")
    for shell, name in (("zsh", "_connlog"), ("fish", "connlog.fish")):
        if shutil.which(shell):
            env.must(shell, "-n", env.root + "/completions/" + name)
