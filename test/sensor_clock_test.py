"""The machine's clock is set while a sensor runs (`make clock`): connections go on as if nothing had happened.
test/unit/steady_test.c tests the computation; here the kernel stamps the packets with the changed clock."""
import os
import time

from env import Skip
from sensor import Net, Sensor, rows_of, wait_until
import veth

STEP = 4.0     # seconds by which the clock is set forward and back
TIME_OUT = 2.0


def set_clock(distance):
    """Sets the clock to an offset from the one that nobody sets."""
    time.clock_settime(time.CLOCK_REALTIME, distance + time.monotonic())


def connection_over(sensor, net, number, distance):
    """Sends two datagrams of a connection, one before the clock is set and one after. Returns its row."""
    net.send(number, 1)
    time.sleep(0.5)
    set_clock(distance)
    net.send(number, 1)
    begun = time.monotonic()

    def rows():
        return [row for row in rows_of(sensor.folder + "/conn.log") if veth.number_of(row) == number]

    assert wait_until(rows, 3 * STEP), sensor.said()
    took = time.monotonic() - begun
    assert TIME_OUT * 0.9 < took < TIME_OUT + 1.5, "logged after %.2f s\n%s" % (took, sensor.said())
    found = rows()
    assert len(found) == 1, found
    return found[0]


def test_the_clock_is_set_forward_and_back(env):
    if os.environ.get("CLOCK") != "set":
        raise Skip("sets the clock of the machine for some seconds: make clock")
    distance = time.time() - time.monotonic()
    try:
        set_clock(distance)
    except PermissionError as e:
        raise Skip("the clock cannot be set here: %s" % e) from None
    with Net() as net:
        sensor = Sensor(env, net, "-o", "logs", "udp_inactivity_timeout=%gsec" % TIME_OUT)
        try:
            rows = [(connection_over(sensor, net, 1, distance + STEP), STEP), (connection_over(sensor, net, 2, distance), 0)]
        finally:
            set_clock(distance)
        for row, step in rows:
            assert row["orig_pkts"] == 2 and 0.4 < row["duration"] < 2, row
            # Times are those of the clock as it was at the end.
            age = distance + step + time.monotonic() - row["ts"]
            assert 0 < age < 15, (age, row)
        said = sensor.stop()
        assert said.count("the clock was set") == 2 and "lost" not in said, said
