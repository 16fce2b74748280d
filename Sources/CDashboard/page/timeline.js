import { choice, element, scrollable, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import {
  edge, glyphs, head, kinds, paint, partsOf, roundStarts, rowHeight, rowsOf, spanLimits, trouble,
} from "./lanes.js";
import { isFinal, now } from "./state.js";

const shownAtFirst = 60;
const mostListed = 100;
const zooms = [["60", "1 min"], ["300", "5 min"], ["1800", "30 min"], ["all", "All"]];

const noTask = "No task has been given out in this time.";
const remarkable = new Set(["silent", "stalled", "quarantined", "lost", "left"]);
const outcomes = { unknown: "unknown: the coordinator was started anew" };

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
  const startWords = element("p", { class: "hint", id: "timeline-starts" });
  const hint = "Point at a task, or use the arrow keys, to read about it.";
  const field = element("div", {
    class: "timeline", role: "application", tabindex: 0, "aria-label": "Timeline: arrow keys go from task to task",
    "aria-describedby": "timeline-starts timeline-telling", keydown: move,
    pointermove: (event) => choose(spanAt(event)), pointerdown: (event) => choose(spanAt(event)),
    pointerleave: () => choose(null),
  }, canvas);
  telling.id = "timeline-telling";
  const word = element("p", { class: "empty" }, noTask);
  const more = element("button", { type: "button", class: "quiet", click: () => { most += shownAtFirst; again(); } });
  const troubles = scrollable("Tasks that came to nothing");
  const details = element("details", { toggle: again }, element("summary", {}, "Tasks that came to nothing"), troubles);
  const view = element("section", { "aria-labelledby": "timeline-title" },
    element("h2", { id: "timeline-title", class: "unseen" }, "Timeline"),
    element("div", { class: "pick" }, zoomed, element("label", { for: "timeline-filter" }, "Worker"), filter),
    element("ul", { class: "legend kinds" }, kinds.map((kind) =>
      element("li", {}, element("span", { class: `key kind-${kind}` }, glyphs[kind] ?? ""), kind)),
      element("li", {}, element("span", { class: "key backup" }), "backup"),
      element("li", {}, element("span", { class: "key start" }), "start of the coordinator"),
      element("li", {}, element("span", { class: "key cut" }), "not known")),
    startWords, telling, field, word, more, details);
  // Rows make the field higher; only its width matters here.
  const observer = new ResizeObserver(() => { if (field.clientWidth !== layout?.width) again(); });
  observer.observe(field);

  function update(run, changes, all) {
    last = [run, changes, all];
    if (!changes) return;
    const spans = [...changes.spans.values()];
    const text = filter.value.trim().toLowerCase();
    const shownTime = timeShown(run, changes, spans, now(all), zoom);
    const rows = rowsOf(spans, {
      ...shownTime, matches: (worker) => worker.toLowerCase().includes(text),
      stateOf: (worker) => all.workers.get(worker)?.state,
    });
    const shown = rows.slice(0, most);
    layout = {
      ...shownTime, rows: shown, stages: run.stages, rounds: roundStarts(spans), starts: changes.starts,
      spansSince: isCut(run, changes) ? changes.spansSince : -Infinity,
    };
    setText(startWords, startText(run, changes));
    setHidden(startWords, !startWords.textContent);
    setText(word, shownTime.from < layout.spansSince ? "It is not known who had which task in this time." : noTask);
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
    const near = row?.spans.filter((span) => {
      const [start, end] = spanLimits(span, layout.time);
      return start - slack <= time && end + slack >= time;
    });
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

const timeAt = (layout, x) =>
  layout.from + ((x - layout.left) / (layout.width - layout.left - edge)) * (layout.to - layout.from);

function tellingOf(span, { rows, stages, time }) {
  const state = rows.find((row) => row.worker === span.worker)?.state;
  const parts = [`${format.task(span.task, stages)}${span.isBackup ? " (backup)" : ""}, ${span.worker}`
    + (remarkable.has(state) ? ` (${state})` : ""), `from ${format.time(span.leasedAt)}`];
  for (const [kind, start, end] of partsOf({ ...span, outcome: undefined }, time)) {
    if (end > start) parts.push(`${kind} ${format.duration(end - start)}`);
  }
  parts.push(outcomes[span.outcome] ?? span.outcome ?? `${format.percent(span.share)} of its steps`);
  return parts.join(" · ") + (span.reason ? `: ${span.reason}` : "");
}

/** What `from` and `to` are shown, and the time now: never longer than there is something to see. */
function timeShown(run, changes, spans, time, zoom) {
  const latest = spans.reduce((most, span) => Math.max(most, span.endedAt ?? 0), 0);
  // Where the coordinator's clock was set back, some tasks lie in what is still to come.
  const to = isFinal(run) ? Math.max(latest, run.finishedAt ?? 0) || time : zoom === "all" ? Math.max(time, latest) : time;
  const known = isCut(run, changes) ? changes.spansSince : to;
  const first = spans.reduce((least, span) => Math.min(least, spanLimits(span, time)[0]), Math.min(known, to));
  const margin = first === known ? (to - first) * 0.04 : 0;
  const from = Math.max(Math.min(first - margin, to - 10), zoom === "all" ? -Infinity : to - Number(zoom));
  return { from, to, time: isFinal(run) ? to : time };
}

/** Whether tasks were given out of which the coordinator, started anew, knows nothing. */
const isCut = (run, changes) => changes.spansSince !== null && changes.spansSince > run.submittedAt;

function startText(run, changes) {
  const starts = changes.starts.map(format.time);
  const told = starts.length > 0 ? `The coordinator was started at ${starts.join(", ")}.` : "";
  const known = isCut(run, changes) ? `Tasks are known from ${format.time(changes.spansSince)} on.` : "";
  return `${told} ${known}`.trim();
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
