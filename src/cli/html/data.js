/* data.js - the connections as columns; numbers and times as text.
 *
 * Values from the log are untrusted: they enter the page through textContent and attributes only. */

let raw, rows, total, dictionaries, groupOfState, oddHistory;
const legend = JSON.parse(document.getElementById("data").textContent).legend;
const stateByName = new Map(legend.states.map((s) => [s.name, s]));
const PARTIAL = legend.groups.length - 1;

/* Sets the connections of the page: once, or for a sensor's page whenever there are new ones.  A history is its text, its
 * outline and the numbers of its steps, or its text, null and whether any of it is unusual. */
function take(data) {
	raw = data;
	if (raw.live && !raw.span) /* nothing is known yet */
		Object.assign(raw, { begin: Date.now() * 1000, span: [-raw.live.window * 1e6, 0] });
	rows = raw.columns;
	total = raw.shown;
	for (const name of Object.keys(rows)) /* numbers; -1: unset */
		if (name !== "uid")
			rows[name] = Float64Array.from(rows[name]);
	dictionaries = {
		orig: raw.hosts, resp: raw.hosts, proto: raw.protos, service: raw.services, state: raw.states,
		history: raw.histories.map((h) => h[0]), tunnel: raw.tunnels,
	};
	groupOfState = raw.states.map((name) => {
		const state = stateByName.get(name);
		return state ? state.group : PARTIAL;
	});
	oddHistory = raw.histories.map((h) => (h[2] ? h[2].some((s) => legend.steps[s].odd) : h[3]));
}

take(JSON.parse(document.getElementById("data").textContent));

function stateOf(row) {
	return stateByName.get(raw.states[rows.state[row]]);
}

function groupOf(row) {
	return groupOfState[rows.state[row]];
}

/* Returns the bytes in both directions; -1 if neither is known. */
function bytesOf(row) {
	const sent = rows.sent[row], received = rows.received[row];
	return sent < 0 && received < 0 ? -1 : Math.max(sent, 0) + Math.max(received, 0);
}

/* Returns whether the connection is remarkable: it has a finding, or an unusual step. */
function isOdd(row) {
	return rows.findings[row] > 0 || oddHistory[rows.history[row]];
}

/* ---- numbers ---- */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function count(n) {
	return grouped.format(n);
}

function three(n) {
	return n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2);
}

function bytes(n) {
	const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
	let unit = 0;

	if (n < 0)
		return "\u2013";
	while (n >= 999.5 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return (unit === 0 ? n.toFixed(0) : three(n)) + "\u00a0" + units[unit];
}

function pad(n) {
	return String(Math.floor(n)).padStart(2, "0");
}

/* Returns a duration in seconds as text. */
function span(s) {
	if (s < 0)
		return "\u2013";
	if (s === 0)
		return "0\u00a0s";
	if (s < 0.0009995)
		return three(s * 1e6) + "\u00a0\u00b5s";
	if (s < 0.9995)
		return three(s * 1e3) + "\u00a0ms";
	if (s < 59.95)
		return three(s) + "\u00a0s";
	if (s < 3599.5)
		return Math.floor(Math.round(s) / 60) + ":" + pad(Math.round(s) % 60) + "\u00a0min";
	if (s < 86400)
		return Math.floor(s / 3600) + ":" + pad((s % 3600) / 60) + "\u00a0h";
	return three(s / 86400) + "\u00a0d";
}

function percent(part, whole) {
	const p = whole > 0 ? (100 * part) / whole : 0;
	return (p > 0 && p < 0.1 ? "<0.1" : p < 10 ? p.toFixed(1) : p.toFixed(0)) + "\u00a0%";
}

/* ---- times: microseconds since raw.begin, shown in UTC or in the user's time zone ---- */

let local = false;

function fields(t) {
	const date = new Date(Math.floor((raw.begin + t) / 1000));
	const micro = (((raw.begin + t) % 1e6) + 1e6) % 1e6;
	return local
		? [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds(), micro]
		: [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(),
			date.getUTCSeconds(), micro];
}

function day(t) {
	const [y, m, d] = fields(t);
	return y + "-" + pad(m) + "-" + pad(d);
}

function clock(t, decimals) {
	const [, , , h, m, s, micro] = fields(t);
	const fraction = decimals > 0 ? "." + String(micro).padStart(6, "0").slice(0, decimals) : "";
	return pad(h) + ":" + pad(m) + ":" + pad(s) + fraction;
}

function zone(t) {
	if (!local)
		return "UTC";
	const minutes = -new Date(Math.floor((raw.begin + t) / 1000)).getTimezoneOffset();
	const size = Math.abs(minutes);
	return "UTC" + (minutes < 0 ? "\u2212" : "+") + pad(size / 60) + ":" + pad(size % 60);
}

/* Returns an ISO time in UTC, for the filter. */
function iso(t) {
	return new Date(Math.floor((raw.begin + t) / 1000)).toISOString().slice(0, 23).replace(/\.000$/, "");
}

/* ---- elements ---- */

function $(id) {
	return document.getElementById(id);
}

/* Returns an element with the given class, text, attributes and children. */
function element(tag, { cls, text, attr, on } = {}, ...children) {
	const e = document.createElement(tag);

	if (cls)
		e.className = cls;
	if (text !== undefined)
		e.textContent = text;
	for (const [name, value] of Object.entries(attr || {}))
		e.setAttribute(name, value);
	for (const [name, handler] of Object.entries(on || {}))
		e.addEventListener(name, handler);
	e.append(...children);
	return e;
}

function svg(tag, attr, ...children) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", tag);

	for (const [name, value] of Object.entries(attr || {}))
		e.setAttribute(name, value);
	e.append(...children);
	return e;
}
