import { lineChart } from "./chart.js";
import { choice, element, reconcile, scrollable, setAttribute, setHidden, shape } from "./elements.js";
import * as format from "./format.js";
import { outputsOf } from "./state.js";

const mostClasses = 50;

/** What stages that collect their results gave: what their descriptions say, group by group. */
export function outcomeSection() {
  const cache = new Map();
  let drawn = null;
  const list = element("div", { class: "outcome" });
  const section = element("section", { "aria-labelledby": "outcome-title", hidden: true },
    element("h2", { id: "outcome-title" }, "Results"), list);
  return {
    element: section,
    close() {
      for (const block of cache.values()) block.close?.();
    },
    update(changes) {
      if (drawn?.run === changes && drawn.at === changes.changes.outcome) return;
      drawn = { run: changes, at: changes.changes.outcome };
      const blocks = blocksOf(changes);
      setHidden(section, blocks.length === 0);
      reconcile(list, cache, blocks, (block) => block.key, (block) => block.make(block.of),
        (view, block) => view.update(groupsOf(block.results), changes.classNames));
    },
  };
}

/** Tables first, then numbers, then curves: a block for each that there are results of. */
function blocksOf(changes) {
  const kinds = [
    ["table", tableBlock, (outputs) => outputs.tables],
    ["metric", metricBlock, (outputs) => outputs.metrics.filter((metric) => metric.of === "trial")],
    ["series", seriesBlock, (outputs) => outputs.series],
  ];
  return kinds.flatMap(([kind, make, described]) => changes.outputs.flatMap((_, stage) => {
    const mine = changes.results.filter((result) => result.stage === stage);
    return described(outputsOf(changes, stage)).map((of) => ({
      key: `${kind}/${stage}/${of.name}`, make, of, results: mine.filter((result) => result[of.name] !== undefined),
    }));
  })).filter((block) => block.results.length > 0);
}

/** Results by what they are compared by, in the order in which they came: `[{label, tone, results}, ...]`. */
function groupsOf(results) {
  const labels = [...new Set(results.map((result) => result.group))];
  return labels.map((label, tone) => ({ label, tone, results: results.filter((result) => result.group === label) }));
}

function metricBlock(metric, read = (result) => result[metric.name]) {
  const place = element("div", { class: "errors", "data-chart": metric.name });
  return {
    element: element("div", {}, element("h3", {}, format.capitalised(metric.title)), place),
    update(groups) {
      const told = groups.map((group) => ({ ...group, values: group.results.map(read) }));
      setAttribute(place, "data-points", told.reduce((sum, group) => sum + group.values.length, 0));
      place.replaceChildren(strip(told, metric), valueTable(told, metric));
    },
  };
}

/** A table of counts, and where its diagonal is what is right, how much is not. */
function tableBlock(table) {
  let groups = [];
  let names = [];
  let chosen = 0;
  let key = "";
  const matrix = scrollable(table.title);
  matrix.id = table.name;
  const head = element("div", { class: "line" }, element("h3", {}, table.title));
  const error = table.error ? metricBlock(table.error, (result) => errorRate(result[table.name])) : null;
  const show = () => matrix.replaceChildren(countTable(table, groups[chosen]?.results ?? [], names));
  return {
    element: element("div", { class: error ? "split uneven" : "" }, error?.element, element("div", {}, head, matrix)),
    update(next, classNames) {
      groups = next;
      names = classNames;
      error?.update(groups);
      const labels = groups.map((group, index) => [String(index), format.capitalised(group.label)]);
      if (key !== JSON.stringify(labels)) {
        key = JSON.stringify(labels);
        chosen = 0;
        head.querySelector("fieldset")?.remove();
        head.append(choice(`${table.name}-of`, "Whose results", labels, "0", (value) => {
          chosen = Number(value);
          show();
        }));
      }
      show();
    },
  };
}

function seriesBlock(series) {
  const unit = series.unit ? `: ${series.unit.name}` : "";
  const per = series.unit?.values ? `per sample, mean of the ${series.axis}` : series.unit?.name;
  const chart = lineChart({
    name: series.name, title: `${series.chart}${unit}, a thin line each trial`, across: series.axis, unit: per,
    logarithmic: true,
  });
  return {
    element: chart.element,
    close: () => chart.close(),
    update: (groups) => chart.update(groups.flatMap((group) => curves(group, series.name))),
  };
}

/** Share of all that is counted beside the diagonal. */
function errorRate(table) {
  let right = 0;
  let all = 0;
  table.forEach((row, index) => row.forEach((count, column) => {
    all += count;
    if (index === column) right += count;
  }));
  return all === 0 ? 0 : (all - right) / all;
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample of the possible draws, as in the command's table. */
function deviation(values) {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** A dot each trial; the mean with one standard deviation to either side. */
function strip(groups, metric) {
  const width = 420;
  const row = 58;
  const all = groups.flatMap((group) => group.values);
  const low = Math.min(0, ...all);
  const high = Math.max(...all) * 1.08 || 0.01;
  const x = (value) => 8 + ((value - low) / (high - low)) * (width - 16);
  const height = groups.length * row + 24;
  const axis = height - 22;
  const nodes = groups.flatMap(({ values, tone }, index) => {
    const y = index * row + 32;
    const middle = mean(values);
    const spread = deviation(values);
    return [
      shape("path", { class: "grid", d: `M8 ${y}H${width - 8}` }),
      shape("path", {
        class: `spread tone-${tone}`, d: `M${x(Math.max(low, middle - spread))} ${y}H${x(middle + spread)}`,
      }),
      ...values.map((value, trial) =>
        shape("circle", { class: `draw tone-${tone}`, cx: x(value), cy: y + ((trial % 3) - 1) * 5, r: 4 })),
      shape("path", { class: `mean tone-${tone}`, d: `M${x(middle)} ${y - 15}V${y + 15}` }),
      shape("text", { class: "name", x: 8, y: y - 18 }, groups[index].label),
    ];
  });
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  return shape("svg", { class: "strip", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    shape("path", { class: "axis", d: `M8 ${axis}H${width - 8}` }), ...nodes,
    ...steps.map((step, index) => shape("text", {
      x: x(step), y: height - 5, "text-anchor": index === 0 ? "start" : index === 4 ? "end" : "middle",
    }, written(step, metric, high < 0.1 ? 1 : 0))));
}

const written = (value, metric, digits = 1) =>
  (metric.format === "share" ? format.percent(value, digits) : format.shown[metric.format](value));

function valueTable(groups, metric) {
  const ends = metric.direction === "higherIsBetter" ? [Math.max, Math.min] : [Math.min, Math.max];
  const title = format.capitalised(metric.title);
  return scrollable(`${title} of the groups`,
    element("table", {},
      element("caption", { class: "unseen" }, title),
      element("thead", {}, element("tr", {},
        ["Network", "Mean", "±", "Best", "Worst", "Draws"].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, groups.map(({ label, values }) => element("tr", {}, element("th", { scope: "row" }, label),
        [mean(values), deviation(values), ...ends.map((end) => end(...values))]
          .map((value) => element("td", {}, written(value, metric))),
        element("td", {}, format.count(values.length)))))));
}

/** A thin line each trial, and their mean. */
function curves({ label, tone, results }, name) {
  const lists = results.map((result) => result[name]);
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const average = Array.from({ length: longest }, (_, place) =>
    [place + 1, mean(lists.map((list) => list[place]).filter(Number.isFinite))]);
  return [
    ...lists.map((list) => ({
      label, tone, thin: true, isQuiet: true, points: list.map((value, place) => [place + 1, value]),
    })),
    { label, tone, dashed: tone > 0, points: average.filter(([, value]) => Number.isFinite(value)) },
  ];
}

/** Counts of all trials together. Rows and columns without a name are numbers. */
function countTable(table, results, names) {
  if (results.length === 0) return element("p", { class: "empty" }, "No results yet.");
  const first = results[0][table.name];
  const columns = first[0]?.length ?? 0;
  if (Math.max(first.length, columns) > mostClasses) {
    return element("p", { class: "empty" }, `${Math.max(first.length, columns)} classes are too many to show.`);
  }
  const sums = first.map((row, index) => row.map((_, column) =>
    results.reduce((sum, result) => sum + (result[table.name][index]?.[column] ?? 0), 0)));
  const title = (index) => names[index] ?? String(index);
  const look = (index, column) => (!table.error ? "" : index === column ? "right" : "wrong");
  return element("table", { class: "matrix" },
    element("caption", {},
      `Rows: ${table.rows}. Columns: ${table.columns}. ${format.counted(results.length, "draw")} together.`),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, format.capitalised(table.rows)),
      Array.from({ length: columns }, (_, column) =>
        element("th", { scope: "col", title: title(column) }, format.shortened(title(column), 12))),
      table.error ? element("th", { scope: "col" }, "Wrong") : null)),
    element("tbody", {}, sums.map((row, index) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return element("tr", {},
        element("th", { scope: "row", title: title(index) }, format.shortened(title(index), 30)),
        row.map((count, column) => {
          const share = total > 0 ? count / total : 0;
          const heat = share === 0 ? 0 : Math.min(7, 1 + Math.floor(Math.sqrt(share) * 7));
          return element("td", { class: `${look(index, column)} heat-${heat}` }, count === 0 ? "·" : format.count(count));
        }),
        table.error
          ? element("td", { class: "sum" }, format.percent(total > 0 ? 1 - row[index] / total : 0, 1)) : null);
    })));
}
