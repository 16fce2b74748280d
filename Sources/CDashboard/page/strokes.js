import { shape } from "./elements.js";
import * as format from "./format.js";

export const height = 236;
export const edge = { left: 58, right: 14, top: 24, bottom: 34 };
const mostDrawn = 1000;

/** Lines and words of a chart's two axes. */
export function axes(width, x, y, { across, unit, show }) {
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
export function strokes(line, x, y, drawable) {
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
export function swatch(line) {
  const look = `series tone-${line.tone}${line.dashed ? " dashed" : ""}`;
  return shape("svg", { width: 18, height: 10, viewBox: "0 0 18 10", "aria-hidden": "true" },
    shape("path", { class: look, d: "M1 5H17" }));
}
