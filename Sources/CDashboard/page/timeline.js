import { choice, element, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { partsOf, roundStarts, rowsOf, trouble } from "./lanes.js";
import { isFinal, now } from "./state.js";
import { colour } from "./theme.js";

const shownAtFirst = 60;
const rowHeight = 22;
const head = 26;
const edge = 12;
const mostListed = 100;
const kinds = ["fetching", "computing", "sending", "refused", "failed", "lost", "needless", "released"];
const zooms = [["60", "1 min"], ["300", "5 min"], ["1800", "30 min"], ["all", "All"]];

/** Who had which task when, a row each worker. */
export function timelineView() {
  let zoom = "300";
  let most = shownAtFirst;
  let last = null;
  let layout = null;
  let chosen = null;
  const again = () => last && update(...last);
  const filter = element("input", { type: "search", id: "timeline-filter", autocomplete: "off", input: again });
  const zoomed = choice("zoom", "Time shown", zooms, zoom, (value) => {
    zoom = value;
    again();
  });
  const canvas = element("canvas", { "aria-hidden": "true" });
  const telling = element("p", { class: "telling", role: "status" });
  const hint = "Point at a task, or use the arrow keys, to read about it.";
  const field = element("div", {
    class: "timeline", role: "application", tabindex: 0, "aria-label": "Timeline: arrow keys go from task to task",
    "aria-describedby": "timeline-telling", keydown: move,
    pointermove: (event) => choose(spanAt(event)), pointerdown: (event) => choose(spanAt(event)),
    pointerleave: () => choose(null),
  }, canvas);
  telling.id = "timeline-telling";
  const word = element("p", { class: "empty" }, "No task has been given out in this time.");
  const more = element("button", { type: "button", class: "quiet", click: () => { most += shownAtFirst; again(); } });
  const troubles = element("div", {
    class: "scroll", tabindex: 0, role: "region", "aria-label": "Tasks that came to nothing",
  });
  const details = element("details", { toggle: again }, element("summary", {}, "Tasks that came to nothing"), troubles);
  const view = element("section", { "aria-labelledby": "timeline-title" },
    element("h2", { id: "timeline-title", class: "unseen" }, "Timeline"),
    element("div", { class: "pick" },
      zoomed, element("label", { for: "timeline-filter" }, "Worker"), filter),
    element("ul", { class: "legend kinds" }, kinds.map((kind) =>
      element("li", {}, element("span", { class: `key kind-${kind}` }, glyphs[kind] ?? ""), kind)),
      element("li", {}, element("span", { class: "key backup" }), "backup")),
    telling, field, word, more, details);
  // Rows make the field higher; only its width matters here.
  const observer = new ResizeObserver(() => { if (field.clientWidth !== layout?.width) again(); });
  observer.observe(field);

  function update(run, changes, all) {
    last = [run, changes, all];
    if (!changes) return;
    const spans = [...changes.spans.values()];
    const time = now(all);
    const end = isFinal(run) ? spans.reduce((latest, span) => Math.max(latest, span.endedAt ?? 0), 0) || time : time;
    const first = spans.reduce((earliest, span) => Math.min(earliest, span.leasedAt), end);
    // Never longer than there is something to see.
    const from = Math.max(Math.min(first, end - 10), zoom === "all" ? -Infinity : end - Number(zoom));
    const text = filter.value.trim().toLowerCase();
    const rows = rowsOf(spans, { from, to: end, time: end, matches: (worker) => worker.toLowerCase().includes(text) });
    const shown = rows.slice(0, most);
    layout = { rows: shown, from, to: end, stages: run.stages, rounds: roundStarts(spans) };
    setAttribute(field, "data-rows", rows.length);
    setAttribute(field, "data-spans", rows.reduce((sum, row) => sum + row.spans.length, 0));
    setHidden(field, shown.length === 0);
    setHidden(word, shown.length > 0);
    setHidden(more, rows.length <= most);
    setText(more, `Show more of ${format.counted(rows.length, "worker")}`);
    if (chosen) chosen = changes.spans.get(chosen.number) ?? null;
    draw();
    tell();
    if (details.open) troubles.replaceChildren(troubleTable(spans, run.stages));
  }

  function draw() {
    const width = field.clientWidth;
    if (!width || !layout) return;
    layout.left = width < 560 ? 84 : 165;
    layout.width = width;
    paint(canvas, layout, chosen);
  }

  function spanAt(event) {
    if (!layout?.width) return null;
    const box = canvas.getBoundingClientRect();
    const row = layout.rows[Math.floor((event.clientY - box.top - head) / rowHeight)];
    const time = timeAt(layout, event.clientX - box.left);
    const lanes = Math.max(1, row?.ends.length ?? 1);
    const lane = Math.floor((((event.clientY - box.top - head) % rowHeight) / rowHeight) * lanes);
    const slack = (layout.to - layout.from) / layout.width * 2;
    const near = row?.spans.filter((span) =>
      span.leasedAt - slack <= time && (span.endedAt ?? layout.to) + slack >= time);
    return near?.find((span) => row.lanes.get(span.number) === lane) ?? near?.at(-1) ?? null;
  }

  function move(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Escape") return choose(null);
    if (!steps || !layout || layout.rows.length === 0) return;
    event.preventDefault();
    const row = layout.rows.findIndex((candidate) => candidate.worker === chosen?.worker);
    if (!chosen || row < 0) return choose(layout.rows[0].spans.at(-1));
    const next = layout.rows[Math.min(layout.rows.length - 1, Math.max(0, row + steps[0]))];
    if (steps[0] !== 0) {
      const distance = (span) => Math.abs(span.leasedAt - chosen.leasedAt);
      return choose(next.spans.reduce((best, span) => (distance(span) < distance(best) ? span : best)));
    }
    const at = next.spans.findIndex((span) => span.number === chosen.number) + steps[1];
    choose(next.spans[Math.min(next.spans.length - 1, Math.max(0, at))]);
  }

  function choose(span) {
    if (span === chosen) return;
    chosen = span;
    draw();
    tell();
  }

  function tell() {
    setText(telling, chosen ? tellingOf(chosen, layout) : hint);
  }

  return { element: view, close: () => observer.disconnect(), recolour: again, update };
}

const glyphs = { refused: "!", failed: "×", lost: "?", needless: "=", released: "↩" };
const timeAt = (layout, x) =>
  layout.from + ((x - layout.left) / (layout.width - layout.left - edge)) * (layout.to - layout.from);

function tellingOf(span, { stages, to }) {
  const parts = [`${format.task(span.task, stages)}${span.isBackup ? " (backup)" : ""}, ${span.worker}`,
    `from ${format.time(span.leasedAt)}`];
  for (const [kind, start, end] of partsOf({ ...span, outcome: undefined }, to)) {
    parts.push(`${kind} ${format.duration(end - start)}`);
  }
  parts.push(span.outcome ?? `${format.percent(span.share)} of its steps`);
  return parts.join(" · ") + (span.reason ? `: ${span.reason}` : "");
}

function paint(canvas, layout, chosen) {
  const { width, left, from, to, rows } = layout;
  const height = head + rows.length * rowHeight + 4;
  const density = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  const x = (time) => left + ((time - from) / (to - from)) * (width - left - edge);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  paintTimes(context, layout, height, x);
  rows.forEach((row, index) => {
    const top = head + index * rowHeight;
    context.fillStyle = colour(row.troubles > 0 ? "--bad" : "--ink-soft");
    context.fillText(fitted(context, row.worker, left - 26), 14, top + rowHeight / 2);
    context.save();
    context.beginPath();
    context.rect(left, top, width - left - edge, rowHeight);
    context.clip();
    const tall = (rowHeight - 4) / Math.max(1, row.ends.length);
    for (const span of row.spans) {
      paintSpan(context, span, { x, to, top: top + 2 + row.lanes.get(span.number) * tall, tall, left },
        chosen?.number === span.number);
    }
    context.restore();
  });
}

function paintTimes(context, { from, to, width, left, rounds, stages }, height, x) {
  context.textAlign = "center";
  // Clocks go by minutes, whatever the power of ten.
  const wanted = (width - left - edge) / 110;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400]
    .find((seconds) => (to - from) / seconds <= wanted) ?? (to - from) / wanted;
  for (let tick = Math.ceil(from / step); tick <= to / step; tick += 1) {
    context.fillStyle = colour("--line");
    context.fillRect(x(tick * step), head - 6, 1, height - head + 6);
    context.fillStyle = colour("--ink-soft");
    context.fillText(format.time(tick * step), Math.min(width - 36, Math.max(left + 28, x(tick * step))), 8);
  }
  context.textAlign = "left";
  let free = left;
  for (const { time, stage, round } of rounds) {
    if (time < from || time > to) continue;
    context.fillStyle = colour("--accent");
    context.globalAlpha = 0.55;
    context.fillRect(x(time), head - 6, 1.5, height - head + 6);
    context.globalAlpha = 1;
    const label = round === 1 ? stages[stage]?.name ?? `stage ${stage + 1}` : `${round}`;
    const wide = context.measureText(label).width + 8;
    if (x(time) < free || x(time) + wide > width - edge) continue;
    free = x(time) + wide;
    context.fillText(label, x(time) + 3, head - 6);
  }
}

function paintSpan(context, span, { x, to, top, tall, left }, isChosen) {
  const height = Math.max(2, tall - 1);
  const end = x(span.endedAt ?? to);
  const start = Math.max(left - 4, x(span.leasedAt));
  for (const [kind, from, until] of partsOf(span, to)) {
    context.fillStyle = colour(`--kind-${kind}`);
    const a = Math.max(left - 4, x(from));
    context.fillRect(a, top, Math.max(1, x(until) - a - (until === (span.endedAt ?? to) ? 1 : 0)), height);
  }
  if (span.isBackup) hatch(context, start, top, end - start, height);
  const glyph = glyphs[span.outcome];
  if (glyph && end - start > 10 && height > 9) {
    context.fillStyle = colour("--surface");
    context.font = "700 12px system-ui, sans-serif";
    context.fillText(glyph, Math.max(start, left) + 3, top + height / 2 + 0.5);
    context.font = "12px system-ui, sans-serif";
  }
  if (!isChosen) return;
  context.strokeStyle = colour("--ink");
  context.lineWidth = 2;
  context.strokeRect(start + 1, top, Math.max(3, end - start - 2), height);
}

function hatch(context, left, top, width, height) {
  context.save();
  context.beginPath();
  context.rect(left, top, Math.max(1, width - 1), height);
  context.clip();
  context.strokeStyle = colour("--surface");
  context.lineWidth = 1.2;
  context.beginPath();
  for (let at = left - height; at < left + width; at += 6) {
    context.moveTo(at, top + height);
    context.lineTo(at + height, top);
  }
  context.stroke();
  context.restore();
}

function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}

function troubleTable(spans, stages) {
  const found = spans.filter((span) => trouble.has(span.outcome)).slice(-mostListed).reverse();
  if (found.length === 0) return element("p", { class: "empty" }, "None of those that are kept.");
  return element("table", {},
    element("caption", { class: "unseen" }, "Tasks that came to nothing, the newest first"),
    element("thead", {}, element("tr", {},
      ["Time", "Task", "Worker", "Outcome", "Why"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, found.map((span) => element("tr", {},
      element("td", { class: "time" }, format.time(span.endedAt)), element("td", {}, format.task(span.task, stages)),
      element("td", {}, span.worker), element("td", {}, span.outcome),
      element("td", { class: "why" }, span.reason ?? "")))));
}
