import { element, setAttribute, setHidden, setText, shape } from "./elements.js";
import * as format from "./format.js";
import { progressOf } from "./state.js";

const width = 260;
const inset = 1.5;
const foot = 10;

/** The layers as the stones of a cairn: as wide as their code is large, filling up while they are trained. */
export function stackFigure() {
  const list = element("ol", { class: "stones", reversed: true });
  const drawing = shape("svg", { class: "cairn", "aria-hidden": "true", preserveAspectRatio: "none" });
  const ground = element("p", { class: "ground" });
  const figure = element("div", { class: "stack" }, drawing, list, ground);
  let stones = [];
  let drawn = "";

  function build(items, samples) {
    const largest = Math.max(...items.map((item) => item.numbers), 1);
    const shapes = items.map((item) => measured(item, largest));
    const total = shapes.reduce((sum, { height }) => sum + height, foot);
    setAttribute(drawing, "viewBox", `0 0 ${width} ${total}`);
    drawing.style.height = `${total}px`;
    let top = total - foot;
    stones = items.map((item, index) => {
      top -= shapes[index].height;
      return makeStone(item, index, { ...shapes[index], top });
    });
    drawing.replaceChildren(
      shape("path", { class: "earth", d: `M4 ${total - foot + 1}H${width - 4}` }),
      ...stones.map((stone) => stone.drawing));
    list.replaceChildren(...stones.map((stone) => stone.label).reverse());
    setText(ground, samples);
  }

  return {
    element: figure,
    update(run, { network, outputs }) {
      const items = itemsOf(run, network, outputs);
      setHidden(figure, items.length === 0);
      const key = JSON.stringify(items.map(({ title, numbers }) => [title, numbers]));
      if (key !== drawn) {
        drawn = key;
        build(items, network ? samplesOf(network) : "samples");
      }
      items.forEach((item, index) => stones[index].update(item, run.stages));
    },
  };
}

/** What goes in, with the shape of one sample. */
function samplesOf({ graph, shapes }) {
  const inputs = graph.inputs.map((input, index) => `${input.field} · ${format.size(shapes[index])}`);
  return inputs.join(", ");
}

/** The nodes that have parameters, from the samples upwards, and what is put on top of them. */
function itemsOf(run, network, outputs) {
  const items = network ? nodesOf(run, network) : [];
  run.stages.forEach((stage, index) => {
    const { text, trains } = outputs[index] ?? {};
    if (!text) return;
    items.push({ title: stage.name, detail: text, numbers: trains ? 10 : 3, stages: [index], isPebble: true });
  });
  return items;
}

/** A node is called by the stage that trains it first, where that trains no other one first. */
function nodesOf(run, { graph, shapes, stages }) {
  const shown = graph.nodes.flatMap((node, index) => (node.parameters.length > 0 ? [index] : []));
  return shown.map((index) => {
    const [first] = stages[index];
    const isAlone = shown.every((other) => other === index || stages[other][0] !== first);
    const shape = resultOf(graph, shapes, graph.inputs.length + index);
    return {
      title: (isAlone && run.stages[first]?.name) || graph.nodes[index].name,
      detail: describe(graph.nodes[index], shape),
      numbers: shape.reduce((product, number) => product * number, 1),
      stages: stages[index],
    };
  });
}

/** A value's shape, behind the pooling where one follows. */
function resultOf(graph, shapes, value) {
  const pooling = graph.nodes.findIndex((node) => node.operation.maxPool && node.inputs[0] === value);
  return shapes[pooling < 0 ? value : graph.inputs.length + pooling];
}

function describe(node, shape) {
  const { _0: operation, activation } = node.operation.linear ?? {};
  const kernel = Object.values(operation ?? {})[0]?.kernel;
  const result = shape.length > 1 ? format.size(shape) : `${format.count(shape[0])} units`;
  return [kernel ? `${kernel} × ${kernel} window` : null, result, activation].filter(Boolean).join(" · ");
}

/** The words for an item, and what its stone shows: waiting, current, finished. */
function shownOf(item, stages) {
  const mine = item.stages.map((index) => stages[index]).filter(Boolean);
  const running = mine.find((stage) => stage.state === "running");
  if (running) {
    const share = progressOf(running);
    const round = running.rounds > 1 ? `round ${running.round} of ${running.rounds}` : format.percent(share);
    const isTogether = item.stages.length > 1 && running !== mine[0];
    return {
      state: isTogether ? "together" : "current", share: isTogether ? 1 : share,
      words: isTogether ? `with all layers, ${round}` : round,
    };
  }
  const isBegun = mine.some((stage) => stage.state === "finished");
  const state = isBegun ? "finished" : "waiting";
  return { state, share: isBegun ? 1 : 0, words: state };
}

/** Areas, not widths, go with numbers; even a pebble can be seen. */
function measured(item, largest) {
  const share = Math.min(1, Math.max(item.isPebble ? 0.29 : 0.34, Math.sqrt(item.numbers / largest)));
  return { wide: (width - 12) * share, height: item.isPebble ? 40 : 44 + Math.round(14 * share) };
}

function makeStone(item, index, { wide, height, top }) {
  const outline = stonePath(index, wide, height, top);
  const clip = `stone-${index}`;
  const water = shape("rect", { class: "water", x: 0, y: top, width, height, "clip-path": `url(#${clip})` });
  const drawing = shape("g", { class: "stone" },
    shape("clipPath", { id: clip }, shape("path", { d: outline })),
    shape("path", { class: "body", d: outline }), water, shape("path", { class: "edge", d: outline }));
  const words = element("span", { class: "words" });
  const label = element("li", {},
    element("span", { class: "name" }, item.title), words, element("span", { class: "detail" }, item.detail));
  label.style.height = `${height}px`;
  return {
    drawing,
    label,
    update(current, stages) {
      const progress = shownOf(current, stages);
      setAttribute(drawing, "data-state", progress.state);
      setAttribute(label, "data-state", progress.state);
      setText(words, progress.words);
      const filled = Math.round(progress.share * height * 10) / 10;
      setAttribute(water, "y", top + height - filled);
      setAttribute(water, "height", filled);
    },
  };
}

/** All stages of a run as a small cairn, for lists. */
export function smallCairn() {
  const drawing = shape("svg", { class: "small cairn", "aria-hidden": "true", viewBox: "0 0 48 60" });
  let drawn = "";
  return {
    element: drawing,
    update({ stages }) {
      const key = stages.map((stage) => stage.state).join();
      if (key === drawn) return;
      drawn = key;
      const tall = Math.min(13, 56 / Math.max(1, stages.length));
      drawing.replaceChildren(...stages.map((stage, index) => {
        const wide = 44 - (index / Math.max(4, stages.length)) * 34;
        const state = stage.state === "running" ? "together" : stage.state;
        return shape("g", { class: "stone", "data-state": state }, ["body", "edge"].map((part) => shape("rect", {
          class: part, x: 24 - wide / 2 + ((index * 7) % 3 - 1), y: 58 - (index + 1) * tall, width: wide,
          height: tall - 1.5, rx: Math.min(wide / 2.2, 8), ry: tall / 2,
        })));
      }));
    },
  };
}

/** A stone that lies: flat below, rounder above, and no two alike. */
function stonePath(index, wide, height, top) {
  const chance = (salt) => ((Math.sin((index + 1) * 12.9898 + salt * 78.233) * 43758.5453) % 1 + 1) % 1;
  const shift = (chance(1) - 0.5) * Math.min(14, width - wide);
  const left = (width - wide) / 2 + shift;
  const right = left + wide;
  const up = top + inset + 1 + chance(2) * 3;
  const down = top + height - inset;
  const middle = down - height * (0.36 + chance(3) * 0.16);
  const shoulder = Math.min(0.32 * wide, 52) * (0.75 + chance(4) * 0.5);
  const other = Math.min(0.32 * wide, 56) * (0.75 + chance(5) * 0.5);
  const tilt = (chance(6) - 0.5) * 4;
  const point = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${point(left, middle)}`
    + `C${point(left, up + 6)} ${point(left + shoulder * 0.4, up + tilt)} ${point(left + shoulder * 1.2, up + tilt)}`
    + `C${point(left + wide * 0.55, up + tilt)} ${point(right - wide * 0.5, up)} ${point(right - other * 1.1, up)}`
    + `C${point(right - other * 0.3, up)} ${point(right, up + 8)} ${point(right, middle + 4)}`
    + `C${point(right, down - 3)} ${point(right - other * 0.6, down)} ${point(right - other * 1.2, down)}`
    + `L${point(left + shoulder * 1.2, down)}`
    + `C${point(left + shoulder * 0.4, down)} ${point(left, down - 5)} ${point(left, middle)}Z`;
}
