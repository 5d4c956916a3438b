/* filter.js - the filter above the charts decides what is shown.  Clicks on charts only edit it.
 *
 * A term becomes a function of a row.  Terms on texts are evaluated once for each entry of a dictionary. */

const units = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
const numbers = {
	bytes: bytesOf,
	sent: (r) => rows.sent[r],
	received: (r) => rows.received[r],
	duration: (r) => rows.duration[r],
	packets: (r) => Math.max(rows.sentPackets[r], 0) + Math.max(rows.receivedPackets[r], 0),
	lost: (r) => rows.missed[r],
};
const compare = {
	">": (a, b) => a > b,
	"<": (a, b) => a < b,
	">=": (a, b) => a >= b,
	"<=": (a, b) => a <= b,
	"=": (a, b) => a === b,
};

/* Returns the values of a term: separated by commas, in quotes if they contain blanks or commas. */
function valuesOf(text) {
	return (text.match(/"[^"]*"|[^,]+/g) || []).map((v) => v.replace(/^"|"$/g, ""));
}

function quote(value) {
	return value === "" ? "-" : /[\s,"]/.test(value) ? '"' + value.replace(/"/g, "") + '"' : value;
}

function marks(dictionary, test) {
	return Uint8Array.from(dictionary, (text) => (test(text.toLowerCase()) ? 1 : 0));
}

function whole(values) {
	const wanted = new Set(values.map((v) => (v === "-" ? "" : v.replace(/"/g, ""))));
	return (text) => wanted.has(text.replace(/"/g, ""));
}

function hostTest(values) {
	const exact = whole(values);
	const prefixes = values.filter((v) => /[.:]$/.test(v));
	return (text) => exact(text) || prefixes.some((p) => text.startsWith(p));
}

function part(values) {
	return (text) => values.some((v) => (v === "-" ? text === "" : text.includes(v)));
}

function exactCase(dictionary, values) {
	return Uint8Array.from(dictionary, (text) => (values.some((v) => (v === "-" ? text === "" : text.includes(v))) ? 1 : 0));
}

function column(name, marked) {
	const values = rows[name];
	return (r) => marked[values[r]] === 1;
}

const keys = {
	host: (v) => {
		const marked = marks(raw.hosts, hostTest(v));
		return (r) => marked[rows.orig[r]] === 1 || marked[rows.resp[r]] === 1;
	},
	orig: (v) => column("orig", marks(raw.hosts, hostTest(v))),
	resp: (v) => column("resp", marks(raw.hosts, hostTest(v))),
	service: (v) => column("service", marks(raw.services, whole(v))),
	proto: (v) => column("proto", marks(raw.protos, whole(v))),
	state: (v) => column("state", marks(raw.states, whole(v))),
	history: (v, exact) => column("history", exactCase(dictionaries.history, exact)),
	uid: (v) => (r) => part(v)(rows.uid[r].toLowerCase()),
	port: (v) => {
		const wanted = new Set(v.map(Number));
		return (r) => wanted.has(rows.origPort[r]) || wanted.has(rows.respPort[r]);
	},
	from: (v) => timeTest(v[0], (t, limit) => t >= limit),
	to: (v) => timeTest(v[0], (t, limit) => t <= limit),
	is: (v) => (v[0] === "odd" ? isOdd : null),
};

/* `from` is the beginning of that second or millisecond, `to` its end. */
function timeTest(text, holds) {
	const at = Date.parse(text.toUpperCase() + (/t/i.test(text) ? "Z" : ""));
	if (Number.isNaN(at))
		return null;
	const tick = text.includes(".") ? 999 : 999999;
	const limit = at * 1000 - raw.begin + (holds(0, 1) ? tick : 0);
	return (r) => holds(rows.time[r], limit);
}

function wordTest(word) {
	const found = {};
	for (const name of ["orig", "proto", "service", "state", "history"])
		found[name] = marks(dictionaries[name], (text) => text.includes(word));
	return (r) => found.orig[rows.orig[r]] === 1 || found.orig[rows.resp[r]] === 1 || found.proto[rows.proto[r]] === 1 ||
		found.service[rows.service[r]] === 1 || found.state[rows.state[r]] === 1 ||
		found.history[rows.history[r]] === 1 || rows.uid[r].toLowerCase().includes(word);
}

/* Returns the test for one term, or null if the term is invalid. */
function termTest(term) {
	const negative = term.length > 1 && term[0] === "-";
	const body = negative ? term.slice(1) : term;
	const number = /^([a-z]+)(>=|<=|>|<|=)([0-9.]+)([kmgt]?)$/i.exec(body);
	const keyed = /^([a-z]+):(.+)$/is.exec(body);
	let test;

	if (number && numbers[number[1].toLowerCase()]) {
		const read = numbers[number[1].toLowerCase()], holds = compare[number[2]];
		const limit = Number(number[3]) * units[number[4].toLowerCase()];
		test = (r) => read(r) >= 0 && holds(read(r), limit);
	} else if (keyed && Object.hasOwn(keys, keyed[1].toLowerCase())) {
		test = keys[keyed[1].toLowerCase()](valuesOf(keyed[2].toLowerCase()), valuesOf(keyed[2]));
	} else {
		test = wordTest(body.toLowerCase().replace(/"/g, ""));
	}
	return test && negative ? (r) => !test(r) : test;
}

function termsOf(text) {
	return text.match(/(?:"[^"]*"|[^\s"]|"(?![^"]*"))+/g) || [];
}

/* Returns { rows: the indices of matching rows, bad: invalid terms }. */
function applyFilter(text) {
	const terms = termsOf(text), bad = [], tests = [];
	const chosen = new Uint32Array(total);
	let n = 0;

	for (const term of terms) {
		const test = termTest(term);
		if (test)
			tests.push(test);
		else
			bad.push(term);
	}
	for (let r = 0; r < total; r++)
		if (tests.every((test) => test(r)))
			chosen[n++] = r;
	return { rows: chosen.subarray(0, n), bad };
}

/* Returns the filter's text with `key:value` added, or removed if it is there already. */
function toggleTerm(text, key, value) {
	const terms = termsOf(text);
	const at = terms.findIndex((t) => t.toLowerCase().startsWith(key + ":"));
	const wanted = quote(value);

	if (at < 0)
		return [...terms, key + ":" + wanted].join(" ");
	const values = (terms[at].slice(key.length + 1).match(/"[^"]*"|[^,]+/g) || []);
	const left = values.filter((v) => v.toLowerCase() !== wanted.toLowerCase());
	if (left.length === values.length)
		left.push(wanted);
	terms[at] = key + ":" + left.join(",");
	return terms.filter((t, i) => i !== at || left.length > 0).join(" ");
}

function hasTerm(text, key, value) {
	const wanted = quote(value).toLowerCase();
	return termsOf(text).some((t) => t.toLowerCase().startsWith(key + ":") &&
		(t.slice(key.length + 1).toLowerCase().match(/"[^"]*"|[^,]+/g) || []).includes(wanted));
}

/* Returns the text with a time span that replaces any other. */
function withSpan(text, from, to) {
	const terms = termsOf(text).filter((t) => !/^(from|to):/i.test(t));
	return [...terms, "from:" + iso(from), "to:" + iso(to)].join(" ");
}
