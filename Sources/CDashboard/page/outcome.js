import { lineChart } from "./chart.js";
import { choice, element, setAttribute, setHidden, shape } from "./elements.js";
import * as format from "./format.js";

const mostClasses = 50;
const kinds = [[true, "pretrained", 0], [false, "from scratch", 1]];

/** What fine-tuning gave: errors of the draws, learning curves, which classes are taken for which. */
export function outcomeSection() {
  let results = [];
  let names = [];
  let isPretrained = true;
  let drawn = null;
  const errors = element("div", { class: "errors", "data-chart": "errors" });
  const curves = lineChart({
    name: "curves", title: "Learning curves: cross-entropy, a thin line each trial", across: "epoch",
    unit: "per sample, mean of the epoch", logarithmic: true,
  });
  const matrix = element("div", {
    class: "scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix", id: "confusion",
  });
  const kind = choice("confusion-of", "Whose answers", [["pretrained", "Pretrained"], ["scratch", "From scratch"]],
    "pretrained", (value) => {
      isPretrained = value === "pretrained";
      showMatrix();
    });
  const test = element("div", { class: "split uneven" },
    element("div", {}, element("h3", {}, "Test error"), errors),
    element("div", {}, element("div", { class: "line" }, element("h3", {}, "Answers for each class"), kind), matrix));
  const section = element("section", { "aria-labelledby": "outcome-title", hidden: true },
    element("h2", { id: "outcome-title" }, "With few labels"), test, curves.element);

  function showMatrix() {
    matrix.replaceChildren(confusionTable(results.filter((result) => result.pretrained === isPretrained), names));
  }

  return {
    element: section,
    close: () => curves.close(),
    update(changes) {
      if (drawn?.run === changes && drawn.at === changes.changes.outcome) return;
      drawn = { run: changes, at: changes.changes.outcome };
      results = changes.results;
      names = changes.classNames;
      setHidden(section, results.length === 0 && changes.curves.length === 0);
      setHidden(test, results.length === 0);
      setHidden(curves.element, changes.curves.length === 0);
      const groups = kinds.map(([pretrained, label, tone]) => ({
        label, tone,
        errors: results.filter((result) => result.pretrained === pretrained).map(errorOf),
      })).filter((group) => group.errors.length > 0);
      setAttribute(errors, "data-points", results.length);
      errors.replaceChildren(...(groups.length > 0 ? [strip(groups), errorTable(groups)] : []));
      showMatrix();
      curves.update(curveSeries(changes.curves));
    },
  };
}

/** Share of the test samples that were classified wrongly. */
function errorOf(result) {
  let right = 0;
  let all = 0;
  result.confusion.forEach((row, label) => row.forEach((count, answer) => {
    all += count;
    if (label === answer) right += count;
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

/** A dot each draw; the mean with one standard deviation to either side. */
function strip(groups) {
  const width = 420;
  const row = 58;
  const all = groups.flatMap((group) => group.errors);
  const high = Math.max(...all) * 1.08 || 0.01;
  const x = (value) => 8 + (value / high) * (width - 16);
  const height = groups.length * row + 24;
  const axis = height - 22;
  const nodes = groups.flatMap(({ errors, tone }, index) => {
    const y = index * row + 32;
    const middle = mean(errors);
    const spread = deviation(errors);
    return [
      shape("path", { class: "grid", d: `M8 ${y}H${width - 8}` }),
      shape("path", {
        class: `spread tone-${tone}`, d: `M${x(Math.max(0, middle - spread))} ${y}H${x(middle + spread)}`,
      }),
      ...errors.map((error, draw) =>
        shape("circle", { class: `draw tone-${tone}`, cx: x(error), cy: y + ((draw % 3) - 1) * 5, r: 4 })),
      shape("path", { class: `mean tone-${tone}`, d: `M${x(middle)} ${y - 15}V${y + 15}` }),
      shape("text", { class: "name", x: 8, y: y - 18 }, groups[index].label),
    ];
  });
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => share * high);
  return shape("svg", { class: "strip", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    shape("path", { class: "axis", d: `M8 ${axis}H${width - 8}` }), ...nodes,
    ...steps.map((step, index) => shape("text", {
      x: x(step), y: height - 5, "text-anchor": index === 0 ? "start" : index === 4 ? "end" : "middle",
    }, format.percent(step, high < 0.1 ? 1 : 0))));
}

function errorTable(groups) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Test errors" },
    element("table", {},
      element("caption", { class: "unseen" }, "Test error"),
      element("thead", {}, element("tr", {},
        ["Network", "Mean", "±", "Best", "Worst", "Draws"].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, groups.map(({ label, errors }) => element("tr", {}, element("th", { scope: "row" }, label),
        [mean(errors), deviation(errors), Math.min(...errors), Math.max(...errors)]
          .map((value) => element("td", {}, format.percent(value, 1))),
        element("td", {}, format.count(errors.length)))))));
}

function curveSeries(curves) {
  return kinds.flatMap(([pretrained, label, tone]) => {
    const mine = curves.filter((curve) => curve.pretrained === pretrained);
    const longest = Math.max(0, ...mine.map((curve) => curve.losses.length));
    const average = Array.from({ length: longest }, (_, epoch) =>
      [epoch + 1, mean(mine.map((curve) => curve.losses[epoch]).filter(Number.isFinite))]);
    return [
      ...mine.map((curve) => ({
        label, tone, thin: true, isQuiet: true, points: curve.losses.map((loss, epoch) => [epoch + 1, loss]),
      })),
      { label, tone, dashed: !pretrained, points: average.filter(([, loss]) => Number.isFinite(loss)) },
    ];
  });
}

/** Rows are classes, columns answers; counts of all draws together. Classes without a name are numbers. */
function confusionTable(results, names) {
  if (results.length === 0) return element("p", { class: "empty" }, "Not tested yet.");
  const classes = results[0].confusion.length;
  if (classes > mostClasses) return element("p", { class: "empty" }, `${classes} classes are too many to show.`);
  const sums = results[0].confusion.map((row, label) => row.map((_, answer) =>
    results.reduce((sum, result) => sum + (result.confusion[label]?.[answer] ?? 0), 0)));
  const titles = sums.map((_, index) => names[index] ?? String(index));
  return element("table", { class: "matrix" },
    element("caption", {},
      `Rows: what it is. Columns: the answer. ${format.counted(results.length, "draw")} together.`),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Class"),
      titles.map((title) => element("th", { scope: "col", title }, format.shortened(title, 12))),
      element("th", { scope: "col" }, "Wrong"))),
    element("tbody", {}, sums.map((row, label) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return element("tr", {}, element("th", { scope: "row", title: titles[label] }, format.shortened(titles[label], 30)),
        row.map((count, answer) => {
          const share = total > 0 ? count / total : 0;
          const heat = share === 0 ? 0 : Math.min(7, 1 + Math.floor(Math.sqrt(share) * 7));
          return element("td", { class: `${label === answer ? "right" : "wrong"} heat-${heat}` },
            count === 0 ? "·" : format.count(count));
        }),
        element("td", { class: "sum" }, format.percent(total > 0 ? 1 - row[label] / total : 0, 1)));
    })));
}
