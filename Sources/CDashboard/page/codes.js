import { element, reconcile, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { colour } from "./theme.js";

const height = 380;
const margin = 14;

/** Samples as dots where the code puts them, coloured by class; a class can be picked out. */
export function codeMapFigure() {
  let map = null;
  let picked = null;
  let labels = [];
  const cache = new Map();
  const title = (label) => map.classNames?.[label] ?? String(label);
  const canvas = element("canvas", { height, role: "img", "aria-label": "Map of codes: nothing to draw yet" });
  const legend = element("ul", { class: "classes" });
  const caption = element("p", { class: "hint" });
  const word = element("p", { class: "empty" }, "Nothing to draw yet.");
  const field = element("div", { class: "map", hidden: true }, canvas);
  const figure = element("div", { "data-chart": "codes", "data-points": 0 }, word, field, legend, caption);
  const observer = new ResizeObserver(() => draw());
  observer.observe(field);

  function draw() {
    const width = field.clientWidth;
    if (!map || !width) return;
    const density = devicePixelRatio || 1;
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    const context = canvas.getContext("2d");
    context.scale(density, density);
    const [x, y] = [spread(map.points.map((point) => point.x), margin, width - margin),
      spread(map.points.map((point) => point.y), height - margin, margin)];
    for (const isOnTop of picked === null ? [true] : [false, true]) {
      for (const { x: a, y: b, label } of map.points) {
        if (picked !== null && (label === picked) !== isOnTop) continue;
        context.globalAlpha = isOnTop ? 0.75 : 0.12;
        context.fillStyle = label === undefined ? colour("--accent") : shade(label, labels);
        context.beginPath();
        context.arc(x(a), y(b), 3, 0, 7);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    for (const label of labels) {
      if (picked === null || picked === label) writeLabel(context, label, format.shortened(title(label), 12), map.points, x, y);
    }
  }

  function showLegend() {
    setHidden(legend, labels.length === 0);
    reconcile(legend, cache, labels, (label) => label, (label) => {
      const dot = element("span", { class: "dot" });
      const name = element("span", {});
      const button = element("button", {
        type: "button", class: "quiet", "aria-pressed": "false", click: () => {
          picked = picked === label ? null : label;
          showLegend();
          draw();
        },
      }, dot, name);
      return { element: element("li", {}, button), button, dot, name };
    }, (row, label) => {
      setText(row.name, `Class ${format.shortened(title(label), 30)}`);
      row.dot.style.backgroundColor = shade(label, labels);
      setAttribute(row.button, "aria-pressed", picked === label);
    });
  }

  return {
    element: figure,
    close: () => observer.disconnect(),
    recolour: draw,
    /** Takes a `CodeMap` and the name of its stage. */
    update(next, stage) {
      map = next;
      setHidden(word, true);
      setHidden(field, false);
      labels = [...new Set(map.points.map((point) => point.label))].filter((label) => label !== undefined)
        .sort((a, b) => a - b);
      if (!labels.includes(picked)) picked = null;
      setAttribute(figure, "data-points", map.points.length);
      const [first, second] = map.variance;
      const text = `${format.counted(map.points.length, "sample")} by the code of ${stage}. The first two principal `
        + `components hold ${format.percent(first, 1)} and ${format.percent(second, 1)} of its variance.`;
      setText(caption, text);
      setAttribute(canvas, "aria-label", `Map of codes: ${text}`);
      showLegend();
      draw();
    },
  };
}

function spread(values, from, to) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

/** Hues far apart; every second one lighter. */
function shade(label, labels) {
  const index = labels.indexOf(label);
  const hue = (index * 360) / labels.length + 12;
  return `hsl(${hue.toFixed(0)} 58% ${index % 2 ? 58 : 44}%)`;
}

/** A class's name where its samples are, so that nobody has to tell ten colours apart. */
function writeLabel(context, label, title, points, x, y) {
  const mine = points.filter((point) => point.label === label);
  const middle = (read) => mine.reduce((sum, point) => sum + read(point), 0) / mine.length;
  context.font = "600 17px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = colour("--surface");
  context.fillStyle = colour("--ink");
  const place = [title, x(middle((point) => point.x)), y(middle((point) => point.y))];
  context.strokeText(...place);
  context.fillText(...place);
}
