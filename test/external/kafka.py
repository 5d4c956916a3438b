"""A real Apache Kafka for the tests: one node (KRaft) made from the published jars, on this host."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import uuid

from env import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
fetching = threading.Lock()

SETTINGS = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{other}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{other}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
auto.create.topics.enable=false
"""


def jars(env):
    """Returns the folder with Kafka's jars, which Maven fetches once."""
    folder = env.build + "/external/kafka"
    for tool in ("java", "mvn"):
        if not shutil.which(tool):
            raise Skip("no Apache Kafka: there is no %s here (test/external/README.md)" % tool)
    with fetching:
        if not os.path.exists(folder + "/complete"):
            done = env.command("mvn", "-q", "-B", "-f", HERE + "/pom.xml", "dependency:copy-dependencies",
                               "-DoutputDirectory=" + folder, timeout=600)
            if done.returncode != 0:
                raise Skip("no Apache Kafka: Maven has not got it: " + done.stdout.strip()[-200:])
            with open(folder + "/complete", "w"):
                pass
    return folder


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Kafka:
    """`inside` is the command that enters the network in which it is to run."""

    def __init__(self, env, inside=()):
        self.env, self.inside, self.process = env, list(inside), None
        self.jars, self.folder = jars(env), env.tmp + "/kafka"
        self.port = free_port()
        self.at = "127.0.0.1:%d" % self.port
        os.makedirs(self.folder)
        with open(self.folder + "/settings", "w") as f:
            f.write(SETTINGS.format(port=self.port, other=free_port(), folder=self.folder))
        self.run("kafka.tools.StorageTool", "format", "-t", uuid.uuid4().hex[:22], "-c", self.folder + "/settings")

    def java(self, *args):
        return [*self.inside, "java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", self.jars + "/*", *args]

    def run(self, *args, must=True, **kw):
        done = self.env.command(*self.java(*args), **kw)
        assert not must or done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self):
        """Starts it and waits until it answers."""
        with open(self.folder + "/said", "a") as said:
            self.process = subprocess.Popen(self.java("kafka.Kafka", self.folder + "/settings"), stdin=subprocess.DEVNULL,
                                            stdout=said, stderr=said)
        for _ in range(20):
            if self.run("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.at, "--list", must=False).returncode == 0:
                return
            assert self.process.poll() is None, self.env.must("cat", self.folder + "/said")
        raise AssertionError("Kafka does not answer: " + self.env.must("tail", "-20", self.folder + "/said"))

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def create(self, topic, partitions=3):
        self.run("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.at, "--create", "--topic", topic,
                 "--partitions", partitions)

    def size(self, topic):
        """Returns the size of the topic in bytes."""
        data = self.folder + "/data"
        return sum(os.path.getsize(os.path.join(data, d, f)) for d in os.listdir(data) if d.rsplit("-", 1)[0] == topic
                   for f in os.listdir(os.path.join(data, d)) if f.endswith(".log"))

    def read(self, topic, patience=8):
        """Returns [(partition, headers, key, value)] of all messages, as printed by Kafka's own consumer."""
        done = self.run("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", self.at, "--topic", topic,
                        "--from-beginning", "--timeout-ms", str(patience * 1000), *(x for p in ("partition", "headers", "key", "value")
                                                                    for x in ("--property", "print.%s=true" % p)), must=False)
        rows = [tuple(line.split("\t")) for line in done.stdout.splitlines() if line.startswith("Partition:")]
        assert "Processed a total of %d messages" % len(rows) in done.stderr + done.stdout, done.stderr[-2000:]
        return rows if rows or patience > 8 else self.read(topic, 40)  # starting may take longer on a busy machine
