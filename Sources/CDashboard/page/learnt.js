import { codeMapFigure } from "./codes.js";
import { element, setAttribute, setHidden } from "./elements.js";
import * as format from "./format.js";
import { livePicture } from "./pictures.js";
import { ask, runPath } from "./requests.js";
import { outputsOf } from "./state.js";

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
  const table = element("div", {
    class: "scroll tall", tabindex: 0, role: "region", "aria-label": "List of mistakes", hidden: true,
  });
  let version = null;
  const mistakes = fetched(`${runPath(id)}/mistakes`, (answer) => {
    setHidden(word, true);
    setHidden(table, false);
    setHidden(picture.element, !answer.hasPicture);
    table.replaceChildren(tableOf(answer));
    if (answer.hasPicture) picture.update(version, null);
  });
  setHidden(picture.element, true);
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
