import { lineChart } from "./chart.js";
import { command, element, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { outcomeSection } from "./outcome.js";
import { runPath } from "./requests.js";
import { stageText, timeText } from "./runs.js";
import { stackFigure } from "./stack.js";
import { currentStage, isFinal, now, records, shareOfRun } from "./state.js";

const tones = 8;

const charts = [
  { name: "loss", title: "Training loss", of: (record) => record.loss, logarithmic: true },
  {
    name: "error", title: "Held-out error", of: (record) => record.heldOutError, logarithmic: true,
    constant: (stage) => stage.meanError, constantLabel: "predicting the mean",
  },
  {
    name: "active", title: "Active share of the code", of: (record) => record.activeShare,
    kept: (record) => record.keptShare, show: format.share, fromZero: true,
  },
  {
    name: "dead", title: "Dead units", of: (record) => record.deadUnits, kept: (record) => record.unusedUnits,
    show: format.short, fromZero: true,
  },
  { name: "throughput", title: "Samples a second", of: speed, show: format.short, fromZero: true },
  {
    name: "bytes", title: "Bytes of updates a round", of: (record) => record.bytes, show: format.bytes, fromZero: true,
    base: 1024,
  },
];

function speed(record) {
  return record.seconds > 0 && record.samples > 0 ? record.samples / record.seconds : undefined;
}

/** One run: how far it is, its layers, its curves and what came of it. */
export function runView(id, { openCancelling }) {
  const facts = factsList();
  const progress = element("progress", { max: 1, "aria-label": "Done" });
  const share = element("span", { class: "share" });
  const stage = element("span", { class: "stage" });
  const left = element("span");
  const notes = element("ul", { class: "notes", hidden: true });
  const remarks = element("ul", { class: "notes remarks", hidden: true, "aria-label": "Remarks" });
  let status = null;
  const cancel = element("button", {
    type: "button", class: "quiet danger", id: "cancel-run", click: () => openCancelling(status),
  }, "Cancel the run");
  const links = linksList(id);
  const stack = stackFigure();
  const lines = charts.map((chart) => ({ ...chart, figure: lineChart({ across: "round", ...chart }) }));
  const outcome = outcomeSection();
  let drawn = null;

  const summary = element("section", { class: "summary", "aria-label": "Progress" },
    element("div", { class: "line" }, stage, left),
    element("div", { class: "track large" }, progress, share),
    facts.element, remarks, notes);
  const view = element("div", {}, summary,
    element("div", { class: "split" },
      element("section", { "aria-labelledby": "stack-title" },
        element("h2", { id: "stack-title" }, "Layers"), stack.element),
      element("section", { "aria-labelledby": "files-title" },
        element("h2", { id: "files-title" }, "Files"), links.element,
        element("h2", {}, "One more worker"),
        element("p", { class: "hint" }, "On any machine that reaches this one; it starts with the next task."),
        command(`cairn worker --coordinator ${location.origin}`, "Copy the command"),
        element("p", { class: "actions" }, cancel))),
    outcome.element,
    element("section", { "aria-labelledby": "charts-title" },
      element("h2", { id: "charts-title" }, "Round by round"),
      element("div", { class: "charts" }, lines.map((line) => line.figure.element))));

  return {
    element: view,
    close() {
      for (const line of lines) line.figure.close();
      outcome.close();
    },
    update(run, changes, all) {
      status = run;
      const done = shareOfRun(run);
      setAttribute(summary, "data-bar", run.state);
      setText(stage, stageText(run));
      setText(left, timeText(run, now(all)));
      setAttribute(progress, "value", done.toFixed(4));
      setText(share, format.percent(done));
      setHidden(cancel, isFinal(run));
      facts.update(run, changes);
      links.update(run);
      showList(notes, run.stages.filter((stage) => stage.note).map((stage) => `${stage.name}: ${stage.note}`));
      showList(remarks, (run.remarks ?? []).map((remark) => remark.text));
      if (!changes) return;
      stack.update(run, changes.stack);
      outcome.update(changes);
      const key = `${changes.changes.rounds}.${run.stages.length}`;
      if (drawn?.run === changes && drawn.key === key) return;
      drawn = { run: changes, key };
      const history = run.stages.map((_, index) => records(changes, index));
      for (const line of lines) {
        const series = seriesOf(line, run, history);
        setHidden(line.figure.element, series.length === 0 && line.name !== "loss" && line.name !== "error");
        line.figure.update(series);
      }
    },
  };
}

/** Stages whose rounds can be compared: not fine-tuning and its test, which have one. */
function hasRounds(stage) {
  return stage.name !== "fine-tuning" && stage.name !== "evaluation";
}

/**
 * A line for each stage that has such figures; a dashed one for what is kept after a selection of activations, or for a
 * figure that a stage has once.
 */
function seriesOf(chart, run, history) {
  const line = (index, read, extra) => ({
    label: run.stages[index].name, tone: index % tones, ...extra,
    points: history[index].flatMap((record) => {
      const value = read(record);
      return Number.isFinite(value) ? [[record.round, value]] : [];
    }),
  });
  return run.stages.flatMap((stage, index) => !hasRounds(stage) ? [] : [
    line(index, chart.of, {}),
    ...(chart.kept ? [line(index, chart.kept, { dashed: true, label: `${stage.name}, selected` })] : []),
    ...(chart.constant
      ? [line(index, () => chart.constant(stage), { dashed: true, label: `${stage.name}, ${chart.constantLabel}` })]
      : []),
  ]).filter((series) => series.points.length > 0);
}

function showList(list, text) {
  if (list.dataset.text === text.join("\n")) return;
  list.dataset.text = text.join("\n");
  setHidden(list, text.length === 0);
  list.replaceChildren(...text.map((note) => element("li", {}, note)));
}

function factsList() {
  const names = [
    "Samples a second", "Workers", "Tasks in progress", "Bytes a round", "Held-out error", "Of the mean's error",
    "On disk", "Started",
  ];
  const values = names.map(() => element("dd", {}, format.nothing));
  const list = element("dl", { class: "facts" },
    names.map((name, index) => element("div", {}, element("dt", {}, name), values[index])));
  return {
    element: list,
    update(run, changes) {
      const last = changes ? lastRecords(run, changes) : {};
      const figures = [
        format.short(run.samplesPerSecond), format.count(run.workers), format.count(run.tasksInProgress),
        format.bytes(last.bytes), format.figure(last.error), format.share(last.error / last.mean),
        format.bytes(run.diskBytes), format.date(run.submittedAt),
      ];
      figures.forEach((figure, index) => setText(values[index], figure));
    },
  };
}

/** The newest bytes and held-out error of the stages with rounds up to the current one. */
function lastRecords(run, changes) {
  const last = {};
  for (let stage = Math.max(0, currentStage(run)); stage >= 0; stage -= 1) {
    if (run.stages[stage] && !hasRounds(run.stages[stage])) continue;
    for (const record of records(changes, stage).reverse()) {
      last.bytes ??= record.bytes;
      if (last.error === undefined && record.heldOutError !== undefined) {
        last.error = record.heldOutError;
        last.mean = run.stages[stage].meanError;
      }
      if (last.bytes !== undefined && last.error !== undefined) return last;
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
      const names = {
        pretrained: ["Pretrained weights", "weights"], "fine-tuned": ["Fine-tuned classifier", "classifier"],
      };
      list.replaceChildren(...fixed.map(row), ...run.exports.map((part) => {
        const [label, file] = names[part.part] ?? [part.part, part.part];
        return row([label, `/v1/blobs/${encodeURIComponent(part.digest)}`, `${file}.safetensors`,
          `safetensors, ${format.bytes(part.bytes)}`]);
      }));
    },
  };
}
