/* story.js - one connection as a ladder: the originator's line on the left, the responder's on the right, and an arrow
 * for each letter of the history.  The program that wrote the page has determined what the letters mean (story.c). */

const LEFT = 0;
const LONGEST = 400; /* most steps that are drawn */

/* Draws the arrow of a step from line to line, sloping down as time passes. */
function arrow(step) {
	const right = step.side === LEFT;
	const a = right ? 0 : 100, b = right ? 100 : 0;
	const shaft = svg("line", { x1: a + "%", y1: 3, x2: b + "%", y2: 15, class: "shaft" });
	const drawing = svg("svg", { class: "arrow k" + step.kind + (step.letter.toLowerCase() === "g" ? " lost" : ""), height: 22,
		"aria-hidden": "true" }, shaft);
	const head = svg("svg", { x: b + "%", y: 15, width: 1, height: 1, overflow: "visible" },
		svg("path", { d: right ? "M0 0 l-9 -5.5 l1 9 z" : "M0 0 l9 -5.5 l-1 9 z", class: "tip" }));
	drawing.append(head);
	return drawing;
}

function drawStep(step) {
	const who = ["Originator", "Responder"][step.side];
	const label = element("p", { cls: "label" },
		element("span", { cls: "letter mono", text: step.letter }),
		element("span", {}, ...(who ? [element("span", { cls: "said-only", text: who + ": " })] : []),
			element("b", { text: step.name }), " " + step.meaning));
	const item = element("li", { cls: "step " + (["from-left", "from-right"][step.side] || "both") + " k" + step.kind + (step.odd ? " odd" : "") }, label);

	if (step.remark)
		item.append(element("p", { cls: "remark", text: (step.odd ? "! " : "") + step.remark }));
	if (who)
		item.append(arrow(step));
	return item;
}

function fact(name, value, more) {
	const dd = element("dd", { text: value });
	if (more)
		dd.append(element("span", { cls: "quiet", text: " " + more }));
	return [element("dt", { text: name }), dd];
}

function exact(n) {
	return n < 0 ? "not known" : count(n);
}

/* "1.23 MB (1,234,567), 1,000 packets, 1.3 MB on the wire" */
function volume(r, data, packets, wire) {
	const known = rows[data][r] >= 0 ? `${bytes(rows[data][r])}` : "bytes not known";
	const parts = [];
	if (rows[data][r] >= 1000)
		parts.push(`${exact(rows[data][r])} bytes`);
	if (rows[packets][r] >= 0)
		parts.push(`${count(rows[packets][r])} ${rows[packets][r] === 1 ? "packet" : "packets"}`);
	if (rows[wire][r] >= 0)
		parts.push(`${bytes(rows[wire][r])} with headers`);
	return [known, parts.length ? "\u00b7 " + parts.join(" \u00b7 ") : ""];
}

function place(host, port, proto) {
	return port >= 0 && proto !== "icmp" ? (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`) : host;
}

function facts(r) {
	const proto = raw.protos[rows.proto[r]], service = raw.services[rows.service[r]], t = rows.time[r];
	const end = rows.duration[r] >= 0 ? t + rows.duration[r] * SECOND : -1;
	const list = element("dl", { cls: "facts" });
	const isIcmp = proto === "icmp";

	list.append(
		...fact("Began", `${day(t)} ${clock(t, 6)} ${zone(t)}`),
		...fact("Lasted", rows.duration[r] < 0 ? "not known: no more than one packet counts" : span(rows.duration[r]),
			end >= 0 ? `\u00b7 until ${day(end) === day(t) ? "" : day(end) + " "}${clock(end, 3)}` : ""),
		...fact("Service", service || "not recognised", `\u00b7 ${proto || "protocol not known"}` +
			(isIcmp ? `, type ${rows.origPort[r]}, code ${rows.respPort[r]}` : "")),
		...fact("Originator sent", ...volume(r, "sent", "sentPackets", "sentWire")),
		...fact("Responder sent", ...volume(r, "received", "receivedPackets", "receivedWire")));
	if (rows.missed[r] > 0)
		list.append(...fact("Lost by the capture", bytes(rows.missed[r])));
	if (raw.tunnels[rows.tunnel[r]])
		list.append(...fact("Inside of", raw.tunnels[rows.tunnel[r]]));
	list.append(...fact("uid", rows.uid[r] || "none"));
	return list;
}

function remarks(r) {
	const list = element("ul", { cls: "findings" });
	legend.findings.forEach((text, bit) => {
		if (Math.floor(rows.findings[r] / 2 ** bit) % 2 === 1)
			list.append(element("li", { text }));
	});
	return list;
}

function drawLadder(r) {
	const [text, , known] = raw.histories[rows.history[r]], steps = known || [];
	const proto = raw.protos[rows.proto[r]];
	const lines = element("div", { cls: "heads" },
		element("div", {}, element("b", { text: "Originator" }), element("bdi", { cls: "mono", text: place(raw.hosts[rows.orig[r]], rows.origPort[r], proto) })),
		element("div", {}, element("b", { text: "Responder" }), element("bdi", { cls: "mono", text: place(raw.hosts[rows.resp[r]], rows.respPort[r], proto) })));
	const list = element("ol", { cls: "ladder" }, ...steps.slice(0, LONGEST).map((s) => drawStep(legend.steps[s])));
	const box = element("section", { cls: "ladder-box", attr: { "aria-label": "The history, step by step" } }, lines, list);

	if (!known)
		list.replaceWith(element("p", { cls: "message", text: "The sensor is asked what it means." }));
	else if (steps.length === 0)
		list.replaceWith(element("p", { cls: "message", text: proto === "tcp" || proto === "udp"
			? "The log has no history of it." : "No history is kept for this protocol." }));
	else
		box.append(element("p", { cls: "hint quiet", text: "Each letter stands where it was first seen; most are written once, however " +
			"many packets followed. " + (steps.length > LONGEST ? `The first ${LONGEST} of ${count(steps.length)} are drawn. ` : "") +
			"History: " + text }));
	return box;
}

function drawStory(r, at) {
	const state = stateOf(r), name = raw.states[rows.state[r]], proto = raw.protos[rows.proto[r]];
	const outline = raw.histories[rows.history[r]][1];
	const meaning = !state ? "" : proto === "udp" && state.udp ? state.udp : state.meaning;

	$("story-body").replaceChildren(
		element("p", { cls: "quiet", text: `${count(at + 1)} of ${count(table.rows.length)}` }),
		element("h2", { attr: { id: "story-title", tabindex: "-1" } },
			element("bdi", { cls: "mono", text: place(raw.hosts[rows.orig[r]], rows.origPort[r], proto) }),
			element("span", { cls: "to", text: " \u2192 " }),
			element("bdi", { cls: "mono", text: place(raw.hosts[rows.resp[r]], rows.respPort[r], proto) })),
		element("p", { cls: "verdict" },
			element("span", { cls: "dot g" + groupOf(r), attr: { "aria-hidden": "true" } }),
			element("b", { cls: "mono", text: name || "no state" }), element("span", { text: state ? " " + state.brief : "" })),
		element("p", { text: [meaning, outline ? outline[0].toUpperCase() + outline.slice(1) + "." : ""].join(" ") }),
		...(state ? [element("p", { cls: "quiet", text: state.usual })] : []),
		remarks(r), facts(r), drawLadder(r));
	$("story-prev").disabled = at === 0;
	$("story-next").disabled = at === table.rows.length - 1;
	$("story").scrollTop = 0;
}

function openStory(at) {
	const history = raw.histories[rows.history[table.rows[at]]];

	drawStory(table.rows[at], at);
	if (!history[2]) /* on a sensor's page */
		askStory(history, raw.protos[rows.proto[table.rows[at]]], () => {
			if ($("story").open && raw.histories[rows.history[table.rows[table.at]]] === history)
				drawStory(table.rows[table.at], table.at);
		});
	if (!$("story").open)
		$("story").showModal();
	$("story-title").focus({ preventScroll: true });
}

function watchStory() {
	const go = (by) => {
		const at = table.at + by;
		if (at >= 0 && at < table.rows.length) {
			moveTo(at);
			openStory(at);
		}
	};
	$("story-prev").addEventListener("click", () => go(-1));
	$("story-next").addEventListener("click", () => go(1));
	$("story-close").addEventListener("click", () => $("story").close());
	$("story").addEventListener("click", (e) => {
		if (e.target === $("story"))
			$("story").close();
	});
	$("story").addEventListener("keydown", (e) => {
		if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
			go(e.key === "ArrowLeft" ? -1 : 1);
			e.preventDefault();
		}
	});
	$("story").addEventListener("close", () => $("grid").focus({ preventScroll: true }));
}
