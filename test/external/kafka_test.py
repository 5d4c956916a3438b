"""kafka:// against a real Apache Kafka: what arrives, how often, and the messages when it cannot."""
import copy
import json
import os
import re
import signal
import subprocess
import types

from delivery import helpers_of
from env import Skip
from kafka import Kafka, free_port
from sensor import Net, Sensor, wait_until
from sensor_output_test import FullDisk
import veth

MANY = 200000


def need_kafka(env):
    listed = dict(line.split(": ", 1) for line in env.run("--version").stdout.splitlines()[1:])["sinks"]
    if "kafka" not in listed.split(", "):
        raise Skip("no kafka://: built without librdkafka")


def rows(env, first, n):
    """Returns that many rows of JSON, each with its own uid and responder."""
    row = json.loads(env.run("--seed", "x", "--format", "json", env.capture("http.pcap")).stdout.splitlines()[0])
    for i in range(first, first + n):
        row["uid"], row["id.resp_h"] = "C%07d" % i, "10.0.%d.%d" % (i // 250 % 250, i % 250)
        yield json.dumps(row, separators=(",", ":")) + "\n"


def uids(read):
    return [re.search('"uid":"(\\w+)"', value).group(1) for *_, value in read]


def fast(env):
    """Returns the environment with the installed program."""
    other = copy.copy(env)
    other.connlog = env.build + "/connlog"
    return other


def test_many_records_arrive_once_each(env):
    need_kafka(env)
    with Kafka(env) as kafka:
        kafka.start()
        kafka.create("conn")
        with open(env.tmp + "/log", "w") as f:
            f.writelines(rows(env, 0, MANY))
        done = fast(env).run("convert", "--to", "kafka://%s/conn?key=id.resp_h" % kafka.at, "log")
        assert done.stderr == ""
        read = kafka.read("conn")
        assert sorted(uids(read)) == ["C%07d" % i for i in range(MANY)]
        partition_of = {}
        for partition, headers, key, value in read:
            assert headers == "connlog.schema:1,connlog.format:json" and key == json.loads(value)["id.resp_h"], (headers, key)
            assert partition_of.setdefault(key, partition) == partition
        assert len(set(partition_of.values())) == 3
        with open(env.tmp + "/log") as f:
            assert {value + "\n" for *_, value in read} == set(f)


def test_a_broker_that_is_killed_and_comes_back(env):
    need_kafka(env)
    with Kafka(env) as kafka:
        kafka.start()
        kafka.create("conn", 1)
        process = subprocess.Popen([fast(env).connlog, "convert", "--to", "kafka://%s/conn" % kafka.at, "-"], cwd=env.tmp,
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.writelines(rows(env, 0, MANY // 2))
        process.stdin.flush()
        assert wait_until(lambda: kafka.size("conn") > 0, 60)
        kafka.kill()
        process.stdin.writelines(rows(env, MANY // 2, MANY // 2))
        process.stdin.flush()
        assert "reading waits for it" in process.stderr.readline()
        kafka.start()
        said = process.communicate(timeout=200)[1]
        assert process.returncode == 0 and "connected again" in said, said
        read = uids(kafka.read("conn"))
        assert sorted(set(read)) == ["C%07d" % i for i in range(MANY)], len(set(read))
        assert len(read) - len(set(read)) < MANY // 100, len(read)  # nothing is missing; repeated records are recognised by their uid


def test_no_broker_at_the_start_and_no_topic(env):
    need_kafka(env)
    with Kafka(env) as kafka:
        with open(env.tmp + "/log", "w") as f:
            f.writelines(rows(env, 0, 1000))
        process = subprocess.Popen([env.connlog, "convert", "--to", "kafka://%s/late?kafka.topic.metadata.propagation.max.ms=500" % kafka.at,
                                    "log"], cwd=env.tmp, stderr=subprocess.PIPE, text=True)
        said = process.stderr.readline()
        assert "Connection refused" in said or "brokers are down" in said, said
        kafka.start()
        said = env.run("convert", "--to", "kafka://%s/never?timeout=5&kafka.topic.metadata.propagation.max.ms=500" % kafka.at, "log",
                       code=1).stderr
        assert "the brokers have no topic never: create it" in said and "1000 of 1000 records are lost" in said, said
        kafka.create("late")
        said = process.communicate(timeout=200)[1]
        assert process.returncode == 0 and "lost" not in said, said
        assert sorted(uids(kafka.read("late"))) == ["C%07d" % i for i in range(1000)]


def test_a_spool_on_a_full_disk(env):
    """A sensor's spool: what had room is delivered once there is a broker, the rest is counted."""
    need_kafka(env)
    with Net() as net, FullDisk(env, "1m") as disk:
        net.ip(env, "link", "set", "lo", "up")
        os.chmod(disk.folder, 0o777)
        with Kafka(env, net.inside) as kafka:
            sensor = Sensor(env, net, "--to", "kafka://%s/conn?kafka.queue.buffering.max.kbytes=256" % kafka.at, "--spool", "64K",
                            "--spool", disk.folder + "/spool,100M", "--stats", env.tmp + "/stats.json")
            net.send(0, 8000, pause=0.0002)
            assert wait_until(lambda: "the disk spool is full as well" in sensor.said() or "records lost" in sensor.said())
            kafka.start()
            kafka.create("conn")
            assert wait_until(lambda: not [f for d in os.listdir(disk.folder + "/spool") for f in os.listdir(disk.folder + "/spool/" + d)],
                              60), sensor.said()
            sensor.stop(code=1)
            read = [veth.number_of(json.loads(value)) for *_, value in kafka.read("conn")]
    with open(env.tmp + "/stats.json") as f:
        stats = next(v for k, v in json.load(f).items() if k.startswith("sink "))
    assert stats["records"] == 8000 and stats["lost"] == 8000 - stats["delivered"] > 0, stats
    assert len(set(read)) == len(read) == stats["delivered"], (len(read), stats)


def test_settings_are_passed_on(env):
    need_kafka(env)
    port = free_port()
    for options, says in (("kafka.colour=red", "No such configuration property"), ("compression=none&kafka.acks=some", "acks"),
                          ("key=nothing", "there is no such column"), ("key=uid&format=csv", "key= is for format=json")):
        said = env.run("--to", "kafka://127.0.0.1:%d/x?%s" % (port, options), env.capture("http.pcap"), code=2).stderr
        assert says in said, said
    said = env.run("--to", "kafka://127.0.0.1:%d/x?timeout=1&kafka.sasl.password=secret" % port, env.capture("http.pcap"), code=1).stderr
    assert "sasl.password=***" in said and "secret" not in said, said


def test_what_was_not_acknowledged_when_the_process_died_is_sent_again(env):
    """Nothing is missing; repeated records are recognised by their uid and counted once."""
    need_kafka(env)
    with Kafka(env) as kafka:
        kafka.start()
        kafka.create("conn", 1)
        reading = types.SimpleNamespace(process=subprocess.Popen(
            [fast(env).connlog, "convert", "--to", "kafka://%s/conn" % kafka.at, "-"], cwd=env.tmp, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        for i in range(4):
            reading.process.stdin.writelines(rows(env, i * 20000, 20000))
            reading.process.stdin.flush()
            assert wait_until(lambda: kafka.size("conn") > 0 and helpers_of(reading), 60)
            os.kill(int(helpers_of(reading)[0]["Pid"]), signal.SIGKILL)
        said = reading.process.communicate(timeout=200)[1]
        assert reading.process.returncode == 0 and "is replaced (1 so far)" in said and "lost" not in said, said
        read = uids(kafka.read("conn"))
    assert sorted(set(read)) == ["C%07d" % i for i in range(80000)], len(set(read))
