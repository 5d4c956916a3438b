/* rates.js - the current rates of a sensor, computed from the totals that it sends each second. */

const sampleAt = {}; /* index of each number in a sample */

/* Returns the growth of a total between samples, per second. */
function growth(name) {
	const at = sampleAt[name];
	return live.samples.slice(1).map((s, i) => {
		const seconds = s[0] - live.samples[i][0];
		return seconds > 0 ? Math.max(0, s[at] - live.samples[i][at]) / seconds : 0;
	});
}

function values(name) {
	return live.samples.map((s) => s[sampleAt[name]]);
}

function perSecond(n) {
	return n >= 9.95 || n === 0 ? count(n) : n.toFixed(1);
}

function bits(n) {
	const names = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
	let unit = 0;

	while (n >= 999.5 && unit < names.length - 1) {
		n /= 1000;
		unit++;
	}
	return (unit === 0 ? n.toFixed(0) : three(n)) + "\u00a0" + names[unit];
}

const rateTiles = [
	{ name: "Packets per second", of: () => growth("packets"), said: perSecond },
	{ name: "Bits per second", of: () => growth("bytes").map((n) => 8 * n), said: bits },
	{ name: "New connections per second", of: () => growth("created"), said: perSecond },
	{ name: "Open connections", of: () => values("open"), said: count },
	{ name: "Records per second", of: () => growth("records"), said: perSecond },
	{ name: "Packets lost per second", of: () => growth("lost"), said: perSecond, bad: true },
];

/* Draws past values as a line, from the left, scaled to their maximum. */
function spark(numbers) {
	const most = Math.max(...numbers, 1e-9), n = Math.max(numbers.length - 1, 1);
	const points = numbers.map((v, i) => `${((100 * i) / n).toFixed(2)},${(38 - (36 * v) / most).toFixed(2)}`).join(" ");

	return svg("svg", { class: "spark", viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" },
		svg("polygon", { class: "area", points: `0,40 ${points} 100,40` }), svg("polyline", { class: "line", points }));
}

function drawRates() {
	$("rates").replaceChildren(...rateTiles.map((t) => {
		const numbers = t.of(), last = numbers.length ? numbers[numbers.length - 1] : 0;
		const bad = t.bad && numbers.some((n) => n > 0);
		return element("div", { cls: "tile" + (bad ? " bad" : "") }, element("dt", { text: t.name }),
			element("dd", { text: numbers.length ? t.said(last) : "\u2013" }),
			element("dd", { cls: "quiet", text: numbers.length ? "up to " + t.said(Math.max(...numbers)) : "\u00a0" }),
			element("dd", {}, ...(numbers.length > 1 ? [spark(numbers)] : [])));
	}));
}

/* ---- other values of the sensor ---- */

function lossOf(state) {
	const parts = [];

	for (const i of state.interfaces) {
		if (i.lostRing > 0)
			parts.push(`the ring of ${i.name} had no room for ${count(i.lostRing)} packets`);
		if (i.lostInterface > 0)
			parts.push(`${i.name} itself has lost ${count(i.lostInterface)} packets`);
		if (!i.up)
			parts.push(`${i.name} is down`);
	}
	if (state.recordsLost > 0)
		parts.push(`${count(state.recordsLost)} records could not be written`);
	return parts.join("; ");
}

function drawSensor(state, before) {
	const seconds = before ? state.steady - before.steady : 0, lost = lossOf(state);
	const parts = [state.interfaces.map((i) => i.name).join(", "), "up " + span(state.uptime), bytes(state.memory) + " of memory"];

	if (seconds > 0)
		parts.push(percent(state.cpu - before.cpu, seconds) + " of a core");
	parts.push(`packets waited ${span(state.behind)} at most`);
	if (state.recordsWaiting > 0)
		parts.push(`${count(state.recordsWaiting)} records wait to be written`);
	$("live-sensor").textContent = parts.join(" \u00b7 ");
	if ($("live-lost").textContent !== lost)
		$("live-lost").textContent = lost;
	$("live-lost").hidden = lost === "";
}

function drawTalkers(state) {
	const text = $("filter").value, shown = (state.talkers || []).slice(0, 12);

	$("now-talkers-note").textContent = state.talkers === null ? "Not told by a sensor that writes other addresses (--anonymize)."
		: shown.length ? "Bytes on the wire by the second, sent and received." : "Counted once this page is open.";
	drawBars($("now-talkers"), shown.map(([address, sent, received]) => ({
		key: "host", value: address, name: address, mono: true, whole: sent + received, part: sent,
		said: `${bits(8 * sent)} out, ${bits(8 * received)} in`,
	})), text, toggle);
}

function drawServices(state, before) {
	const seconds = before ? state.steady - before.steady : 0;
	const rates = seconds > 0 ? Object.entries(state.service).map(([name, n]) => [name, (n - (before.service[name] || 0)) / seconds]) : [];
	const shown = rates.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, 12);

	$("now-services-note").hidden = shown.length > 0;
	drawBars($("now-services"), shown.map(([name, n]) => ({
		key: "service", value: name, name, whole: n, part: n, said: perSecond(n) + " /s",
	})), $("filter").value, toggle);
}

function drawState(state, before) {
	drawSensor(state, before);
	drawTalkers(state);
	drawServices(state, before);
}
