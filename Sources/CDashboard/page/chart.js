import { element, setAttribute, setHidden, setText, shape } from "./elements.js";
import * as format from "./format.js";
import { makeScale } from "./scale.js";

const height = 230;
const edge = { left: 58, right: 14, top: 12, bottom: 34 };
const mostDrawn = 1000;
const mostTold = 200;

/**
 * Lines over rounds or epochs. `update` takes series `{label, tone, points: [[x, y], ...]}`; `dashed` and `thin` draw
 * them so, `isQuiet` leaves them out of legend and figures.
 */
export function lineChart({
  name, title, across, show = format.figure, logarithmic = null, fromZero = false, base = 1,
}) {
  let series = [];
  let cursor = null;
  let isLogarithmic = logarithmic === true;
  let key = "";
  const plot = shape("svg", { class: "plot", "aria-hidden": "true", height });
  const tip = element("div", { class: "tip", hidden: true });
  const field = element("div", {
    class: "field", role: "slider", tabindex: 0, "aria-label": `${title}: ${across}`,
    "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0, "aria-valuetext": "No figures yet",
    pointermove: (event) => point(event.clientX), pointerdown: (event) => point(event.clientX),
    pointerleave: () => choose(null), keydown: move, blur: () => choose(null),
  }, plot, tip);
  const toggle = element("button", {
    type: "button", class: "quiet toggle", "aria-pressed": String(isLogarithmic),
    click: () => {
      isLogarithmic = !isLogarithmic;
      setAttribute(toggle, "aria-pressed", isLogarithmic);
      draw();
    },
  }, "Log");
  toggle.setAttribute("aria-label", `${title}: logarithmic scale`);
  const legend = element("ul", { class: "legend" });
  const table = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${title}, as a table` });
  const details = element("details", { toggle: () => fillTable() }, element("summary", {}, "As a table"), table);
  const figure = element("section", { class: "chart", "data-chart": name, "data-points": 0 },
    element("div", { class: "line" }, element("h3", {}, title), logarithmic === null ? null : toggle),
    field, legend, details);
  let layout = null;
  const observer = new ResizeObserver(() => draw());
  observer.observe(field);

  const told = () => series.filter((line) => !line.isQuiet);
  const drawable = (y) => Number.isFinite(y) && (!isLogarithmic || y > 0);

  function draw() {
    const width = field.clientWidth;
    if (!width) return;
    const xs = series.flatMap((line) => line.points.map(([x]) => x));
    const ys = series.flatMap((line) => line.points.map(([, y]) => y).filter(drawable));
    const nodes = [];
    layout = null;
    if (ys.length > 0) {
      if (fromZero && !isLogarithmic) ys.push(0);
      const x = makeScale(xs, edge.left, width - edge.right);
      const y = makeScale(ys, height - edge.bottom, edge.top, { isLogarithmic, base });
      layout = { width, x, y };
      nodes.push(...axes(width, x, y, across, show), ...series.flatMap((line) => strokes(line, x, y, drawable)));
    } else {
      const middle = { x: width / 2, y: height / 2, class: "none", "text-anchor": "middle" };
      nodes.push(shape("text", middle, "No figures yet"));
    }
    setAttribute(plot, "width", width);
    plot.replaceChildren(...nodes, shape("g", { class: "cursor" }));
    choose(cursor);
  }

  /** All x where something is told, in their order. */
  function places() {
    return [...new Set(told().flatMap((line) => line.points.map(([x]) => x)))].sort((a, b) => a - b);
  }

  function point(clientX) {
    if (!layout) return;
    const x = clientX - field.getBoundingClientRect().left;
    let best = null;
    for (const place of places()) {
      if (best === null || Math.abs(layout.x.at(place) - x) < Math.abs(layout.x.at(best) - x)) best = place;
    }
    choose(best);
  }

  function move(event) {
    const all = places();
    const at = cursor === null ? all.length - 1 : all.indexOf(cursor);
    const next = {
      ArrowLeft: cursor === null ? at : at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
      PageUp: at + 10, PageDown: at - 10, Home: 0, End: all.length - 1,
    }[event.key];
    if (event.key === "Escape") return choose(null);
    if (next === undefined || all.length === 0) return;
    event.preventDefault();
    choose(all[Math.min(all.length - 1, Math.max(0, next))]);
  }

  function choose(x) {
    cursor = x;
    const marks = plot.querySelector(".cursor");
    const found = x === null || !layout ? [] : told().flatMap((line) => {
      const pair = line.points.find(([place]) => place === x);
      return pair && drawable(pair[1]) ? [{ line, y: pair[1] }] : [];
    });
    setHidden(tip, found.length === 0);
    if (!marks) return;
    if (found.length === 0) return marks.replaceChildren();
    const left = layout.x.at(x);
    marks.replaceChildren(
      shape("path", { d: `M${left} ${edge.top}V${height - edge.bottom}` }),
      ...found.map(({ line, y }) =>
        shape("circle", { cx: left, cy: layout.y.at(y), r: 4, class: `tone-${line.tone}` })));
    tip.replaceChildren(element("strong", {}, `${across} ${format.count(x)}`), ...found.map(({ line, y }) =>
      element("span", {}, swatch(line), `${line.label} `, element("b", {}, show(y)))));
    const isRight = left > layout.width / 2;
    tip.style.left = isRight ? "" : `${left + 12}px`;
    tip.style.right = isRight ? `${layout.width - left + 12}px` : "";
    setAttribute(field, "aria-valuenow", x);
    setAttribute(field, "aria-valuetext",
      `${across} ${x}: ${found.map(({ line, y }) => `${line.label} ${show(y)}`).join(", ")}`);
  }

  function fillTable() {
    if (!details.open) return;
    const all = places();
    const rows = all.slice(-mostTold).reverse();
    const lines = told();
    const values = lines.map((line) => new Map(line.points));
    table.replaceChildren(element("table", {},
      element("caption", {}, rows.length < all.length ? `The last ${rows.length} of ${all.length}` : title),
      element("thead", {}, element("tr", {},
        element("th", { scope: "col" }, across), lines.map((line) => element("th", { scope: "col" }, line.label)))),
      element("tbody", {}, rows.map((x) => element("tr", {}, element("th", { scope: "row" }, format.count(x)),
        values.map((of) => element("td", {}, show(of.get(x)))))))));
  }

  return {
    element: figure,
    close: () => observer.disconnect(),
    update(next) {
      series = next.filter((line) => line.points.length > 0);
      const total = series.reduce((sum, line) => sum + line.points.length, 0);
      setAttribute(figure, "data-points", total);
      const all = places();
      setAttribute(field, "aria-valuemin", all[0] ?? 0);
      setAttribute(field, "aria-valuemax", all.at(-1) ?? 0);
      if (cursor === null) {
        setAttribute(field, "aria-valuenow", all.at(-1) ?? 0);
        setAttribute(field, "aria-valuetext", all.length > 0 ? `${told().map(lastOf).join(", ")}` : "No figures yet");
      }
      const newKey = told().map((line) => line.label).join("\n");
      if (newKey !== key) {
        key = newKey;
        legend.replaceChildren(...told().map((line) => element("li", {}, swatch(line), element("span", {}, line.label),
          element("b"))));
      }
      told().forEach((line, index) => setText(legend.children[index].lastChild, show(line.points.at(-1)[1])));
      draw();
      fillTable();
    },
  };

  function lastOf(line) {
    return `${line.label} ${show(line.points.at(-1)[1])}`;
  }
}

function axes(width, x, y, across, show) {
  const nodes = [];
  for (const tick of y.ticks(4)) {
    const at = y.at(tick);
    nodes.push(shape("path", { class: "grid", d: `M${edge.left} ${at}H${width - edge.right}` }),
      shape("text", { x: edge.left - 8, y: at + 4, "text-anchor": "end" }, show(tick)));
  }
  for (const tick of x.ticks(Math.max(2, Math.floor(width / 90)))) {
    if (!Number.isInteger(tick)) continue;
    nodes.push(shape("text", { x: x.at(tick), y: height - edge.bottom + 17, "text-anchor": "middle" },
      format.count(tick)));
  }
  nodes.push(shape("path", { class: "axis", d: `M${edge.left} ${height - edge.bottom}H${width - edge.right}` }),
    shape("text", { class: "across", x: width - edge.right, y: height - 3, "text-anchor": "end" }, across));
  return nodes;
}

/** A line, and a dot at its end. */
function strokes(line, x, y, drawable) {
  const step = Math.ceil(line.points.length / mostDrawn);
  const points = line.points.filter((pair, index) =>
    drawable(pair[1]) && (index % step === 0 || index === line.points.length - 1));
  if (points.length === 0) return [];
  const path = points.map(([a, b]) => `${x.at(a).toFixed(1)} ${y.at(b).toFixed(1)}`).join("L");
  const look = `series tone-${line.tone}${line.dashed ? " dashed" : ""}${line.thin ? " thin" : ""}`;
  const [endX, endY] = points.at(-1);
  const end = line.thin ? [] : [shape("circle", { cx: x.at(endX), cy: y.at(endY), r: 3, class: `tone-${line.tone}` })];
  return [shape("path", { class: look, d: `M${path}` }), ...end];
}

function swatch(line) {
  const look = `series tone-${line.tone}${line.dashed ? " dashed" : ""}`;
  return shape("svg", { width: 18, height: 10, viewBox: "0 0 18 10", "aria-hidden": "true" },
    shape("path", { class: look, d: "M1 5H17" }));
}
