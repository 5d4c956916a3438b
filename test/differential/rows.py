"""Compares the rows of two logs. uids are random, so rows are paired by their endpoints and by similarity, and
tunnel_parents are compared by the connections that they name."""
from collections import defaultdict, namedtuple

MISSING, EXTRA = "row missing", "row extra"              # in place of a field's name

# A row of each log, or None where it is missing, and the names of the fields that differ.
Difference = namedtuple("Difference", "one other fields")


def ends(row):
    both = sorted("%s %s" % (row.get("id.%s_h" % side), row.get("id.%s_p" % side)) for side in ("orig", "resp"))
    return (str(row.get("proto")), *both)


def comparable(rows):
    """Returns the rows without uids, and with connections in place of tunnel_parents."""
    by_uid = {row.get("uid"): (ends(row), row.get("ts")) for row in rows}
    out = []
    for row in rows:
        row = {k: v for k, v in row.items() if k != "uid"}
        if "tunnel_parents" in row:
            row["tunnel_parents"] = sorted(repr(by_uid.get(uid, "no row")) for uid in row["tunnel_parents"])
        out.append(row)
    return out


def differing(one, other):
    """Returns the fields that only one has, or that differ in type or value; times are compared to the last bit."""
    return {k for k in one.keys() | other.keys()
            if k not in one or k not in other or type(one[k]) is not type(other[k]) or one[k] != other[k]}


def pair(ones, others):
    """Pairs the rows of one pair of endpoints: equal ones first, the rest by the fewest differences, ties in order of time."""
    left = list(others)
    rest = []
    for one in ones:
        if one in left and not differing(one, left[left.index(one)]):
            left.remove(one)
        else:
            rest.append(one)
    for one in rest:
        if not left:
            yield Difference(one, None, {MISSING})
            continue
        at = min(range(len(left)), key=lambda i: (len(differing(one, left[i])), abs(left[i].get("ts", 0) - one.get("ts", 0))))
        other = left.pop(at)
        yield Difference(one, other, differing(one, other))
    for other in left:
        yield Difference(None, other, {EXTRA})


def compare(ones, others):
    """Returns [Difference]."""
    groups = defaultdict(lambda: ([], []))
    for which, rows in enumerate((ones, others)):
        for row in comparable(rows):
            groups[ends(row)][which].append(row)
    found = []
    for both in groups.values():
        ones, others = (sorted(rows, key=lambda row: row.get("ts", 0)) for rows in both)
        found += pair(ones, others)
    return found


def fields_of(found):
    """Returns the names of all fields that differ anywhere."""
    return set().union(*(d.fields for d in found))
