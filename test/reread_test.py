"""SIGHUP: which settings are reread from the file, and which wait for the next start."""
import glob
import itertools
import os
import signal

import veth
from sandbox_test import installed
from sensor import QUICK, Net, Sensor, wait_until

BASE = "interface = %s\nformat = json\noutput = logs\n%s\n" % (veth.CAPTURES, "\n".join(QUICK))


def write(env, text):
    """Replaces the file by a new one, as editors do."""
    path = env.tmp + "/etc/c.conf"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(BASE + text)
    os.rename(path + ".new", path)
    return path


def sensor_of(env, net, text, *args):
    return Sensor(installed(env), net, *args, config=write(env, text))  # as installed, with every system call forbidden that can be


def rotated(sensor):
    return len(glob.glob(sensor.folder + "/conn.2*"))


def test_the_log_is_kept_otherwise(env):
    """First a size limit is added, then old logs are removed, then neither limit applies any more."""
    with Net() as net:
        first = itertools.count(0, 50)  # other ports, so that these are new connections
        sensor = sensor_of(env, net, "")
        net.send(next(first), 50)
        assert wait_until(lambda: os.path.getsize(sensor.folder + "/conn.log") > 5000)
        assert rotated(sensor) == 0
        write(env, "rotate-size = 5K\n")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: net.send(next(first), 50) or rotated(sensor) > 3)
        write(env, "rotate-size = 5K\nkeep-size = 1\n")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: rotated(sensor) == 0), os.listdir(sensor.folder)
        write(env, "")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: net.send(next(first), 50) or os.path.getsize(sensor.folder + "/conn.log") > 30000)
        assert sensor.stop() == ""


def test_what_waits_and_what_is_wrong(env):
    with Net() as net:
        sensor = sensor_of(env, net, "spool = 1M\nfilter = udp\nrotate-size = 5K\n", "--rotate-size", "500M")
        write(env, "spool = 2M\nrotate-size = 4K\n")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: "c.conf: what has changed of these waits for the next start: spool, filter\n" in sensor.said()), sensor.said()
        for line, word in (("keep-age = soon", "c.conf:5: --keep-age soon: an interval like"), ("nonsense", "c.conf:5: NAME = VALUE"),
                           ("rotate-intervall = 1hr\nrotate-size = 1K", "c.conf:5: no setting is called 'rotate-intervall'; did you mean rotate-interval")):
            write(env, line + "\n")
            before = sensor.said().count("is not taken over: all settings stay as they were")
            sensor.signal(signal.SIGHUP)
            assert wait_until(lambda: sensor.said().count("is not taken over: all settings stay as they were") > before), sensor.said()
            assert word in sensor.said(), sensor.said()
        os.unlink(env.tmp + "/etc/c.conf")
        sensor.signal(signal.SIGHUP)
        assert wait_until(lambda: "cannot read" in sensor.said()), sensor.said()
        net.send(0, 50)
        assert wait_until(lambda: os.path.getsize(sensor.folder + "/conn.log") > 8000) and rotated(sensor) == 0  # the limit of the command line
        sensor.stop()
