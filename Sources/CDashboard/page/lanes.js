import { taskPlace } from "./format.js";

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
    const place = taskPlace(span.task);
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
