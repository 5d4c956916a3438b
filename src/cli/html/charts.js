/* charts.js - all connections at a glance.  Bars and scales are made once from all of them; the rows that pass the filter
 * are drawn solid over the pale total. */

let firstTime, lastTime;

/* Sets the time span of the page: that of its connections, or the given one. */
function measureTimes() {
	[firstTime, lastTime] = raw.span || [Infinity, -Infinity];
	if (raw.span)
		return;
	for (const t of rows.time) {
		firstTime = Math.min(firstTime, t);
		lastTime = Math.max(lastTime, t);
	}
}

const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms * 1000).concat(
	[1, 2, 5, 10, 15, 30].map((s) => s * SECOND), [1, 2, 5, 10, 15, 30].map((m) => m * MINUTE),
	[1, 2, 3, 6, 12].map((h) => h * HOUR), [1, 2, 7, 14, 28, 91, 182, 364, 3640].map((d) => d * DAY));

function stepFor(width, most) {
	return steps.find((s) => width / s <= most) || width / most;
}

/* Returns a round number that is not smaller and not much larger. */
function roundUp(n) {
	const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
	return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((f) => f * power >= n) * power;
}

/* ---- over time ---- */

const timeChart = { from: 0, step: 0, bins: 0, at: -1, anchor: -1, box: null, onChoose: null };

/* Returns bins that begin at round times in UTC. */
function timeBins(width) {
	const step = stepFor(Math.max(lastTime - firstTime, 1000), Math.max(12, Math.min(120, width / 7)));
	const from = Math.floor((raw.begin + firstTime) / step) * step - raw.begin;
	return { from, step, bins: Math.floor((lastTime - from) / step) + 1 };
}

function countTimes(chosen) {
	const groups = legend.groups.length;
	const counts = new Float64Array(timeChart.bins * groups);

	for (const r of chosen) {
		const bin = Math.floor((rows.time[r] - timeChart.from) / timeChart.step);
		if (bin >= 0 && bin < timeChart.bins)
			counts[bin * groups + groupOf(r)]++;
	}
	return counts;
}

function tickText(t, step) {
	if (step >= DAY)
		return day(t);
	return clock(t, step < SECOND ? 3 : 0).slice(0, step < MINUTE ? undefined : 5);
}

function timeAxis(g, box, scale) {
	const wide = timeChart.step < SECOND || timeChart.step >= DAY ? 90 : 64;
	const every = Math.ceil(timeChart.bins / Math.max(1, Math.floor(box.width / wide)));

	for (let i = 0; i < timeChart.bins; i += every) {
		const x = box.left + scale * i;
		const text = svg("text", { x, y: box.bottom + 18, class: "tick" });
		if (x + wide / 2 > box.left + box.width)
			break;
		text.textContent = tickText(timeChart.from + i * timeChart.step, timeChart.step * every);
		g.append(svg("line", { x1: x, x2: x, y1: box.bottom, y2: box.bottom + 4, class: "axis" }), text);
	}
}

function countAxis(g, box, most) {
	for (const part of [0.5, 1]) {
		if ((most * part) % 1 !== 0)
			continue;
		const y = box.bottom - (box.bottom - box.top) * part;
		const text = svg("text", { x: box.left - 8, y: y + 4, class: "tick end" });
		text.textContent = most * part >= 10000 ? Number((most * part / 1000).toPrecision(3)) + "k" : count(most * part);
		g.append(svg("line", { x1: box.left, x2: box.left + box.width, y1: y, y2: y, class: "rule" }), text);
	}
}

function drawTime(chosen) {
	const host = $("time-chart"), width = Math.max(host.clientWidth, 200), height = 190;
	const box = { left: 44, top: 10, bottom: height - 28, width: width - 52 };
	const groups = legend.groups.length;

	Object.assign(timeChart, timeBins(box.width), { box });
	const counts = countTimes(chosen);
	let most = 1;
	for (let i = 0; i < timeChart.bins; i++)
		most = Math.max(most, counts.subarray(i * groups, (i + 1) * groups).reduce((a, b) => a + b, 0));
	most = roundUp(most);
	const scale = box.width / timeChart.bins, gap = scale > 5 ? 1 : 0;
	const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
	countAxis(drawing, box, most);
	for (let i = 0; i < timeChart.bins; i++) {
		let y = box.bottom;
		for (let g = 0; g < groups; g++) {
			const size = (counts[i * groups + g] / most) * (box.bottom - box.top);
			if (size > 0)
				drawing.append(svg("rect", { x: box.left + i * scale, y: y -= size, width: Math.max(scale - gap, 1), height: size,
					class: "g" + g }));
		}
	}
	drawing.append(svg("line", { x1: box.left, x2: box.left + box.width, y1: box.bottom, y2: box.bottom, class: "axis" }));
	timeAxis(drawing, box, scale);
	timeChart.mark = svg("rect", { class: "mark", y: box.top, height: box.bottom - box.top, width: 0 });
	drawing.append(timeChart.mark);
	host.replaceChildren(drawing);
	timeChart.counts = counts;
	timeChart.at = Math.min(timeChart.at, timeChart.bins - 1);
	markTime();
}

function binSpan() {
	const a = Math.min(timeChart.at, timeChart.anchor), b = Math.max(timeChart.at, timeChart.anchor);
	return [Math.max(a, 0), Math.min(b, timeChart.bins - 1)];
}

function markTime() {
	if (timeChart.at < 0) {
		timeChart.mark.setAttribute("width", 0);
		$("time-read").textContent = "Each bar: " + span(timeChart.step / SECOND) + ", times in " + zone(firstTime);
		return;
	}
	const [a, b] = binSpan(), scale = timeChart.box.width / timeChart.bins, groups = legend.groups.length;
	const from = timeChart.from + a * timeChart.step, to = timeChart.from + (b + 1) * timeChart.step;
	const said = legend.groups.map((name, g) => {
		let n = 0;
		for (let i = a; i <= b; i++)
			n += timeChart.counts[i * groups + g];
		return n > 0 ? count(n) + " " + name : "";
	}).filter(Boolean);
	const decimals = timeChart.step < SECOND ? 3 : 0;

	timeChart.mark.setAttribute("x", timeChart.box.left + a * scale);
	timeChart.mark.setAttribute("width", (b - a + 1) * scale);
	$("time-read").textContent = `${day(from)} ${clock(from, decimals)} to ${clock(to, decimals)} ${zone(from)}: ` +
		(said.join(", ") || "none");
}

function chooseTime() {
	if (timeChart.at < 0)
		return;
	const [a, b] = binSpan();
	const tick = timeChart.step < SECOND ? 1000 : SECOND;
	timeChart.onChoose(timeChart.from + a * timeChart.step, timeChart.from + (b + 1) * timeChart.step - tick);
	timeChart.at = timeChart.anchor = -1;
	markTime();
}

function binAt(event) {
	const x = event.clientX - $("time-chart").getBoundingClientRect().left - timeChart.box.left;
	return Math.max(0, Math.min(timeChart.bins - 1, Math.floor((x / timeChart.box.width) * timeChart.bins)));
}

function watchTime(onChoose) {
	const host = $("time-chart");
	let dragging = false;

	timeChart.onChoose = onChoose;
	host.addEventListener("pointerdown", (e) => {
		dragging = true;
		host.setPointerCapture(e.pointerId);
		timeChart.at = timeChart.anchor = binAt(e);
		markTime();
	});
	host.addEventListener("pointermove", (e) => {
		timeChart.at = binAt(e);
		if (!dragging)
			timeChart.anchor = timeChart.at;
		markTime();
	});
	host.addEventListener("pointerup", () => {
		if (dragging)
			chooseTime();
		dragging = false;
	});
	host.addEventListener("pointercancel", () => { dragging = false; });
	host.addEventListener("pointerleave", () => {
		if (!dragging) {
			timeChart.at = timeChart.anchor = -1;
			markTime();
		}
	});
	host.addEventListener("keydown", (e) => {
		const move = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[e.key];
		if (move !== undefined) {
			timeChart.at = Math.max(0, Math.min(timeChart.bins - 1, timeChart.at + move));
			if (!e.shiftKey || timeChart.anchor < 0)
				timeChart.anchor = timeChart.at;
			markTime();
		} else if (e.key === "Enter") {
			chooseTime();
		} else if (e.key === "Escape") {
			timeChart.at = timeChart.anchor = -1;
			markTime();
		} else {
			return;
		}
		e.preventDefault();
	});
}

/* ---- lists of bars ---- */

/* Sums up one list: `size` entries, of which `keyOf` finds those of a row, weighted by `weight`. */
function tally(size, visit, chosen) {
	const sums = new Float64Array(size);
	if (chosen)
		for (const r of chosen)
			visit(r, sums);
	else
		for (let r = 0; r < total; r++)
			visit(r, sums);
	return sums;
}

function topOf(sums, most) {
	return Array.from(sums.keys()).filter((i) => sums[i] > 0).sort((a, b) => sums[b] - sums[a]).slice(0, most);
}

/* Draws the bars: each is a button that adds its value to the filter, or removes it. */
function drawBars(list, entries, text, onToggle) {
	const most = Math.max(1, ...entries.map((e) => e.whole));
	const focused = list.contains(document.activeElement) ? document.activeElement.dataset.at : null;

	list.replaceChildren(...entries.map((entry, i) => {
		const chosen = hasTerm(text, entry.key, entry.value);
		const whole = element("span", { cls: "bar whole" }), part = element("span", { cls: "bar part " + (entry.cls || "") });
		whole.style.width = (100 * entry.whole) / most + "%";
		part.style.width = (100 * entry.part) / most + "%";
		const button = element("button", {
			cls: "bar-row", attr: { type: "button", "aria-pressed": chosen, "data-at": i },
			on: { click: () => onToggle(entry.key, entry.value) },
		},
		element("span", { cls: "bar-name" + (entry.mono ? " mono" : "") },
			...(entry.symbol ? [element("span", { cls: "symbol", text: entry.symbol, attr: { "aria-hidden": "true" } })] : []),
			element("bdi", { text: entry.name }),
			...(entry.note ? [element("span", { cls: "bar-note", text: entry.note })] : [])),
		element("span", { cls: "bar-value", text: entry.said }),
		element("span", { cls: "track", attr: { "aria-hidden": "true" } }, whole, part));
		button.title = (entry.title ? entry.title + "\n" : "") + (chosen ? "Click: no longer only these" : "Click: only these");
		return element("li", {}, button);
	}));
	if (focused !== null)
		list.querySelector(`[data-at="${focused}"]`)?.focus();
}

const byCount = (r, s) => {
	s[rows.orig[r]]++;
	if (rows.resp[r] !== rows.orig[r])
		s[rows.resp[r]]++;
};
const byBytes = (r, s) => {
	const n = Math.max(bytesOf(r), 0);
	s[rows.orig[r]] += n;
	if (rows.resp[r] !== rows.orig[r])
		s[rows.resp[r]] += n;
};
let wholeStates, wholeServices, wholeHosts, hostOrder;

function countWhole() {
	wholeStates = tally(raw.states.length, (r, s) => { s[rows.state[r]]++; });
	wholeServices = tally(raw.services.length, (r, s) => { s[rows.service[r]]++; });
	wholeHosts = { count: tally(raw.hosts.length, byCount), bytes: tally(raw.hosts.length, byBytes) };
	hostOrder = hostOrder || (raw.span || wholeHosts.bytes.some((n) => n > 0) ? "bytes" : "count");
}

function drawLists(chosen, text, onToggle) {
	const states = tally(raw.states.length, (r, s) => { s[rows.state[r]]++; }, chosen);
	drawBars($("states"), topOf(wholeStates, 20).map((i) => {
		const state = stateByName.get(raw.states[i]);
		return {
			key: "state", value: raw.states[i], name: raw.states[i] || "(none)", symbol: state?.symbol, note: state?.brief,
			title: state && state.meaning + "\n" + state.usual, whole: wholeStates[i], part: states[i],
			said: count(states[i]), cls: "g" + groupOfState[i], mono: true,
		};
	}), text, onToggle);

	const services = tally(raw.services.length, (r, s) => { s[rows.service[r]]++; }, chosen);
	drawBars($("services"), topOf(wholeServices, 12).map((i) => ({
		key: "service", value: raw.services[i], name: raw.services[i] || "not recognised", whole: wholeServices[i],
		part: services[i], said: count(services[i]),
	})), text, onToggle);

	const whole = wholeHosts[hostOrder], hosts = tally(raw.hosts.length, hostOrder === "bytes" ? byBytes : byCount, chosen);
	drawBars($("hosts"), topOf(whole, 12).map((i) => ({
		key: "host", value: raw.hosts[i], name: raw.hosts[i], whole: whole[i], part: hosts[i],
		said: hostOrder === "bytes" ? bytes(hosts[i]) : count(hosts[i]), mono: true,
	})), text, onToggle);
}

/* ---- duration against bytes, both by powers of ten ---- */

const DURATION = { least: -6, most: 5, name: "duration" }, BYTES = { least: 0, most: 9, name: "bytes" };
const rangeOf = (axis, value) => {
	let least = Infinity, most = -Infinity;
	for (let r = 0; r < total; r++) {
		const v = value(r);
		if (v > 0) {
			least = Math.min(least, v);
			most = Math.max(most, v);
		}
	}
	if (most > 0) {
		axis.least = Math.floor(Math.log10(least));
		axis.most = Math.max(Math.ceil(Math.log10(most)), axis.least + 2);
	}
};

/* Draws what does not depend on the filter. */
function countAll() {
	measureTimes();
	countWhole();
	rangeOf(DURATION, (r) => rows.duration[r]);
	rangeOf(BYTES, bytesOf);
}

countAll();

function scatterAxes(drawing, box) {
	const put = (x, y, cls, said) => {
		const text = svg("text", { x, y, class: cls });
		text.textContent = said;
		drawing.append(text);
	};
	const xs = DURATION.most - DURATION.least, ys = BYTES.most - BYTES.least;
	const everyX = Math.ceil(xs / Math.max(2, box.width / 62));
	for (let i = 0; i <= xs; i++) {
		const x = box.left + (box.width * i) / xs;
		drawing.append(svg("line", { x1: x, x2: x, y1: box.top, y2: box.bottom, class: "rule" }));
		if (i % everyX === 0)
			put(x, box.bottom + 18, "tick", powerSpan(DURATION.least + i));
	}
	for (let i = 0; i <= ys; i++) {
		const y = box.bottom - ((box.bottom - box.top) * i) / ys;
		drawing.append(svg("line", { x1: box.left, x2: box.left + box.width, y1: y, y2: y, class: "rule" }));
		if (i % Math.ceil(ys / 9) === 0)
			put(box.left - 8, y + 4, "tick end", powerBytes(BYTES.least + i));
	}
}

function powerBytes(power) {
	return 10 ** (power % 3) + "\u00a0" + ["B", "kB", "MB", "GB", "TB", "PB", "EB"][Math.floor(power / 3)];
}

function powerSpan(power) {
	if (power >= 0)
		return count(10 ** power) + "\u00a0s";
	return power >= -3 ? 10 ** (power + 3) + "\u00a0ms" : 10 ** (power + 6) + "\u00a0\u00b5s";
}

function drawScatter(chosen) {
	const host = $("scatter"), width = Math.max(host.clientWidth, 200), height = 300, cell = 6;
	const box = { left: 58, top: 8, bottom: height - 28, width: width - 70 };
	const across = Math.max(1, Math.floor(box.width / cell)), up = Math.floor((box.bottom - box.top) / cell);
	const counts = new Float64Array(across * up);
	const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" });
	let shown = 0, most = 1;

	for (const r of chosen) {
		const d = rows.duration[r], b = bytesOf(r);
		if (d <= 0 || b <= 0)
			continue;
		const x = ((Math.log10(d) - DURATION.least) / (DURATION.most - DURATION.least)) * across;
		const y = ((Math.log10(b) - BYTES.least) / (BYTES.most - BYTES.least)) * up;
		const at = Math.min(across - 1, Math.max(0, Math.floor(x))) + across * Math.min(up - 1, Math.max(0, Math.floor(y)));
		most = Math.max(most, ++counts[at]);
		shown++;
	}
	scatterAxes(drawing, box);
	counts.forEach((n, at) => {
		if (n > 0) {
			const shade = Math.min(4, Math.floor((4.999 * Math.log(n + 0.5)) / Math.log(most + 1)));
			drawing.append(svg("rect", {
				x: box.left + (at % across) * (box.width / across), y: box.bottom - (Math.floor(at / across) + 1) * cell,
				width: cell - 1, height: cell - 1, class: "d" + Math.max(0, shade),
			}));
		}
	});
	host.replaceChildren(drawing);
	const said = `${count(shown)} of ${count(chosen.length)} have both a duration and bytes; the stronger the colour, the more (up to ` +
		`${count(most)}).`;
	host.setAttribute("aria-label", "Duration (across) against bytes (up), both logarithmic. " + said);
	$("scatter-read").textContent = shown > 0 ? "Duration across, bytes up. " + said : "None has both a duration and bytes.";
}
