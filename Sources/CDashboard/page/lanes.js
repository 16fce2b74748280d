import { taskPlace } from "./format.js";

export const trouble = new Set(["refused", "failed", "lost"]);

/**
 * A row for each worker with spans between `from` and `to`: those with trouble first. Spans of one worker that overlap,
 * as those of several slots do, lie in lanes.
 */
export function rowsOf(spans, { from, to, time, matches }) {
  const rows = new Map();
  for (const span of spans) {
    const end = span.endedAt ?? time;
    if (end < from || span.leasedAt > to || !matches(span.worker)) continue;
    let row = rows.get(span.worker);
    if (!row) {
      row = { worker: span.worker, spans: [], troubles: 0, ends: [] };
      rows.set(span.worker, row);
    }
    if (trouble.has(span.outcome)) row.troubles += 1;
    row.spans.push(span);
  }
  const names = new Intl.Collator("en", { numeric: true });
  const sorted = [...rows.values()].sort((a, b) => b.troubles - a.troubles || names.compare(a.worker, b.worker));
  for (const row of sorted) layOut(row, time);
  return sorted;
}

/** The first lane that is free; a hair's breadth of overlap does not count. */
function layOut(row, time) {
  row.spans.sort((a, b) => a.leasedAt - b.leasedAt || a.number - b.number);
  row.lanes = new Map();
  for (const span of row.spans) {
    let lane = row.ends.findIndex((end) => end <= span.leasedAt + 0.001);
    if (lane < 0) lane = row.ends.length;
    row.ends[lane] = span.endedAt ?? time;
    row.lanes.set(span.number, lane);
  }
}

/** When each round gave out its first task: `[{time, stage, round}]`. */
export function roundStarts(spans) {
  const starts = new Map();
  for (const span of spans) {
    const place = taskPlace(span.task);
    if (!place) continue;
    const key = place.stage * 1e6 + place.round;
    const known = starts.get(key);
    if (!known) starts.set(key, { time: span.leasedAt, stage: place.stage, round: place.round });
    else if (span.leasedAt < known.time) known.time = span.leasedAt;
  }
  return [...starts.values()].sort((a, b) => a.time - b.time);
}

/** The parts of a span: `[[kind, from, to], ...]`. What came to nothing is one part, of its outcome. */
export function partsOf(span, time) {
  const end = span.endedAt ?? time;
  if (span.outcome && span.outcome !== "done") return [[span.outcome, span.leasedAt, end]];
  const computing = span.computingAt ?? end;
  const sending = span.sendingAt ?? end;
  return [["fetching", span.leasedAt, Math.min(computing, end)], ["computing", computing, Math.min(sending, end)],
    ["sending", sending, end]].filter(([, from, to]) => to > from);
}
