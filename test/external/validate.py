#!/usr/bin/env python3
"""Checks rows of JSON against a schema: validate.py json|avro SCHEMA FILE.  Fails if a valid row does not fit or an invalid one does."""
import io
import json
import sys


def with_json(schema, rows):
    import jsonschema
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for row in rows:
        checker.validate(row)
    for wrong in ({"ts": "now"}, {"id.orig_p": 65536}, {"id.orig_h": "somewhere"}, {"orig_bytes": -1}, {"local_orig": "T"}):
        assert not checker.is_valid({**rows[0], **wrong}), "%s fits" % wrong
    assert not checker.is_valid({k: v for k, v in rows[0].items() if k != "uid"}), "a row without uid fits"


def with_avro(schema, rows):
    import fastavro
    parsed = fastavro.parse_schema(schema)
    records = [{k.replace(".", "_"): v for k, v in row.items()} for row in rows]
    for record in records:
        record["ts"] = round(record["ts"] * 1e6)
    out = io.BytesIO()
    fastavro.writer(out, parsed, records, strict_allow_default=True, validator=True)
    out.seek(0)
    back = [{k: v for k, v in record.items() if v is not None} for record in fastavro.reader(out)]
    for record in back:
        record["ts"] = round(record["ts"].timestamp() * 1e6)
    assert back == records


if __name__ == "__main__":
    with open(sys.argv[2]) as one, open(sys.argv[3]) as other:
        {"json": with_json, "avro": with_avro}[sys.argv[1]](json.load(one), [json.loads(line) for line in other])
