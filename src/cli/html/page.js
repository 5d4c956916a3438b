/* page.js - connects the parts: the filter selects rows, everything else shows them. */

function headline() {
	const where = raw.source || "standard input";

	$("source").replaceChildren(element("bdi", { text: where }));
	if (firstTime <= lastTime) {
		const a = firstTime, b = lastTime, same = day(a) === day(b);
		$("source").append(element("span", { text: `${day(a)} ${clock(a, 0)} to ${same ? "" : day(b) + " "}${clock(b, 0)} ${zone(a)}` }));
	}
	document.title = "Connections \u2013 " + where;
	$("made").textContent = `Written by ${raw.program}. ` + (raw.live ? "The page gets all from its sensor and loads nothing from elsewhere."
		: "The page is complete: it loads nothing and sends nothing.");
}

function tile(name, value, more) {
	return element("div", { cls: "tile" }, element("dt", { text: name }), element("dd", { text: value }),
		element("dd", { cls: "quiet", text: more || "\u00a0" }));
}

/* Shows the totals of the rows that pass the filter. */
function totals(chosen) {
	const groups = new Float64Array(legend.groups.length), hosts = new Uint8Array(raw.hosts.length);
	let sent = 0, received = 0, missed = 0, odd = 0;

	for (const r of chosen) {
		groups[groupOf(r)]++;
		hosts[rows.orig[r]] = hosts[rows.resp[r]] = 1;
		sent += Math.max(rows.sent[r], 0);
		received += Math.max(rows.received[r], 0);
		missed += Math.max(rows.missed[r], 0);
		odd += isOdd(r);
	}
	const n = chosen.length;
	$("totals").replaceChildren(
		tile("Connections", count(n), n < total ? "of " + count(total) : ""),
		tile("Hosts", count(hosts.reduce((a, b) => a + b, 0)), ""),
		tile("Bytes", bytes(sent + received), `${bytes(sent)} sent, ${bytes(received)} back`),
		tile("Complete", percent(groups[0], n), count(groups[0])),
		tile("Unanswered or refused", percent(groups[2] + groups[3], n), count(groups[2] + groups[3])),
		tile("With a remark", percent(odd, n), missed > 0 ? bytes(missed) + " lost by the capture" : count(odd)));
}

let shown = { rows: new Uint32Array(0), bad: [] };

function setFilter(text) {
	$("filter").value = text;
	refresh();
}

function toggle(key, value) {
	setFilter(toggleTerm($("filter").value, key, value));
}

function drawCharts() {
	drawTime(shown.rows);
	drawLists(shown.rows, $("filter").value, toggle);
	drawScatter(shown.rows);
}

function refresh(keep) {
	shown = applyFilter($("filter").value);
	$("filter-count").textContent = (shown.rows.length === total ? `All ${count(total)} connections`
		: `${count(shown.rows.length)} of ${count(total)} connections`) +
		(shown.bad.length ? `. Not understood: ${shown.bad.join(" ")}` : "");
	$("clear").disabled = $("filter").value === "";
	totals(shown.rows);
	drawCharts();
	showRows(shown.rows, keep === true);
}

/* Redraws the page with other connections. */
function renew(data) {
	take(data);
	ranks.clear();
	countAll();
	headline();
	refresh(true);
}

function setZone(toLocal) {
	local = toLocal;
	$("zone-utc").setAttribute("aria-pressed", !local);
	$("zone-local").setAttribute("aria-pressed", local);
	headline();
	if (total > 0 || raw.live) {
		drawHead();
		drawTime(shown.rows);
		drawTable(true);
	}
}

function setHosts(order) {
	hostOrder = order;
	$("hosts-bytes").setAttribute("aria-pressed", order === "bytes");
	$("hosts-count").setAttribute("aria-pressed", order === "count");
	drawLists(shown.rows, $("filter").value, toggle);
}

function watchPage() {
	let timer = 0;

	$("filter").addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(refresh, total > 20000 ? 200 : 60);
	});
	$("filter-form").addEventListener("submit", (e) => { e.preventDefault(); refresh(); });
	$("clear").addEventListener("click", () => { setFilter(""); $("filter").focus(); });
	$("clear-2").addEventListener("click", () => { setFilter(""); $("filter").focus(); });
	$("zone-utc").addEventListener("click", () => setZone(false));
	$("zone-local").addEventListener("click", () => setZone(true));
	$("hosts-bytes").addEventListener("click", () => setHosts("bytes"));
	$("hosts-count").addEventListener("click", () => setHosts("count"));
	document.addEventListener("keydown", (e) => {
		if (e.key === "/" && !$("story").open && document.activeElement !== $("filter")) {
			$("filter").focus();
			e.preventDefault();
		}
	});
	let width = $("main").clientWidth;
	new ResizeObserver(() => {
		measureRow();
		if ($("main").clientWidth !== width)
			drawCharts();
		width = $("main").clientWidth;
		drawTable(true);
	}).observe($("main"));
	window.addEventListener("beforeprint", printTable);
	window.addEventListener("afterprint", () => drawTable(true));
	watchTime((from, to) => setFilter(withSpan($("filter").value, from, to)));
	watchTable(openStory);
	watchStory();
}

function begin() {
	if (raw.total > raw.shown) {
		$("cut").textContent = `The log has ${count(raw.total)} connections; the page holds the first ${count(raw.shown)} of them.`;
		$("cut").hidden = false;
	}
	headline();
	if (total === 0 && !raw.live) {
		$("empty").hidden = false;
		return;
	}
	$("main").hidden = false;
	measureRow();
	$("time-legend").append(...legend.groups.map((name, g) =>
		element("li", {}, element("span", { cls: "dot g" + g, attr: { "aria-hidden": "true" } }), element("span", { text: name }))));
	drawHead();
	watchPage();
	if (raw.live)
		beginLive();
	setHosts(hostOrder);
	refresh();
}

begin();
