"""What Zeek's users type: its logging constants, its scripts' names, where the log goes (docs/FROM-ZEEK.md)."""
import json
import os
import re

COLUMNS = "id.orig_h,service,history,failed_service,tunnel_parents"


def read(env, *args, **kw):
    return env.run("-C", "--seed", "x", *args, env.capture("http.pcap"), **kw)


def test_the_same_conn_log_where_zeek_puts_it(env):
    os.mkdir(env.tmp + "/here")
    want = read(env).stdout
    done = env.run("-C", "--seed", "x", "-r", env.capture("http.pcap"), "-o", ".", cwd=env.tmp + "/here")
    assert done.stdout == "" and os.listdir(env.tmp + "/here") == ["conn.log"]
    with open(env.tmp + "/here/conn.log") as f:
        assert f.read() == want


def test_constants_of_the_text_log(env):
    plain = read(env, "--fields", COLUMNS).stdout
    header = [line for line in plain.splitlines() if line.startswith("#")]
    rows = [line for line in plain.splitlines() if not line.startswith("#")]
    assert rows and any("\t-" in row for row in rows)

    assert read(env, "--fields", COLUMNS, "LogAscii::include_meta=F").stdout.splitlines() == rows
    for given in ("|", '"|"', "\\x7c"):
        out = read(env, "--fields", COLUMNS, "LogAscii::separator=" + given).stdout.splitlines()
        assert out[0] == "#separator |" and out[1] == "#set_separator|,", out[:2]
        assert out[2:6] == [line.replace("\t", "|") for line in header[2:6]]
        assert [line for line in out if line[0] != "#"] == [row.replace("\t", "|") for row in rows]
    assert read(env, "--fields", COLUMNS, "LogAscii::separator=\\t").stdout == plain
    out = read(env, "--fields", COLUMNS, "LogAscii::separator=\\x20").stdout
    assert out.startswith("#separator \\x20\n#set_separator ,\n")

    out = read(env, "--fields", COLUMNS, "LogAscii::unset_field=(not there)", "LogAscii::empty_field=nothing").stdout
    assert "#empty_field\tnothing\n#unset_field\t(not\\x20there)\n" in out
    assert [line for line in out.splitlines() if line[0] != "#"] == [
        "\t".join("(not there)" if cell == "-" else cell for cell in row.split("\t")) for row in rows]
    # the last one counts
    assert read(env, "--fields", COLUMNS, "LogAscii::separator=|", "LogAscii::separator=\\x09").stdout == plain


def test_tunnels_under_another_separator(env):
    out = env.run("-C", "--seed", "x", "--fields", "uid,tunnel_parents", "LogAscii::set_separator=;",
                  env.capture("ip-tunnels.pcap")).stdout
    assert "#set_separator\t;\n" in out and re.search(r"^C\w+\tC\w+$", out, re.M), out


def test_constants_of_the_json_log(env):
    want = [json.loads(line) for line in read(env, "--format", "json").stdout.splitlines()]
    for args in (["LogAscii::use_json=T"], ["policy/tuning/json-logs"], ["tuning/json-logs"], ["tuning/json-logs.zeek"],
                 ["redef LogAscii::use_json = T"], ["LogAscii::use_json=F", "LogAscii::use_json=T"]):
        assert [json.loads(line) for line in read(env, *args).stdout.splitlines()] == want, args
    full = [json.loads(line) for line in
            read(env, "LogAscii::use_json=T", "LogAscii::json_include_unset_fields=T").stdout.splitlines()]
    assert [{k: v for k, v in one.items() if v is not None} for one in full] == want
    assert all(list(one) == list(full[0]) for one in full) and any(None in one.values() for one in full)


def test_constants_that_are_wrong_or_not_here(env):
    for args, said in (
            (["LogAscii::separator=ab"], "one character"), (["LogAscii::separator=a"], "one character"),
            (["LogAscii::separator="], "one character"), (["LogAscii::separator=."], "one character"),
            (["LogAscii::separator=\\x00"], "one character"), (["LogAscii::set_separator=\\t"], "set_separator"),
            (["LogAscii::unset_field="], "unset_field"), (["LogAscii::empty_field=" + "x" * 33], "empty_field"),
            (["LogAscii::empty_field=a|b", "LogAscii::separator=|"], "must not hold"),
            (["LogAscii::include_meta=no"], "T or F"), (["LogAscii::json_include_unset_fields=1"], "T or F"),
            (["LogAscii::gzip_level=3"], "pipe the log through gzip"),
            (["LogAscii::output_to_stdout=T"], "standard output"),
            (["Log::default_rotation_interval=1hr"], "is about interfaces"),
            (["LogAscii::meta_prefix=%"], "no constant"),
            (["LogAscii::separator+=|"], "no constant"), (["local.zeek"], "neither a file nor a script"),
            (["tuning/defaults"], "neither a file nor a script")):
        done = read(env, *args, code=2)
        assert said in done.stderr and not done.stdout, (args, done.stderr)


def test_the_page_names_what_there_is(env):
    """Every constant and option that docs/FROM-ZEEK.md names exists."""
    with open(env.root + "/docs/FROM-ZEEK.md") as f:
        page = f.read()
    for name in "use_json json_timestamps json_include_unset_fields include_meta separator set_separator".split():
        assert "`%s`" % name in page or "LogAscii::%s" % name in page, name
    helps = env.run("--help").stdout + env.run("cut", "--help").stdout + env.run("convert", "--help").stdout
    for option in set(re.findall(r"--[a-z][a-z-]+", page)):
        assert option in helps, option
