"""Settings files: `connlog check`, `connlog live --config`, and the installed example."""
import os
import re

from sensor import Net, Sensor, rows_of


def write(env, text, name="connlog.conf"):
    path = env.tmp + "/" + name
    with open(path, "w") as f:
        f.write(text)
    return path


def errors(env, text):
    """Returns the messages of `connlog check` as (line, message)."""
    path = write(env, text)
    said = env.run("check", path, code=2)
    assert said.stdout == "", said.stdout
    found = []
    for line in said.stderr.splitlines():
        place = re.match(r"connlog: (.*?):(\d+): (.*)", line)
        assert place and place.group(1) == path, line
        found.append((int(place.group(2)), place.group(3)))
    return found


def names_of_all_settings(env):
    text = env.run("live", "--help").stdout
    options = re.findall(r"^  (?:-\w, )?--([\w-]+)", text[text.index("\noptions:"):], re.M)
    with open(env.root + "/man/connlog.1") as f:
        page = f.read().replace("\\-", "-")
    constants = re.findall(r"Cm ([\w:]+) No = ", page)
    assert len(options) > 20 and len(constants) > 70, (options, constants)
    return (set(options) | set(constants)) - {"help", "version", "read", "config"}


def test_the_example_names_every_setting_and_is_right(env):
    example = env.run("check", "--example").stdout
    names = re.findall(r"^#?([\w:-]+) = ", example, re.M)
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    missing = names_of_all_settings(env) - set(names)
    assert not missing, missing
    assert all(len(line) <= 120 or line.startswith("#likely") for line in example.splitlines())
    env.run("check", write(env, example))
    script, where = write(env, "function log_conn(rec) end\n", "x.lua"), write(env, "proto == tcp # or not\n", "where")
    key = write(env, 64 * "5" + "\n", "key")
    everything = re.sub(r"^#(?=[\w:-]+ = )", "", example, flags=re.M)
    everything = re.sub(r"^(script = ).*", r"\g<1>" + script, everything, flags=re.M)
    everything = re.sub(r"^(where-file = ).*", r"\g<1>" + where, everything, flags=re.M)
    networks = write(env, "prefix,name\n192.0.2.0/24,lab\n", "networks.csv")
    everything = re.sub(r"^(networks = ).*", r"\g<1>" + networks, everything, flags=re.M)
    everything = re.sub(r"^(anonymize = ).*", r"\g<1>" + key, everything, flags=re.M)
    assert len(re.findall(r"^[\w:-]+ = ", everything, re.M)) == len(names)
    done = env.run("check", write(env, everything))
    assert done.stdout == done.stderr == "", done.stderr


def test_every_error_is_told_with_its_line(env):
    said = errors(env, """# a comment
interfce = eth0
rotate-interval = soon

format = jsn
fields = nonsense
quiet = maybe
filter = "not prt 22"
tcp_atempt_delay = 4sec
tcp_attempt_delay = quick
read = x.pcap
what is this
LogAscii::separator = ab
spool += 3
format = "json" x
filter = "open
LogAscii::gzip_level = 3
Site::local_nets += 300.0.0.0/8
output =
nothing-like-it = 1
metrics = 9911
web = localhost
to = /run/x.sock
to = kafka://broker/topic?kee=uid
""")
    want = [(2, "did you mean interface?"), (3, "an interval like 30sec"), (5, "known are zeek json"), (6, "known are all ts"),
            (7, "yes or no"), (8, "does not compile"), (9, "did you mean tcp_attempt_delay"), (10, "is not a time"),
            (11, "belongs on the command line"), (12, "NAME = VALUE is expected"), (13, "one character"),
            (14, "nothing can be added"), (15, "stands behind the quotes"), (16, "are not closed"), (17, "--compress"),
            (18, "networks"), (19, "it is empty"), (20, "`connlog check --example`"),
            (21, "9911 is no address and port"), (22, "localhost is no address and port"), (23, "a sink is named by a URL"),
            (24, "it has no option \"kee\"" if "kafka" in env.run("--version").stdout else "")]
    assert sorted(line for line, _ in said) == [line for line, _ in want], said
    for line, text in want:
        assert text in dict(said)[line], (line, text, dict(said)[line])


def test_a_file_that_is_right(env):
    done = env.run("check", write(env, "\r\n  filter\t=  \"port 80 # or so\" # both\nquiet=no # comment\nverbose = T\n"
                                       "Site::local_nets=10.0.0.0/8\nSite::local_nets += 192.0.2.0/24\r\nformat = json", "a"),
                   code=2)
    assert "port 80 # or so" in done.stderr                # the quotes keep it together
    done = env.run("check", write(env, "filter = port 80 # or so\nfields = +vlan\nfields = -service\nseed =  a b  \n"))
    assert done.stdout == done.stderr == ""
    env.run("check", write(env, ""))
    assert "cannot read" in env.run("check", env.tmp + "/none", code=2).stderr
    assert "zero byte" in env.run("check", write(env, "quiet\0 = yes\n"), code=2).stderr
    script = write(env, "function log_conn(", "x.lua")
    assert "x.lua" in env.run("check", write(env, "script = %s\n" % script), code=2).stderr
    assert "no file to check" in env.run("check", code=2).stderr
    assert "one file" in env.run("check", "a", "b", code=2).stderr


def test_captures_are_read_without(env):
    path = write(env, "format = json\n")
    said = env.run(env.capture("http.pcap"), "--config", path, code=2).stderr
    assert "--config is about interfaces" in said, said
    assert "given twice" in env.run("live", "lo", "--config", path, "--config", path, code=2).stderr
    said = env.run("live", "lo", "--config", write(env, "formt = json\n"), code=2).stderr
    assert "connlog.conf:1: no setting is called 'formt'; did you mean format?" in said, said


def test_the_command_line_beats_the_file(env):
    """The command line wins where both set the same thing; everything else in the file counts."""
    os.mkdir(env.tmp + "/other")
    path = write(env, """
interface = no-such-interface
output = %s/other
fields = ts,uid
fields = +history
tcp_attempt_delay = 1sec
LogAscii::json_timestamps = JSON::TS_ISO8601
udp_inactivity_timeout = 1hr
""" % env.tmp)
    with Net() as net:
        sensor = Sensor(env, net, "--config", path, "-o", "logs", "--fields", "ts,id.orig_h,id.orig_p")
        net.send(0, 3)
        sensor.stop()
        rows = rows_of(sensor.folder + "/conn.log")
        assert len(rows) == 3 and not os.listdir(env.tmp + "/other")
        assert all(set(row) == {"ts", "id.orig_h", "id.orig_p"} and row["ts"].endswith("Z") for row in rows), rows


def test_the_file_alone_is_enough(env):
    path = write(env, "interface = see0\noutput = logs\nformat = json\nudp_inactivity_timeout = 0.3sec\nfields = id.orig_h\n"
                      "fields = +id.orig_p\n")
    with Net() as net:
        sensor = Sensor(env, net, config=path)
        net.send(0, 2)
        sensor.stop()
        rows = rows_of(sensor.folder + "/conn.log")
        assert len(rows) == 2 and set(rows[0]) == {"id.orig_h", "id.orig_p"}, rows
