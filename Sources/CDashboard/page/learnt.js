import { element, reconcile, scrollable, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { ask, runPath } from "./requests.js";
import { outputsOf } from "./state.js";
import { colour } from "./theme.js";

/** What the run has learnt: a section for each of its views. */
export function learntView(id) {
  let stage = null;
  let names = "";
  let drawn = "";
  let sections = [];
  let last = null;
  const select = element("select", {
    id: "stage", change: () => {
      stage = select.value === "" ? null : Number(select.value);
      update(...last);
    },
  });
  const pick = element("p", { class: "pick" }, element("label", { for: "stage" }, "Stage"), select);
  const list = element("div", {});
  const view = element("div", {}, pick, list);
  const makers = { picture: pictureView, map: mapView, mistakes: mistakesView };

  function build(views) {
    const key = JSON.stringify(views);
    if (key === drawn) return;
    drawn = key;
    sections.forEach((section) => section.close?.());
    sections = views.map((description) => ({ ...makers[description.form](id, description), description }));
    list.replaceChildren(...sections.map(({ description: { name, title, text }, content }) =>
      element("section", { "aria-labelledby": `${name}-title`, class: "learnt" },
        element("h2", { id: `${name}-title` }, title), element("p", { class: "hint" }, text), content)));
    setHidden(pick, views.every(({ stages }) => stages.length === 0));
  }

  function showStages(run, views) {
    const drawable = new Set(views.flatMap(({ stages }) => stages));
    const offered = run.stages.flatMap((status, index) => {
      const hasWeights = status.state === "finished" || (status.state === "running" && status.round > 1);
      return drawable.has(index) && hasWeights ? [[index, status.name]] : [];
    });
    const key = JSON.stringify(offered);
    if (key === names) return;
    names = key;
    select.replaceChildren(element("option", { value: "" }, "the latest"),
      ...offered.map(([index, name]) => element("option", { value: index }, name)));
    select.value = stage === null ? "" : String(stage);
  }

  function update(run, changes, all) {
    last = [run, changes, all];
    if (!changes) return;
    build(changes.views);
    showStages(run, changes.views);
    setAttribute(view, "data-pictures", changes.pictures);
    // Samples are gone where a run came to nothing.
    const hasSamples = run.state !== "failed" && run.state !== "cancelled";
    for (const section of sections) {
      section.update(run, changes, hasSamples || !section.description.needsSamples ? changes.pictures : undefined,
        stage);
    }
  }

  return {
    element: view,
    close: () => sections.forEach((section) => section.close?.()),
    recolour: () => sections.forEach((section) => section.recolour?.()),
    update,
  };
}

function pictureView(id, { name, title, text, stages }) {
  const picture = livePicture(id, name, `${title}: ${text}`);
  return {
    content: picture.element,
    update: (run, changes, version, stage) => picture.update(version, stages.length > 0 ? stage : null),
  };
}

function mapView(id) {
  const map = codeMapFigure();
  let stages = [];
  const codes = fetched(`${runPath(id)}/codes`, (answer) =>
    map.update(answer, stages[answer.stage]?.name ?? `stage ${answer.stage + 1}`));
  return {
    content: map.element,
    close: map.close,
    recolour: map.recolour,
    update(run, changes, version) {
      stages = run.stages;
      if (version) codes.want(version);
    },
  };
}

function mistakesView(id, { name, title, text }) {
  const picture = livePicture(id, name, `${title}: ${text} The table lists them.`);
  const word = element("p", { class: "empty" }, "Nothing has been tested yet.");
  const table = scrollable("List of mistakes");
  table.classList.add("tall");
  let version = null;
  const mistakes = fetched(`${runPath(id)}/mistakes`, (answer) => {
    setHidden(word, true);
    setHidden(table, false);
    setHidden(picture.element, !answer.hasPicture);
    table.replaceChildren(tableOf(answer));
    if (answer.hasPicture) picture.update(version, null);
  });
  setHidden(picture.element, true);
  setHidden(table, true);
  return {
    content: element("div", { class: "beside" }, picture.element, word, table),
    update(run, changes, wanted) {
      version = wanted;
      const isTested = changes.results.some((result) => outputsOf(changes, result.stage).tables.length > 0);
      if (isTested && version) mistakes.want(version);
    },
  };
}

/** Asks `path` whenever there is another version, one question at a time. */
function fetched(path, told) {
  let wanted = null;
  let known = null;
  let isAsking = false;
  async function load() {
    if (isAsking || !wanted || wanted === known) return;
    isAsking = true;
    const version = wanted;
    try {
      told(await ask(path));
    } catch {
      // Nothing to show of this version: the next one is asked for again.
    }
    known = version;
    isAsking = false;
    load();
  }
  return {
    want(version) {
      wanted = version;
      load();
    },
  };
}

function tableOf({ mistakes, columns, classNames = [] }) {
  const title = (label) => format.shortened(classNames[label] ?? String(label), 30);
  return element("table", {},
    element("caption", {}, columns > 1 ? `In the picture's order, ${columns} in a row` : "The most confident first"),
    element("thead", {}, element("tr", {},
      ["", "Sample", "It is", "Answer", "Confidence"].map((name) =>
        (name ? element("th", { scope: "col" }, name) : element("th", { scope: "col" },
          element("span", { class: "unseen" }, "Place")))))),
    element("tbody", {}, mistakes.map((mistake, index) => element("tr", {},
      element("th", { scope: "row" }, String(index + 1)), element("td", {}, format.count(mistake.sample)),
      element("td", {}, title(mistake.label)), element("td", {}, title(mistake.answer)),
      element("td", {}, format.percent(mistake.confidence, 1))))));
}

/**
 * A picture of the run that is drawn anew now and then. The old one stays until the new one is there, and no second one
 * is asked for meanwhile.
 */
function livePicture(run, kind, description) {
  const word = element("p", { class: "empty" }, "Nothing to draw yet.");
  const frame = element("div", { class: "picture", "data-picture": kind }, word);
  let wanted = null;
  let shown = null;
  let isLoading = false;

  function load() {
    if (isLoading || wanted === null || wanted === shown) return;
    isLoading = true;
    const address = wanted;
    const image = element("img", { alt: description, decoding: "async" });
    const ended = (isThere) => {
      isLoading = false;
      shown = address;
      if (isThere) frame.querySelector("img")?.remove();
      if (isThere) frame.append(image);
      setHidden(word, frame.querySelector("img") !== null);
      load();
    };
    image.addEventListener("load", () => ended(true));
    image.addEventListener("error", () => ended(false));
    image.src = address;
  }

  return {
    element: frame,
    /** `version` is what the pictures show, nil while there is nothing; `stage` nil: the last one that has weights. */
    update(version, stage) {
      if (!version) return setText(word, "Nothing to draw yet.");
      const query = new URLSearchParams(stage === null ? {} : { stage });
      query.set("v", version);
      const address = `${runPath(run)}/pictures/${kind}?${query}`;
      if (stageOf(address) !== stageOf(wanted)) {
        frame.querySelector("img")?.remove();
        setHidden(word, false);
        setText(word, "Drawing.");
      }
      wanted = address;
      load();
      if (!isLoading && shown === wanted && !frame.querySelector("img")) setText(word, "Nothing to draw yet.");
    },
  };
}

const stageOf = (address) => address && new URL(address, location.href).searchParams.get("stage");

const height = 380;
const margin = 14;

/** Samples as dots where the code puts them, coloured by class; a class can be picked out. */
function codeMapFigure() {
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
