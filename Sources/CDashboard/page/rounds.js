import { lineChart } from "./chart.js";
import { element, reconcile, setHidden } from "./elements.js";
import * as format from "./format.js";
import { isOpen, records } from "./state.js";

const tones = 8;

/** Losses and errors: a chart for each measure that a stage has, since different ones cannot be compared. */
const measured = [
  { name: "loss", title: "Training loss", of: (record) => record.loss },
  {
    name: "error", title: "Held-out error", of: (record) => record.heldOutError,
    constant: (stage) => stage.meanError, constantLabel: "predicting the mean",
  },
];

const others = [
  {
    name: "active", title: "Active share of the code", of: (record) => record.activeShare,
    kept: (record) => record.keptShare, show: format.share, fromZero: true,
  },
  {
    name: "dead", title: "Dead units", unit: "units", of: (record) => record.deadUnits,
    kept: (record) => record.unusedUnits, show: format.short, fromZero: true,
  },
  {
    name: "throughput", title: "Samples a second", unit: "samples/s", of: speed, show: format.short, fromZero: true,
  },
  {
    name: "bytes", title: "Bytes of updates a round", of: (record) => record.bytes, show: format.bytes, fromZero: true,
    base: 1024,
  },
];

function speed(record) {
  return record.seconds > 0 && record.samples > 0 ? record.samples / record.seconds : undefined;
}

/** Whether a stage's rounds can be compared: not those of fine-tuning and its test, which have one. */
export function hasRounds(stage) {
  return stage.name !== "fine-tuning" && stage.name !== "evaluation";
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
      const charts = chartsOf(run.stages);
      const key = `${changes.changes.rounds}.${run.stages.length}.${charts.map((chart) => chart.key)}`;
      if (drawn?.run === changes && drawn.key === key) return;
      drawn = { run: changes, key };
      const history = run.stages.map((_, index) => records(changes, index));
      reconcile(list, cache, charts, (chart) => chart.key, (chart) => lineChart({ across: "round", ...chart }),
        (figure, chart) => {
          const series = seriesOf(chart, run, history);
          setHidden(figure.element, series.length === 0 && !chart.isMeasured);
          figure.update(series);
        });
    },
  };
}

function chartsOf(stages) {
  const measures = [...new Set(stages.filter(hasRounds).map((stage) => stage.measure?.name))];
  const losses = (measures.length > 0 ? measures : [undefined]).flatMap((measure) => measured.map((chart) => ({
    ...chart, measure, key: `${chart.name}/${measure ?? ""}`, isMeasured: true, unit: "per sample", logarithmic: true,
    title: measure ? `${chart.title}: ${measure}` : chart.title,
  })));
  return [...losses, ...others.map((chart) => ({ ...chart, key: chart.name }))];
}

/**
 * A line for each stage that has such figures; a dashed one for what is kept after a selection of activations, or for a
 * figure that a stage has once.
 */
function seriesOf(chart, run, history) {
  const line = (index, read, extra) => ({
    label: run.stages[index].name, tone: index % tones,
    values: chart.isMeasured ? run.stages[index].measure?.values : undefined, ...extra,
    points: history[index].flatMap((record) => {
      const value = read(record);
      return Number.isFinite(value) ? [[record.round, value, isOpen(record) && !extra.isConstant]] : [];
    }),
  });
  return run.stages.flatMap((stage, index) => {
    if (!hasRounds(stage) || (chart.isMeasured && stage.measure?.name !== chart.measure)) return [];
    const label = (word) => ({ dashed: true, label: `${stage.name}, ${word}` });
    return [
      line(index, chart.of, {}),
      chart.kept ? line(index, chart.kept, label("selected")) : null,
      chart.constant
        ? line(index, () => chart.constant(stage), { ...label(chart.constantLabel), isConstant: true }) : null,
    ].filter(Boolean);
  }).filter((series) => series.points.length > 0);
}
