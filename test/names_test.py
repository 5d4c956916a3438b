"""Logs with other names: OSSEM's, and Elastic's ECS as its Zeek integration makes it from conn.log."""
import json
import os

ZEEK = ('{"ts":1456042921.641303,"uid":"CuGTtceCH3qOZCDR","id.orig_h":"10.0.0.1","id.orig_p":54422,"id.resp_h":"10.0.0.2",'
        '"id.resp_p":80,"proto":"tcp","service":"http","duration":0.120338,"orig_bytes":113,"resp_bytes":4344,'
        '"conn_state":"S1","missed_bytes":0,"history":"ShADad","orig_pkts":3,"orig_ip_bytes":277,"resp_pkts":3,'
        '"resp_ip_bytes":4508,"tunnel_parents":[],"vlan":201,"inner_vlan":200,"orig_l2_addr":"00:0c:29:c1:2d:24",'
        '"resp_l2_addr":"00:09:0f:db:f4:3e","local_orig":"true","local_resp":"true"}\n')
OSSEM = ('{"@timestamp":1456042921.641303,"event_uid":"CuGTtceCH3qOZCDR","src_ip_addr":"10.0.0.1","src_port":54422,'
         '"dst_ip_addr":"10.0.0.2","dst_port":80,"network_protocol":"tcp","network_application":"http",'
         '"event_duration":0.120338,"src_bytes":113,"dst_bytes":4344,"network_connection_state":"S1",'
         '"zeek_connection_local_src":true,"zeek_connection_local_dst":true,"network_missed_bytes":0,'
         '"network_connection_history":"ShADad","src_packets":3,"src_ip_bytes":277,"dst_packets":3,"dst_ip_bytes":4508,'
         '"zeek_connection_tunnel_parents":[],"src_mac":"00:0c:29:c1:2d:24","dst_mac":"00:09:0f:db:f4:3e",'
         '"network_outer_vlan_id":201,"network_inner_vlan_id":200}\n')
ECS = {
    "@timestamp": "2016-02-21T08:22:01.641Z",
    "ecs": {"version": "8.11.0"},
    "event": {"kind": "event", "category": ["network"], "type": ["connection", "start"], "id": "CuGTtceCH3qOZCDR",
              "duration": 120338000},
    "source": {"address": "10.0.0.1", "ip": "10.0.0.1", "port": 54422, "bytes": 277, "packets": 3,
               "mac": "00:0c:29:c1:2d:24"},
    "destination": {"address": "10.0.0.2", "ip": "10.0.0.2", "port": 80, "bytes": 4508, "packets": 3,
                    "mac": "00:09:0f:db:f4:3e"},
    "network": {"transport": "tcp", "protocol": "http", "bytes": 4785, "packets": 6, "direction": "internal",
                "community_id": "1:SPYgVgvcW0g9bsfBLLnTtlWJezA="},
    "related": {"ip": ["10.0.0.1", "10.0.0.2"]},
    "tags": ["local_orig", "local_resp"],
    "zeek": {"session_id": "CuGTtceCH3qOZCDR",
             "connection": {"ts": 1456042921.641303, "orig_bytes": 113, "resp_bytes": 4344, "state": "S1",
                            "state_message": "Connection established, not terminated.", "local_orig": True,
                            "local_resp": True, "missed_bytes": 0, "history": "ShADad", "tunnel_parents": [], "vlan": 201,
                            "inner_vlan": 200}},
}


def convert(env, text, to, *args):
    return env.run("convert", "--to", to, *args, input=text, stdin=None).stdout


def to_ecs(env, **members):
    record = {"ts": 1700000000.5, "uid": "C1", "id.orig_h": "192.0.2.1", "id.orig_p": 1024, "id.resp_h": "192.0.2.2",
              "id.resp_p": 53, "proto": "udp", **members}
    return json.loads(convert(env, json.dumps({k: v for k, v in record.items() if v is not None}), "ecs"))


def rows(text):
    """Returns the rows of a log in which the header may be repeated; unset columns are left out."""
    names, out = [], []
    for line in text.splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line[0] != "#":
            out.append({k: v for k, v in zip(names, line.split("\t")) if v != "-"})
    return out


def test_the_sample_of_ossem(env):
    assert convert(env, ZEEK, "ossem") == OSSEM
    back = json.loads(ZEEK)
    back["local_orig"] = back["local_resp"] = True
    for text in (OSSEM, OSSEM.replace('","', '" , "').replace(":", " : ")):
        assert json.loads(convert(env, OSSEM, "json")) == back, text
    assert convert(env, OSSEM, "ossem") == OSSEM


def test_columns_that_ossem_has_no_name_for(env):
    text = ZEEK.replace("}", ',"ip_proto":6,"community_id":"1:x","odd":[1,2],"a.b":"c"}')
    out = convert(env, text, "ossem")
    assert '"zeek_ip_proto":6' in out and '"zeek_community_id":"1:x"' in out, out
    assert '"zeek_odd":[1,2]' in out and '"zeek_a.b":"c"' in out, out
    back = json.loads(convert(env, out, "json"))
    assert (back["ip_proto"], back["community_id"], back["odd"], back["a.b"]) == (6, "1:x", [1, 2], "c"), back
    assert json.loads(convert(env, OSSEM.replace("}", ',"vendor":"x"}'), "json"))["vendor"] == "x"


def test_a_record_in_ecs(env):
    out = convert(env, ZEEK, "ecs")
    assert json.loads(out) == ECS, out
    back = {**json.loads(ZEEK), "local_orig": True, "local_resp": True, "community_id": ECS["network"]["community_id"]}
    assert json.loads(convert(env, out, "json")) == back
    assert convert(env, out, "ecs") == out


def test_what_ecs_derives(env):
    # direction and tags
    for orig, resp, want in ((True, True, "internal"), (True, False, "outbound"), (False, True, "inbound"),
                             (False, False, "external")):
        assert to_ecs(env, local_orig=orig, local_resp=resp)["network"]["direction"] == want
    one = to_ecs(env, local_orig=False)
    assert "direction" not in one["network"] and one["tags"] == ["local_orig"]
    # sums of two values only
    assert "bytes" not in to_ecs(env, orig_ip_bytes=3)["network"]
    assert to_ecs(env, orig_ip_bytes=3, resp_ip_bytes=4)["network"]["bytes"] == 7
    # the same address twice
    assert to_ecs(env, **{"id.resp_h": "192.0.2.1"})["related"]["ip"] == ["192.0.2.1"]
    # a time is truncated, a duration is rounded
    one = to_ecs(env, ts=1551399000.57855, duration=0.0011119842529296876)
    assert one["@timestamp"] == "2019-03-01T00:10:00.578Z" and one["event"]["duration"] == 1111984
    assert to_ecs(env, ts=-1.25)["@timestamp"] == "1969-12-31T23:59:58.750Z"
    # without its inputs
    one = to_ecs(env, ts=None, uid=None, proto=None)
    assert "@timestamp" not in one and "id" not in one["event"] and "zeek" not in one, one
    assert json.loads(convert(env, '{"uid":"C"}', "ecs")) == {
        "ecs": {"version": "8.11.0"}, "event": {"kind": "event", "category": ["network"], "id": "C"},
        "zeek": {"session_id": "C"}}


def test_community_ids_of_ecs(env):
    # The values of Elastic's community_id processor for the same tuples.
    def of(proto, orig, orig_p, resp, resp_p):
        return to_ecs(env, **{"proto": proto, "id.orig_h": orig, "id.orig_p": orig_p, "id.resp_h": resp,
                              "id.resp_p": resp_p})["network"].get("community_id")
    assert of("udp", "192.168.86.167", 38339, "192.168.86.1", 53) == "1:Z26DBGVYoBKQ1FT6qfPaAqBnJik="
    assert of("icmp", "192.168.2.205", 3, "89.160.20.156", 3) == "1:/dM6GFGdrMSFfHWWVHXTte26ER4="
    assert of("tcp", "10.156.0.2", 56190, "89.160.20.156", 443) == "1:H2WP+dwHKIuudV4sjhjnKf3fpGU="
    assert of("icmp", "10.0.0.1", 8, "10.0.0.2", 0) == of("icmp", "10.0.0.2", 0, "10.0.0.1", 8)
    assert of("icmp", "10.0.0.1", 3, "10.0.0.2", 3) != of("icmp", "10.0.0.2", 3, "10.0.0.1", 3)
    assert of("tcp", "10.2.4.200", 0, "175.16.199.74", 0) is None
    assert of("unknown_transport", "10.0.0.1", 1, "10.0.0.2", 1) is None
    assert to_ecs(env, community_id="1:own")["network"]["community_id"] == "1:own"


def test_states_of_ecs(env):
    types = {"S0": "start", "S1": "start", "SF": "start end", "REJ": "start denied"}
    messages = set()
    for state in "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH".split():
        one = to_ecs(env, conn_state=state)
        assert one["event"]["type"] == ["connection"] + types.get(state, "info").split(), one
        messages.add(one["zeek"]["connection"]["state_message"])
    assert len(messages) == 13
    one = to_ecs(env, conn_state="NEW")
    assert one["zeek"]["connection"]["state"] == "NEW" and "type" not in one["event"]
    assert "state_message" not in one["zeek"]["connection"]


def test_icmp_has_no_ports_in_ecs(env):
    one = to_ecs(env, **{"proto": "icmp", "id.orig_p": 8, "id.resp_p": 0})
    assert one["zeek"]["connection"]["icmp"] == {"type": 8, "code": 0}
    assert "port" not in one["source"] and "port" not in one["destination"]
    back = json.loads(convert(env, json.dumps(one), "json"))
    assert (back["id.orig_p"], back["id.resp_p"]) == (8, 0)


def test_ecs_of_others(env):
    """Reads what the integration itself writes: it drops payload bytes and microseconds, and adds fields that are not Zeek's."""
    event = json.loads(json.dumps(ECS))
    for name in ("ts", "orig_bytes", "resp_bytes", "tunnel_parents"):
        del event["zeek"]["connection"][name]
    event["tags"] = ["forwarded", "local_orig"]
    event["source"]["geo"] = {"city_name": "Linköping"}
    event["agent"] = {"id": "a"}
    for text in (json.dumps(event), json.dumps(event, ensure_ascii=False, separators=(",", ":"))):
        back = json.loads(convert(env, text, "json"))
        assert back["ts"] == 1456042921.641 and back["duration"] == 0.120338 and "orig_bytes" not in back, back
        assert back["tags"] == ["forwarded", "local_orig"] and back["agent.id"] == "a", back
        assert back["source.geo.city_name"] == "Linköping", back
        again = json.loads(convert(env, json.dumps(back), "ecs"))["zeek"]["connection"]
        assert again["tags"] == ["forwarded", "local_orig"] and again["agent.id"] == "a", again
    del event["source"]["address"], event["zeek"]["session_id"]
    back = json.loads(convert(env, json.dumps(event), "json"))
    assert back["id.orig_h"] == "10.0.0.1" and back["uid"] == "CuGTtceCH3qOZCDR", back


def test_durations_of_ecs(env):
    for nanos, want in ((0, 0.0), (1, 1e-9), (1000, 1e-6), (-1500000000, -1.5), (123456789012345678, float("123456789.012345678"))):
        event = {"@timestamp": "2024-01-01T00:00:00Z", "source": {"ip": "::1"}, "event": {"duration": nanos}}
        assert json.loads(convert(env, json.dumps(event), "json"))["duration"] == want, nanos
    event = {"@timestamp": "2024-01-01T00:00:00Z", "source": {"ip": "::1"}, "event": {"duration": None}}
    assert "duration" not in json.loads(convert(env, json.dumps(event), "json"))
    done = env.run("convert", "--to", "json", code=1, stdin=None,
                   input='{"@timestamp":"2024-01-01T00:00:00Z","source":{"ip":"::1"},"event":{"duration":"long"}}')
    assert "event.duration" in done.stderr, done.stderr


def test_there_and_back(env):
    """Converts the log of every capture, with every column, from zeek to the format and back."""
    captures = sorted(f for f in os.listdir(env.captures) if ".pcap" in f)
    assert len(captures) > 10
    total = 0
    for capture in captures:
        log = env.command(env.connlog, "-q", "-C", "--seed", "x", "--fields", "all", env.capture(capture)).stdout
        for form in ("ossem", "ecs"):
            back = convert(env, convert(env, log, form, "--from", "zeek"), "zeek", "--from", form)
            assert rows(log) == rows(back), (capture, form)
            total += len(rows(back))
    assert total > 100


def test_long_texts_fit(env):
    """In ECS the uid occurs twice, and a byte of text takes up to five."""
    uid = "\\u0001" * 3000
    text = '{"ts":1.5,"uid":"%s","x":"%s","proto":"%s"}' % (uid, uid, uid)
    for form in ("ossem", "ecs"):
        out = convert(env, text, form)
        assert out.count("\\\\x01") == 3000 * (4 if form == "ecs" else 3), form
        assert json.loads(convert(env, out, "json", "--from", form)) == json.loads(convert(env, text, "json"))
