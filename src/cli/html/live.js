/* live.js - the page of a running sensor.  The sensor sends events: its state and a sample of totals each second, and
 * records as they are logged.  The page keeps them as long as the sensor does, and redraws everything when necessary. */

const MOST_ROWS = 250000, SLOWEST = 10; /* rows; drawing takes at most this fraction of the time */
const live = { samples: [], kept: [], state: null, before: null, skipped: 0, clock: 0, base: 0, changed: false, held: false, cost: 0, at: {} };

/* ---- what is kept ---- */

/* Returns a function that numbers texts, and the list of them. */
function numbering() {
	const list = [], known = new Map();
	const number = (key, entry) => {
		let n = known.get(key);
		if (n === undefined) {
			known.set(key, n = list.length);
			list.push(entry === undefined ? key : entry());
		}
		return n;
	};
	return { list, number };
}

/* Returns the rows as columns, in the form of a log's page. */
function columnsOf(kept) {
	const hosts = numbering(), protos = numbering(), services = numbering(), states = numbering(), tunnels = numbering(), histories = numbering();
	const lists = { orig: hosts, resp: hosts, proto: protos, service: services, state: states, tunnel: tunnels };
	const columns = { uid: kept.map((row) => row[live.at.uid]), time: new Float64Array(kept.length), history: new Float64Array(kept.length) };

	for (const name of raw.live.records) {
		const at = live.at[name];
		if (lists[name])
			columns[name] = Float64Array.from(kept, (row) => lists[name].number(row[at]));
		else if (!columns[name])
			columns[name] = Float64Array.from(kept, (row) => row[at]);
	}
	kept.forEach((row, i) => {
		const text = row[live.at.history], proto = row[live.at.proto];
		columns.time[i] = Math.round(row[live.at.time] * 1e6) - live.base;
		columns.history[i] = histories.number(proto + " " + text, () => explained.get(proto + " " + text) || [text, null, null, row[live.at.odd] > 0]);
	});
	return {
		...raw, columns, shown: kept.length, total: kept.length, begin: live.base, span: [live.clock - raw.live.window * SECOND, live.clock],
		hosts: hosts.list, protos: protos.list, services: services.list, states: states.list, tunnels: tunnels.list, histories: histories.list,
	};
}

/* Drops what is old by the sensor's clock. */
function forget() {
	const before = live.state ? live.state.steady - raw.live.window : -Infinity;
	let old = Math.max(0, live.kept.length - MOST_ROWS);

	while (old < live.kept.length && live.kept[old][live.at.at] < before)
		old++;
	if (old > 0) {
		live.kept.splice(0, old);
		live.changed = true;
	}
	const first = live.samples.findIndex((s) => s[0] >= live.state.now - raw.live.window);
	if (first > 0)
		live.samples.splice(0, first);
}

/* ---- drawing ---- */

function drawKept() {
	const web = live.state.web, minutes = span(raw.live.window);
	const parts = [`Those of the last ${minutes}, of which the sensor keeps ${count(web.kept)}, ${bytes(web.bytes)}`];

	if (web.dropped > 0)
		parts.push(`${count(web.dropped)} had to go before their time: --web-memory gives them more room`);
	if (live.skipped > 0)
		parts.push(`${count(live.skipped)} went by before this page could take them`);
	$("live-kept").textContent = parts.join(". ") + ".";
}

/* Nothing moves while it is being read: while a connection's details are open, or the page is paused, new events are kept
 * but not drawn. */
function mayDraw() {
	return !live.held && !document.hidden && !$("story").open && live.state !== null;
}

function drawLive() {
	if (!mayDraw())
		return;
	const begun = performance.now();
	drawRates();
	drawState(live.state, live.before);
	drawKept();
	if (begun >= live.due) {
		renew(columnsOf(live.kept));
		live.cost = performance.now() - begun;
		live.due = begun + SLOWEST * live.cost;
	}
}

/* ---- the sensor's events ---- */

function say(text, cls) {
	$("live-status").className = "quiet " + cls;
	if ($("live-status").textContent !== text)
		$("live-status").textContent = text;
}

function takeState(state) {
	if (live.state === null) /* all times are shown by the sensor's current clock */
		live.base = Math.round(state.now * 1e6);
	live.before = live.state;
	live.state = state;
	live.clock = Math.round(state.now * 1e6) - live.base;
	forget();
	drawLive();
}

/* The first event after connecting: everything known is sent again. */
function restart() {
	live.samples = [];
	live.kept = [];
	live.state = live.before = null;
	live.skipped = 0;
	live.due = 0;
	say("Live", "on");
}

function listen() {
	const events = new EventSource("events");
	const on = (name, take) => events.addEventListener(name, (e) => take(JSON.parse(e.data)));

	events.addEventListener("open", restart);
	events.addEventListener("error", () => {
		if (events.readyState !== EventSource.CLOSED) {
			say("The sensor does not answer; it is asked again", "off");
			return;
		}
		say("The sensor has no place for another page, or has ended; it is asked again in ten seconds", "off");
		setTimeout(listen, 10000);
	});
	on("state", takeState);
	on("samples", (list) => { live.samples.push(...list); });
	on("records", (list) => {
		for (const row of list)
			live.kept.push(row);
	});
	on("skipped", (n) => { live.skipped += n; });
}

/* ---- explanations of histories ---- */

const explained = new Map();

/* Asks the sensor once for each history of a protocol, and calls `then` with the explanation. */
async function askStory(history, proto, then) {
	const where = new URL("story", location.origin + location.pathname);

	where.search = new URLSearchParams({ proto, history: history[0] });
	try {
		const told = await (await fetch(where)).json();
		history[1] = told.outline;
		history[2] = told.steps.map((step) => legend.steps.push(step) - 1);
		explained.set(proto + " " + history[0], history);
		then();
	} catch {
		say("The sensor does not answer", "off");
	}
}

/* ---- the beginning ---- */

function beginLive() {
	raw.live.records.forEach((name, at) => { live.at[name] = at; });
	raw.live.samples.forEach((name, at) => { sampleAt[name] = at; });
	table.down = true;
	drawHead();
	$("live-pause").addEventListener("click", () => {
		live.held = !live.held;
		$("live-pause").setAttribute("aria-pressed", live.held);
		$("live-pause").textContent = live.held ? "Go on" : "Hold";
		drawLive();
	});
	$("story").addEventListener("close", drawLive);
	document.addEventListener("visibilitychange", drawLive);
	listen();
}
