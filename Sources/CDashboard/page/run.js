import { lineChart } from "./chart.js";
import { element, reconcile, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { joining } from "./workers.js";
import { outcomeSection } from "./outcome.js";
import { runPath } from "./requests.js";
import { stageText, timeText } from "./runs.js";
import { stackFigure } from "./stack.js";
import { currentStage, isFinal, isOpen, now, outputsOf, primaryOf, progressOf, records } from "./state.js";

/** One run: how far it is, its layers, its curves and what came of it. */
export function runView(id, { openCancelling }) {
  const facts = factsList();
  const progress = element("progress", { max: 1, "aria-label": "Done" });
  const share = element("span", { class: "share" });
  const stage = element("span", { class: "stage" });
  const left = element("span");
  const notes = element("ul", { class: "notes", hidden: true });
  const remarks = element("ul", { class: "notes remarks", hidden: true, "aria-label": "Remarks" });
  const stageRemarks = element("ul", { class: "notes remarks", hidden: true, "aria-label": "Remarks on layers" });
  let status = null;
  const cancel = element("button", {
    type: "button", class: "quiet danger", id: "cancel-run", click: () => openCancelling(status),
  }, "Cancel the run");
  const links = linksList(id);
  const stack = stackFigure();
  const join = joining();
  const joinTitle = element("h2");
  const aside = element("div", {}, joinTitle, join.element);
  const needed = element("div", { class: "needed", role: "status", hidden: true });
  const rounds = roundsSection();
  const outcome = outcomeSection();

  const summary = element("section", { class: "summary", "aria-label": "Progress" },
    element("div", { class: "line" }, stage, left),
    element("div", { class: "track large" }, progress, share),
    needed, facts.element, remarks, notes);
  const actions = element("p", { class: "actions" }, cancel);
  const files = element("section", { "aria-labelledby": "files-title" },
    element("h2", { id: "files-title" }, "Files"), links.element, aside, actions);
  const view = element("div", {}, summary,
    element("div", { class: "split" },
      element("section", { "aria-labelledby": "stack-title" },
        element("h2", { id: "stack-title" }, "Layers"), stack.element, stageRemarks),
      files),
    outcome.element, rounds.element);

  return {
    element: view,
    close() {
      rounds.close();
      outcome.close();
    },
    update(run, changes, all) {
      status = run;
      const done = progressOf(run);
      setAttribute(summary, "data-bar", run.state);
      setText(stage, stageText(run));
      setText(left, timeText(run, now(all)));
      setAttribute(progress, "value", done.toFixed(4));
      setText(share, format.percent(done));
      setHidden(cancel, isFinal(run));
      join.update(all.coordinator);
      const isNeeded = run.state === "waiting";
      setText(joinTitle, isNeeded ? "Start a worker" : "One more worker");
      setHidden(needed, !isNeeded);
      setHidden(aside, isFinal(run));
      if (isNeeded !== needed.contains(aside)) isNeeded ? needed.append(aside) : actions.before(aside);
      facts.update(run, changes);
      links.update(run);
      showList(notes, run.stages.filter((stage) => stage.note).map((stage) => `${stage.name}: ${stage.note}`));
      const about = (remark) => run.stages[remark.stage]?.name;
      showList(remarks, (run.remarks ?? []).filter((remark) => !about(remark)).map((remark) => remark.text));
      showList(stageRemarks, (run.remarks ?? []).filter(about).sort((a, b) => b.stage - a.stage).map((remark) =>
        (remark.text.includes(about(remark)) ? remark.text : `${about(remark)}: ${remark.text}`)));
      if (!changes) return;
      stack.update(run, changes);
      outcome.update(changes);
      rounds.update(run, changes);
    },
  };
}

function showList(list, text) {
  if (list.dataset.text === text.join("\n")) return;
  list.dataset.text = text.join("\n");
  setHidden(list, text.length === 0);
  list.replaceChildren(...text.map((note) => element("li", {}, note)));
}

function factsList() {
  const names = [
    "Samples a second", "Workers", "Tasks in progress", "Bytes a round", "", "", "On disk", "Started",
  ];
  const [judged, compared] = [4, 5];
  const titles = names.map((name) => element("dt", {}, name));
  const values = names.map(() => element("dd", {}, format.nothing));
  const unit = element("dd", { class: "unit" });
  const rows = names.map((_, index) => element("div", {}, titles[index], values[index], index === judged ? unit : null));
  return {
    element: element("dl", { class: "facts" }, rows),
    update(run, changes) {
      const { metric, value, ratio, bytes } = changes ? lastRecords(run, changes) : {};
      const figures = [
        format.short(run.samplesPerSecond), format.count(run.workers), format.count(run.tasksInProgress),
        format.bytes(bytes), metric ? format.shown[metric.format](value) : "", format.share(ratio),
        format.bytes(run.diskBytes), format.date(run.submittedAt),
      ];
      figures.forEach((figure, index) => setText(values[index], figure));
      setHidden(rows[judged], !metric);
      setHidden(rows[compared], !metric?.baseline);
      setText(titles[judged], metric ? format.capitalised(metric.title) : "");
      setText(titles[compared], format.capitalised(metric?.ratio ?? ""));
      setText(unit, value === undefined || !metric.unit ? "" : unitText(value, metric.unit));
    },
  };
}

/** What a value is counted in: "squared error per sample; 0.026 per value". */
function unitText(value, { name, values }) {
  const each = values > 1 ? `; ${format.figure(value / values)} per value` : "";
  return values === undefined ? name : `${name} per sample${each}`;
}

/** The newest bytes, and the newest value that the stages up to the current one are judged by, with its ratio to its baseline. */
function lastRecords(run, changes) {
  const last = {};
  for (let stage = Math.max(0, currentStage(run)); stage >= 0; stage -= 1) {
    const outputs = outputsOf(changes, stage);
    if (outputs.isCollected) continue;
    const metric = primaryOf(outputs);
    last.metric ??= metric;
    for (const record of records(changes, stage).reverse()) {
      if (!isOpen(record)) last.bytes ??= record.bytes;
      if (last.value === undefined && record[metric?.name] !== undefined) {
        last.metric = metric;
        last.value = record[metric.name];
        last.ratio = last.value / record[metric.baseline];
      }
      if (last.bytes !== undefined && last.value !== undefined) return last;
    }
  }
  return last;
}

function linksList(id) {
  const path = runPath(id);
  const fixed = [
    ["Plan", `${path}/plan`, `${id}.yaml`, "YAML"],
    ["Figures of all rounds", `${path}/metrics.csv`, `${id}.csv`, "CSV"],
    ["All that is known of the run", path, `${id}.json`, "JSON"],
  ];
  const row = ([label, href, download, kind]) =>
    element("li", {}, element("a", { href, download }, label), element("span", { class: "kind" }, kind));
  const list = element("ul", { class: "links" }, fixed.map(row));
  let shown = "";
  return {
    element: list,
    update(run) {
      const key = run.exports.map((part) => part.digest).join();
      if (key === shown) return;
      shown = key;
      list.replaceChildren(...fixed.map(row), ...run.exports.map((part) => {
        // Earlier versions gave their files no names; all were safetensors.
        const file = part.fileName ?? `${part.part}.safetensors`;
        const label = part.part.charAt(0).toUpperCase() + part.part.slice(1);
        return row([label, `v1/blobs/${encodeURIComponent(part.digest)}`, file,
          `${file.split(".").pop()}, ${format.bytes(part.bytes)}`]);
      }));
    },
  };
}

const tones = 8;

/** What every stage has, whatever it measures. */
const others = [
  { name: "throughput", title: "Samples a second", unit: "samples/s", read: speed, show: format.short, fromZero: true },
  {
    name: "bytes", title: "Bytes of updates a round", read: (record) => record.bytes, show: format.bytes, fromZero: true,
    base: 1024,
  },
];

function speed(record) {
  return record.seconds > 0 && record.samples > 0 ? record.samples / record.seconds : undefined;
}

/** What is measured round by round, a line for each stage. */
export function roundsSection() {
  const cache = new Map();
  const list = element("div", { class: "charts" });
  const section = element("section", { "aria-labelledby": "charts-title" },
    element("h2", { id: "charts-title" }, "Round by round"), list);
  let drawn = null;

  return {
    element: section,
    close() {
      for (const figure of cache.values()) figure.close();
    },
    update(run, changes) {
      const charts = chartsOf(run, changes);
      const key = `${changes.changes.rounds}.${run.stages.length}.${charts.map((chart) => chart.key)}`;
      if (drawn?.run === changes && drawn.key === key) return;
      drawn = { run: changes, key };
      const history = run.stages.map((_, index) => records(changes, index));
      reconcile(list, cache, charts, (chart) => chart.key, (chart) => lineChart({ across: "round", ...chart }),
        (figure, chart) => {
          const series = chart.lines.map((line) => seriesOf(line, history[line.stage]))
            .filter(({ points }) => points.length > 0);
          setHidden(figure.element, series.length === 0 && !chart.isMeasured);
          figure.update(series);
        });
    },
  };
}

/** Those of the stages' metrics, the losses and errors first; metrics of one title and unit share a chart. */
function chartsOf(run, changes) {
  const charts = new Map();
  const stages = run.stages.map((_, stage) => stage).filter((stage) => !outputsOf(changes, stage).isCollected);
  for (const stage of stages) {
    for (const metric of outputsOf(changes, stage).metrics.filter((one) => one.chart)) {
      const key = `${metric.chart}/${metric.unit?.name ?? ""}`;
      if (!charts.has(key)) charts.set(key, { ...chartOf(metric), key, lines: [] });
      const { lines } = charts.get(key);
      lines.push(metricLine(metric, stage, run.stages[stage].name, lines));
    }
  }
  const lines = (read) => stages.map((stage) => lineOf(stage, run.stages[stage].name, read));
  return [
    ...[...charts.values()].sort((a, b) => b.isMeasured - a.isMeasured),
    ...others.map((chart) => ({ ...chart, key: chart.name, lines: lines(chart.read) })),
  ];
}

function chartOf(metric) {
  const isMeasured = metric.format === "number";
  const isSum = metric.unit?.values !== undefined;
  return {
    name: metric.name, title: isSum ? `${metric.chart}: ${metric.unit.name}` : metric.chart, isMeasured,
    unit: isSum ? "per sample" : metric.unit?.name, show: format.shown[metric.format], fromZero: !isMeasured,
    logarithmic: isMeasured ? metric.direction === "lowerIsBetter" : null,
  };
}

/** A line for a stage; a dashed one for its second metric in the chart. */
function metricLine(metric, stage, name, before) {
  const word = metric.line ?? (before.some((line) => line.stage === stage) ? metric.title : null);
  return lineOf(stage, word ? `${name}, ${word}` : name, (record) => record[metric.name],
    { dashed: word !== null, values: metric.unit?.values });
}

const lineOf = (stage, label, read, extra = {}) => ({ stage, label, tone: stage % tones, read, ...extra });

function seriesOf(line, history) {
  return {
    ...line,
    points: history.flatMap((record) => {
      const value = line.read(record);
      return Number.isFinite(value) ? [[record.round, value, isOpen(record)]] : [];
    }),
  };
}
