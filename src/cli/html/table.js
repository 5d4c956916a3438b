/* table.js - the list of connections: only visible rows exist as elements.  The grid has the focus and tracks the active
 * row; Enter or a click opens the details. */

const columns = [
	{ key: "time", name: "Begin", value: (r) => rows.time[r] },
	{ key: "orig", name: "Originator", order: (a, b) => compareText(raw.hosts[rows.orig[a]], raw.hosts[rows.orig[b]]) },
	{ key: "resp", name: "Responder", order: (a, b) => compareText(raw.hosts[rows.resp[a]], raw.hosts[rows.resp[b]]) },
	{ key: "service", name: "Service", order: (a, b) => compareText(raw.services[rows.service[a]], raw.services[rows.service[b]]) },
	{ key: "state", name: "State", order: (a, b) => groupOf(a) - groupOf(b) || rows.state[a] - rows.state[b] },
	{ key: "duration", name: "Duration", number: true, value: (r) => rows.duration[r] },
	{ key: "sent", name: "Sent", number: true, value: (r) => rows.sent[r] },
	{ key: "received", name: "Received", number: true, value: (r) => rows.received[r] },
	{ key: "history", name: "History", order: (a, b) => compareText(dictionaries.history[rows.history[a]], dictionaries.history[rows.history[b]]) },
];

const PRINTED = 300, HIGHEST = 12e6; /* rows on paper; height in pixels that every browser can scroll */
const table = { rows: new Uint32Array(0), sort: "time", down: false, at: 0, onOpen: null, first: -1, height: 36 };

function compareText(a, b) {
	return a < b ? -1 : a > b ? 1 : 0;
}

/* Addresses and other strings are compared by their rank in the sorted dictionary, which is computed once. */
const ranks = new Map();
function rankOf(name, dictionary) {
	if (!ranks.has(name)) {
		const order = Array.from(dictionary.keys()).sort((a, b) => new Intl.Collator("en", { numeric: true })
			.compare(dictionary[a], dictionary[b]));
		const rank = new Float64Array(dictionary.length);
		order.forEach((entry, at) => { rank[entry] = at; });
		ranks.set(name, rank);
	}
	return ranks.get(name);
}

function valueFor(column) {
	if (column.value)
		return column.value;
	if (column.key === "state")
		return (r) => groupOf(r) * 1e6 + rows.state[r];
	const rank = rankOf(column.key, dictionaries[column.key]), values = rows[column.key];
	return (r) => rank[values[r]];
}

function sortRows() {
	const value = valueFor(columns.find((c) => c.key === table.sort));
	const keys = new Float64Array(total);
	for (const r of table.rows)
		keys[r] = value(r);
	const sign = table.down ? -1 : 1;
	table.rows = table.rows.slice().sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
}

/* ---- a row ---- */

function endpoint(cls, host, port, proto) {
	const cell = element("span", { cls: "cell " + cls, attr: { role: "gridcell" } });
	const shown = port >= 0 && proto !== "icmp" ? (host.includes(":") ? `[${host}]` : host) : host;
	const text = element("bdi", { cls: "mono", text: shown });
	cell.append(text);
	if (port >= 0 && proto !== "icmp")
		cell.append(element("span", { cls: "port mono", text: ":" + port }));
	cell.title = shown;
	return cell;
}

function drawRow(r, at) {
	const state = stateOf(r), name = raw.states[rows.state[r]], proto = raw.protos[rows.proto[r]];
	const service = raw.services[rows.service[r]];
	const cell = (cls, text) => element("span", { cls: "cell " + cls, text, attr: { role: "gridcell" } });
	const history = cell("history mono", dictionaries.history[rows.history[r]].slice(0, 100));
	const badge = element("span", { cls: "cell state", attr: { role: "gridcell" } },
		element("span", { cls: "dot g" + groupOf(r), attr: { "aria-hidden": "true" } }), element("span", { cls: "mono", text: name || "\u2013" }));

	if (state)
		badge.title = state.brief;
	if (isOdd(r))
		badge.append(element("span", { cls: "flag", text: "!", attr: { title: "something to remark on" } }));
	return element("div", {
		cls: "row" + (at === table.at ? " active" : ""),
		attr: { role: "row", id: "row-" + at, "aria-rowindex": at + 2, "aria-selected": at === table.at },
		on: { click: () => { table.at = at; markRow(); table.onOpen(at); } },
	},
	element("span", { cls: "cell time", attr: { role: "gridcell" } }, element("span", { cls: "day", text: day(rows.time[r]) + " " }),
		element("span", { text: clock(rows.time[r], 3) })),
	endpoint("orig", raw.hosts[rows.orig[r]], rows.origPort[r], proto),
	endpoint("resp", raw.hosts[rows.resp[r]], rows.respPort[r], proto),
	element("span", { cls: "cell service", attr: { role: "gridcell" } }, element("bdi", { text: service || proto, cls: service ? "" : "quiet" })),
	badge, cell("number duration", span(rows.duration[r])), cell("number sent", bytes(rows.sent[r])),
	cell("number received", bytes(rows.received[r])), history);
}

/* ---- visible rows ---- */

function geometry() {
	const grid = $("grid"), n = table.rows.length;
	const room = Math.max(grid.clientHeight - $("grid-head").offsetHeight, table.height);
	const tall = n * table.height, height = Math.min(tall, HIGHEST);
	const scrollable = Math.max(height - room, 1), real = Math.max(tall - room, 1);
	return { room, tall, height, stretch: tall > HIGHEST ? real / scrollable : 1 };
}

function drawTable(force) {
	const grid = $("grid"), body = $("grid-body"), g = geometry();
	const top = grid.scrollTop * g.stretch;
	const first = Math.max(0, Math.floor(top / table.height) - 4);
	const last = Math.min(table.rows.length, Math.ceil((top + g.room) / table.height) + 4);

	body.style.height = g.height + "px";
	if (!force && first === table.first && last === table.last && g.stretch === 1)
		return;
	table.first = first;
	table.last = last;
	const drawn = [];
	for (let at = first; at < last; at++) {
		const row = drawRow(table.rows[at], at);
		row.style.top = at * table.height - top + grid.scrollTop + "px";
		drawn.push(row);
	}
	body.replaceChildren(...drawn);
	markRow();
}

function markRow() {
	for (const row of $("grid-body").children) {
		const active = row.id === "row-" + table.at;
		row.classList.toggle("active", active);
		row.setAttribute("aria-selected", active);
	}
	if (table.rows.length > 0)
		$("grid").setAttribute("aria-activedescendant", "row-" + table.at);
	else
		$("grid").removeAttribute("aria-activedescendant");
}

/* Makes `at` the active row and scrolls to it. */
function moveTo(at) {
	const grid = $("grid"), g = geometry();

	table.at = Math.max(0, Math.min(table.rows.length - 1, at));
	const top = table.at * table.height, now = grid.scrollTop * g.stretch;
	if (top < now)
		grid.scrollTop = top / g.stretch;
	else if (top + table.height > now + g.room)
		grid.scrollTop = (top + table.height - g.room) / g.stretch;
	drawTable(true);
}

function drawHead() {
	$("grid-head").replaceChildren(...columns.map((c) => {
		const sorted = table.sort === c.key;
		return element("span", {
			cls: "cell " + c.key + (c.number ? " number" : ""),
			attr: { role: "columnheader", "aria-sort": sorted ? (table.down ? "descending" : "ascending") : "none" },
		}, element("button", {
			text: c.key === "time" ? "Begin (" + zone(firstTime) + ")" : c.name, cls: sorted ? (table.down ? "down" : "up") : "",
			attr: { type: "button" }, on: { click: () => orderBy(c.key) },
		}));
	}));
	$("sort").value = table.sort + (table.down ? " down" : "");
}

/* Sorts by a column, numbers from the largest; the same column again reverses the order. */
function orderBy(key, down) {
	const column = columns.find((c) => c.key === key);

	table.down = down !== undefined ? down : table.sort === key ? !table.down : Boolean(column.number);
	table.sort = key;
	table.at = 0;
	sortRows();
	drawHead();
	$("grid").scrollTop = 0;
	drawTable(true);
}

/* Shows the rows.  `keep`: they contain the previous rows and new ones, so the scroll position is kept. */
function showRows(chosen, keep) {
	table.rows = chosen;
	table.at = keep ? Math.max(0, Math.min(table.at, chosen.length - 1)) : 0;
	sortRows();
	$("grid").setAttribute("aria-rowcount", chosen.length + 1);
	$("grid").hidden = chosen.length === 0;
	$("nothing").hidden = chosen.length > 0 || total === 0;
	if (!keep)
		$("grid").scrollTop = 0;
	drawTable(true);
}

function measureRow() {
	table.height = parseFloat(getComputedStyle($("grid")).getPropertyValue("--row")) || 36;
}

/* Shows the first rows in full, because paper does not scroll. */
function printTable() {
	const shown = Math.min(PRINTED, table.rows.length);
	$("grid-body").replaceChildren(...Array.from({ length: shown }, (_, at) => drawRow(table.rows[at], at)));
	$("print-note").textContent = `${count(shown)} of ${count(table.rows.length)} connections` +
		($("filter").value ? `, filtered by: ${$("filter").value}` : "");
}

function watchTable(onOpen) {
	const grid = $("grid");
	let waiting = false;

	table.onOpen = onOpen;
	grid.addEventListener("scroll", () => {
		if (!waiting)
			requestAnimationFrame(() => { waiting = false; drawTable(false); });
		waiting = true;
	}, { passive: true });
	grid.addEventListener("keydown", (e) => {
		const page = Math.max(1, Math.floor(geometry().room / table.height) - 1);
		const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };

		if (e.target !== grid || table.rows.length === 0)
			return;
		if (moves[e.key] !== undefined)
			moveTo(table.at + moves[e.key]);
		else if (e.key === "Enter" || e.key === " ")
			onOpen(table.at);
		else
			return;
		e.preventDefault();
	});
	for (const c of columns)
		for (const down of [false, true])
			$("sort").append(element("option", { text: c.name + (down ? " \u2193" : " \u2191"), attr: { value: c.key + (down ? " down" : "") } }));
	$("sort").addEventListener("change", (e) => {
		const [key, down] = e.target.value.split(" ");
		orderBy(key, down === "down");
	});
}
