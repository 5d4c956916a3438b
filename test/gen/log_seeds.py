"""Seeds for the fuzz targets of the log readers: short logs in every form, made from the golden logs. The last byte of
an input is the target's own (which format is read, and which is written)."""
import csv
import glob
import io
import json
import os

TYPES = {"ts": "time", "duration": "interval", "tunnel_parents": "set[string]", "failed_service": "set[string]"}


def cell(value):
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(str, value)) or "(empty)"
    return "%.6f" % value if isinstance(value, float) else str(value)


def tsv(rows, columns):
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn",
            "#fields\t" + "\t".join(columns), "#types\t" + "\t".join(TYPES.get(c, "string") for c in columns)]
    return "\n".join(head + ["\t".join(cell(row[c]) if c in row else "-" for c in columns) for row in rows]) + "\n"


def nested(row):
    out = {k: v for k, v in row.items() if not k.startswith("id.")}
    out["id"] = {k[3:]: v for k, v in row.items() if k.startswith("id.")}
    return out


def with_commas(rows, columns):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([columns] + [[cell(row[c]) if c in row else "" for c in columns] for row in rows])
    return out.getvalue()


def json_lines(rows):
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def bro1_lines(rows, kind):
    """Bro 1's lines, roughly: bro0, bro1 or bro1.5."""
    out = []
    for row in rows:
        first = ["%.6f" % row["ts"], "%.6f" % row["duration"] if "duration" in row else "?"]
        hosts, ports = [row["id.resp_h"], row["id.orig_h"]], [str(row["id.resp_p"]), str(row["id.orig_p"])]
        size = [str(row.get("orig_bytes", "?")), str(row.get("resp_bytes", "?"))]
        service, last = [row.get("service", "other")], [row["conn_state"], ("LU", "X")["service" in row], "%7 addl"]
        words = service + size + hosts if kind == 0 else hosts + service + ports + [row["proto"]] + size
        out.append(" ".join(first + words + last) + "\n")
    return "".join(out)


def write_log_seeds(out, golden):
    os.makedirs(out, exist_ok=True)
    for path in sorted(glob.glob(golden + "/*.json")):
        with open(path) as f:
            rows = [json.loads(line) for line in f][:3]
        columns = list(dict.fromkeys(c for row in rows for c in row))
        if not rows:
            continue
        odd = [{**row, "note": "a\\x0ab", "hops": [1, 2.5], "sure": True, "ts": "2009-11-18T20:58:04.321Z"}
               for row in rows[:1]]
        forms = [tsv(rows, columns), json_lines(rows), json_lines(map(nested, rows)), with_commas(rows, columns),
                 tsv(odd, list(odd[0])), json_lines(odd), tsv(rows[:1], columns).replace("\t", "|").replace(",", ";")]
        seeds = [(text, i & 3) for i, text in enumerate(forms)]
        seeds += [(bro1_lines(rows, kind), kind | kind << 2) for kind in range(3)]
        for i, (text, how) in enumerate(seeds):
            with open("%s/%s-%d" % (out, os.path.basename(path), i), "wb") as f:
                f.write(text.encode() + bytes([how]))
