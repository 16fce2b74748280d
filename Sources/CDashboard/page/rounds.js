import { lineChart } from "./chart.js";
import { element, reconcile, setHidden } from "./elements.js";
import * as format from "./format.js";
import { isOpen, outputsOf, records } from "./state.js";

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
