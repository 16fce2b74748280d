import { element, scrollable, setAttribute, setHidden, setText, shape } from "./elements.js";
import * as format from "./format.js";

const mostTold = 200;

/**
 * Lines over rounds or epochs, in `unit`. `update` takes series `{label, tone, points: [[x, y, isOpen], ...]}`; a last
 * point that is open, of a round in progress, is hollow. `dashed` and `thin` draw lines so, `isQuiet` leaves them out
 * of legend and figures. Where y is summed over `values` values of a sample, it is told for one of them as well.
 */
export function lineChart({
  name, title, across, unit = "", show = format.figure, logarithmic = null, fromZero = false, base = 1,
}) {
  let given = [];
  let series = [];
  let isPerValue = false;
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
  const toggle = pressable("Log", `${title}: logarithmic scale`, isLogarithmic, (isOn) => {
    isLogarithmic = isOn;
    draw();
  });
  const division = pressable("Per value", `${title}: per value`, false, (isOn) => {
    isPerValue = isOn;
    redraw();
  });
  const legend = element("ul", { class: "legend" });
  const openWord = element("p", { class: "open-word" },
    shape("svg", { width: 12, height: 12, viewBox: "0 0 12 12", "aria-hidden": "true" },
      shape("circle", { class: "open", cx: 6, cy: 6, r: 4 })), "so far: this round is not complete");
  const table = scrollable(`${title}, as a table`);
  const details = element("details", { toggle: () => fillTable() }, element("summary", {}, "As a table"), table);
  const figure = element("section", { class: "chart", "data-chart": name, "data-points": 0 },
    element("div", { class: "line" }, element("h3", {}, title),
      element("span", { class: "toggles" }, division, logarithmic === null ? null : toggle)),
    field, legend, openWord, details);
  let layout = null;
  const observer = new ResizeObserver(() => draw());
  observer.observe(field);

  const told = () => series.filter((line) => !line.isQuiet);
  const drawable = (y) => Number.isFinite(y) && (!isLogarithmic || y > 0);
  const isSummed = (line) => line.values > 1;

  /** A figure with its units, and whether its round is still open. */
  function tell(line, y, isStillOpen) {
    const other = !isSummed(line) ? "" : isPerValue
      ? ` per value, ${show(y * line.values)} per sample` : ` per sample, ${show(y / line.values)} per value`;
    return `${show(y)}${other}${isStillOpen ? ", so far" : ""}`;
  }

  /** Takes what was given in the unit that was chosen. */
  function redraw() {
    series = given.map((line) => (!isPerValue || !isSummed(line) ? line
      : { ...line, points: line.points.map(([x, y, ...more]) => [x, y / line.values, ...more]) }));
    told().forEach((line, index) => setText(legend.children[index].lastChild, show(line.points.at(-1)[1])));
    draw();
    fillTable();
  }

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
      nodes.push(...axes(width, x, y, { across, unit: isPerValue ? "per value" : unit, show }),
        ...series.flatMap((line) => strokes(line, x, y, drawable)));
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
      return pair && drawable(pair[1]) ? [{ line, y: pair[1], isOpen: pair[2] }] : [];
    });
    setHidden(tip, found.length === 0);
    if (!marks) return;
    if (found.length === 0) return marks.replaceChildren();
    const left = layout.x.at(x);
    marks.replaceChildren(
      shape("path", { d: `M${left} ${edge.top}V${height - edge.bottom}` }),
      ...found.map(({ line, y }) =>
        shape("circle", { cx: left, cy: layout.y.at(y), r: 4, class: `tone-${line.tone}` })));
    tip.replaceChildren(element("strong", {}, `${across} ${format.count(x)}`), ...found.map(({ line, y, isOpen }) =>
      element("span", {}, swatch(line), `${line.label} `, element("b", {}, tell(line, y, isOpen)))));
    const isRight = left > layout.width / 2;
    tip.style.left = isRight ? "" : `${left + 12}px`;
    tip.style.right = isRight ? `${layout.width - left + 12}px` : "";
    setAttribute(field, "aria-valuenow", x);
    setAttribute(field, "aria-valuetext",
      `${across} ${x}: ${found.map(({ line, y, isOpen }) => `${line.label} ${tell(line, y, isOpen)}`).join(", ")}`);
  }

  function fillTable() {
    if (!details.open) return;
    const all = places();
    const rows = all.slice(-mostTold).reverse();
    const lines = given.filter((line) => !line.isQuiet).flatMap((line) => (!isSummed(line) ? [{ ...line, by: 1 }]
      : [["per sample", 1], ["per value", line.values]].map(([word, by]) =>
        ({ ...line, label: `${line.label}, ${word}`, by }))));
    const cells = lines.map((line) => new Map(line.points.map(([x, y, isStillOpen]) =>
      [x, `${show(y / line.by)}${isStillOpen ? ", so far" : ""}`])));
    table.replaceChildren(element("table", {},
      element("caption", {}, rows.length < all.length ? `The last ${rows.length} of ${all.length}` : title),
      element("thead", {}, element("tr", {},
        element("th", { scope: "col" }, across), lines.map((line) => element("th", { scope: "col" }, line.label)))),
      element("tbody", {}, rows.map((x) => element("tr", {}, element("th", { scope: "row" }, format.count(x)),
        cells.map((of) => element("td", {}, of.get(x) ?? format.nothing)))))));
  }

  return {
    element: figure,
    close: () => observer.disconnect(),
    update(next) {
      given = next.filter((line) => line.points.length > 0);
      series = given;
      const total = series.reduce((sum, line) => sum + line.points.length, 0);
      setAttribute(figure, "data-points", total);
      const open = told().filter((line) => line.points.at(-1)[2]).length;
      setAttribute(figure, "data-open", open);
      setHidden(openWord, open === 0);
      setHidden(division, !given.some(isSummed));
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
      redraw();
    },
  };

  function lastOf(line) {
    const [, y, isStillOpen] = line.points.at(-1);
    return `${line.label} ${tell(line, y, isStillOpen)}`;
  }
}

/** A button that stays pressed until it is pressed again; `changed` is told. */
function pressable(word, label, isOn, changed) {
  const button = element("button", {
    type: "button", class: "quiet toggle", "aria-pressed": String(isOn), "aria-label": label,
    click: () => {
      isOn = !isOn;
      setAttribute(button, "aria-pressed", isOn);
      changed(isOn);
    },
  }, word);
  return button;
}

export const height = 236;
export const edge = { left: 58, right: 14, top: 24, bottom: 34 };
const mostDrawn = 1000;

/** Lines and words of a chart's two axes. */
function axes(width, x, y, { across, unit, show }) {
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
    shape("text", { class: "across", x: width - edge.right, y: height - 3, "text-anchor": "end" }, across),
    shape("text", { class: "unit", x: 2, y: 11 }, unit));
  return nodes;
}

/** A line, and a dot at its end; where the last point is open the way there is dashed, and the dot hollow. */
function strokes(line, x, y, drawable) {
  const step = Math.ceil(line.points.length / mostDrawn);
  const points = line.points.filter((pair, index) =>
    drawable(pair[1]) && (index % step === 0 || index >= line.points.length - 2));
  if (points.length === 0) return [];
  const places = points.map(([a, b]) => `${x.at(a).toFixed(1)} ${y.at(b).toFixed(1)}`);
  const isOpen = points.at(-1)[2] === true;
  const tone = `tone-${line.tone}`;
  const path = (along, look) => along.length === 0 ? null
    : shape("path", { class: `series ${tone}${look}`, d: `M${along.join("L")}` });
  const [endX, endY] = points.at(-1);
  return [
    path(isOpen ? places.slice(0, -1) : places, (line.dashed ? " dashed" : "") + (line.thin ? " thin" : "")),
    isOpen ? path(places.slice(-2), " dashed") : null,
    line.thin ? null : shape("circle", {
      cx: x.at(endX), cy: y.at(endY), r: isOpen ? 4 : 3, class: isOpen ? `${tone} open` : tone,
    }),
  ].filter(Boolean);
}

/** A short piece of a line, for legends. */
function swatch(line) {
  const look = `series tone-${line.tone}${line.dashed ? " dashed" : ""}`;
  return shape("svg", { width: 18, height: 10, viewBox: "0 0 18 10", "aria-hidden": "true" },
    shape("path", { class: look, d: "M1 5H17" }));
}

/** Round numbers from `low` to `high`, about `wanted` of them. */
function linearTicks(low, high, wanted) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : Number(tick.toPrecision(12)));
  }
  return ticks;
}

/** The same for logarithms: powers of ten, with 2 and 5 times where there are few. */
function logarithmicTicks(low, high) {
  const decades = Math.log10(high / low);
  const factors = decades > 3 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  const sparse = Math.ceil(ticks.length / 7);
  return ticks.filter((_, index) => index % sparse === 0);
}

/** Maps values to pixels. With `isLogarithmic` all must be above zero; bytes are round in powers of `base` 1024. */
function makeScale(values, from, to, { isLogarithmic = false, base = 1 } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (isLogarithmic) {
    if (high / low < 1.2) [low, high] = [low / 1.1, high * 1.1];
    const share = (value) => Math.log(value / low) / Math.log(high / low);
    return { low, high, at: (value) => from + share(value) * (to - from), ticks: () => logarithmicTicks(low, high) };
  }
  if (high === low) [low, high] = [low - Math.abs(low || 1) * 0.05, high + Math.abs(high || 1) * 0.05];
  const unit = base > 1 && high >= base ? base ** Math.floor(Math.log(high) / Math.log(base)) : 1;
  return {
    low, high,
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: (wanted) => linearTicks(low / unit, high / unit, wanted).map((tick) => tick * unit),
  };
}
