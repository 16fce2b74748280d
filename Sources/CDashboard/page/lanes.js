import * as format from "./format.js";
import { colour } from "./theme.js";

export const kinds = ["fetching", "computing", "stalled", "sending", "refused", "failed", "lost", "needless", "released",
  "unknown"];
export const trouble = new Set(["refused", "failed", "lost"]);
const troubled = new Set(["silent", "stalled", "quarantined", "lost"]);

/** When a span begins and ends; one that goes on ends at `time`. None ends before it begins, whatever clocks did. */
export function spanLimits(span, time) {
  const end = span.endedAt ?? time;
  return [Math.min(span.leasedAt, end), end];
}

/**
 * A row for each worker with spans between `from` and `to`: those with trouble first. Spans of one worker that overlap,
 * as those of several slots do, lie in lanes.
 */
export function rowsOf(spans, { from, to, time, matches, stateOf }) {
  const rows = new Map();
  for (const span of spans) {
    const [start, end] = spanLimits(span, time);
    if (end < from || start > to || !matches(span.worker)) continue;
    let row = rows.get(span.worker);
    if (!row) {
      const state = stateOf(span.worker);
      row = { worker: span.worker, state, isTroubled: troubled.has(state), spans: [], troubles: 0, ends: [] };
      rows.set(span.worker, row);
    }
    if (trouble.has(span.outcome)) row.troubles += 1;
    row.spans.push(span);
  }
  const names = new Intl.Collator("en", { numeric: true });
  const sorted = [...rows.values()].sort((a, b) =>
    b.isTroubled - a.isTroubled || b.troubles - a.troubles || names.compare(a.worker, b.worker));
  for (const row of sorted) layOut(row, time);
  return sorted;
}

/** The first lane that is free; a hair's breadth of overlap does not count. */
function layOut(row, time) {
  row.spans.sort((a, b) => a.leasedAt - b.leasedAt || a.number - b.number);
  row.lanes = new Map();
  for (const span of row.spans) {
    const [start, end] = spanLimits(span, time);
    let lane = row.ends.findIndex((until) => until <= start + 0.001);
    if (lane < 0) lane = row.ends.length;
    row.ends[lane] = end;
    row.lanes.set(span.number, lane);
  }
}

/** When each round gave out its first task: `[{time, stage, round}]`. */
export function roundStarts(spans) {
  const starts = new Map();
  for (const span of spans) {
    const place = format.taskPlace(span.task);
    if (!place) continue;
    const key = place.stage * 1e6 + place.round;
    const known = starts.get(key);
    if (!known) starts.set(key, { time: span.leasedAt, stage: place.stage, round: place.round });
    else if (span.leasedAt < known.time) known.time = span.leasedAt;
  }
  return [...starts.values()].sort((a, b) => a.time - b.time);
}

/**
 * The parts of a span: `[[kind, from, to], ...]`, one at least. What came to nothing is one part, of its outcome.
 */
export function partsOf(span, time) {
  const [start, end] = spanLimits(span, time);
  if (span.outcome && span.outcome !== "done") return [[span.outcome, start, end]];
  const within = (moment, least) => Math.min(end, Math.max(least, moment ?? end));
  const computing = within(span.computingAt, start);
  const sending = within(span.sendingAt, computing);
  const stalled = span.outcome ? sending : Math.min(sending, within(span.stalledAt, computing));
  const parts = [["fetching", start, computing], ["computing", computing, stalled], ["stalled", stalled, sending],
    ["sending", sending, end]];
  const seen = parts.filter(([, from, to]) => to > from);
  return seen.length > 0 ? seen : [["fetching", start, end]];
}

export const rowHeight = 22;
export const head = 26;
export const edge = 12;
export const glyphs = { refused: "!", failed: "×", lost: "?", needless: "=", released: "↩", unknown: "–", stalled: "■" };

/** Draws the rows, or those parts of them that lie in the time shown. */
export function paint(canvas, layout, chosen) {
  const { width, left, from, to, rows, time } = layout;
  const height = head + rows.length * rowHeight + 4;
  const density = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  const x = (at) => left + ((at - from) / (to - from)) * (width - left - edge);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  paintTimes(context, layout, height, x);
  rows.forEach((row, index) => {
    const top = head + index * rowHeight;
    context.fillStyle = colour(row.troubles > 0 ? "--bad" : row.isTroubled ? "--warn" : "--ink-soft");
    const name = row.isTroubled || row.state === "left" ? `${row.worker} · ${row.state}` : row.worker;
    context.fillText(fitted(context, name, left - 26), 14, top + rowHeight / 2);
    context.save();
    context.beginPath();
    context.rect(left, top, width - left - edge, rowHeight);
    context.clip();
    const tall = (rowHeight - 4) / Math.max(1, row.ends.length);
    for (const span of row.spans) {
      paintSpan(context, span, { x, time, top: top + 2 + row.lanes.get(span.number) * tall, tall, left },
        chosen?.number === span.number);
    }
    context.restore();
  });
}

function paintTimes(context, { from, to, width, left, rounds, stages, starts, spansSince }, height, x) {
  const below = height - head + 6;
  paintUnknown(context, left, Math.min(x(spansSince), width - edge), below);
  context.textAlign = "center";
  // Clocks go by minutes, whatever the power of ten.
  const wanted = (width - left - edge) / 110;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400]
    .find((seconds) => (to - from) / seconds <= wanted) ?? (to - from) / wanted;
  for (let tick = Math.ceil(from / step); tick <= to / step; tick += 1) {
    context.fillStyle = colour("--line");
    context.fillRect(x(tick * step), head - 6, 1, below);
    context.fillStyle = colour("--ink-soft");
    context.fillText(format.time(tick * step), Math.min(width - 36, Math.max(left + 28, x(tick * step))), 8);
  }
  context.textAlign = "left";
  for (const start of starts) {
    if (start < from || start > to) continue;
    context.fillStyle = colour("--warn");
    for (let y = head - 6; y < height; y += 8) context.fillRect(x(start) - 1, y, 2, 5);
  }
  let free = left;
  for (const { time, stage, round } of rounds) {
    if (time < from || time > to) continue;
    context.fillStyle = colour("--accent");
    context.globalAlpha = 0.55;
    context.fillRect(x(time), head - 6, 1.5, below);
    context.globalAlpha = 1;
    const label = round === 1 ? stages[stage]?.name ?? `stage ${stage + 1}` : `${round}`;
    const wide = context.measureText(label).width + 8;
    if (x(time) < free || x(time) + wide > width - edge) continue;
    free = x(time) + wide;
    context.fillText(label, x(time) + 3, head - 6);
  }
}

/** Hatches the time of which no task is known. */
function paintUnknown(context, left, until, height) {
  if (!(until > left)) return;
  context.globalAlpha = 0.5;
  hatch(context, left, head - 6, until - left, height, "--line");
  context.globalAlpha = 1;
}

function paintSpan(context, span, { x, time, top, tall, left }, isChosen) {
  const height = Math.max(2, tall - 1);
  const [from, until] = spanLimits(span, time);
  const end = x(until);
  // What takes no time can still be seen.
  const start = Math.max(left - 4, Math.min(x(from), end - 3));
  for (const [kind, since, to] of partsOf(span, time)) {
    const a = since === from ? start : Math.max(left - 4, x(since));
    const wide = Math.max(1, x(to) - a - (to === until ? 1 : 0));
    context.fillStyle = colour(`--kind-${kind}`);
    if (kind === "unknown") frame(context, a, top, wide, height);
    else context.fillRect(a, top, wide, height);
  }
  if (span.isBackup) hatch(context, start, top, end - start, height, "--surface");
  const glyph = glyphs[span.outcome];
  if (glyph && end - start > 10 && height > 9) {
    context.fillStyle = colour(span.outcome === "unknown" ? "--kind-unknown" : "--surface");
    context.font = "700 12px system-ui, sans-serif";
    context.fillText(glyph, Math.max(start, left) + 3, top + height / 2 + 0.5);
    context.font = "12px system-ui, sans-serif";
  }
  if (!isChosen) return;
  context.strokeStyle = colour("--ink");
  context.lineWidth = 2;
  context.strokeRect(start + 1, top, Math.max(3, end - start - 2), height);
}

/** What is not known is a frame without a filling. */
function frame(context, left, top, width, height) {
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1;
  context.setLineDash([3, 2]);
  context.strokeRect(left + 0.5, top + 0.5, Math.max(1, width - 1), Math.max(1, height - 1));
  context.setLineDash([]);
}

function hatch(context, left, top, width, height, property) {
  context.save();
  context.beginPath();
  context.rect(left, top, Math.max(1, width - 1), height);
  context.clip();
  context.strokeStyle = colour(property);
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
