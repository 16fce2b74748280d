import { codeMapFigure } from "./codes.js";
import { element, setAttribute, setHidden } from "./elements.js";
import * as format from "./format.js";
import { livePicture } from "./pictures.js";
import { ask, runPath } from "./requests.js";
import { outputsOf } from "./state.js";

/** What the layers have learnt: filters, reconstructions, a map of the codes, mistakes. */
export function learntView(id) {
  let stage = null;
  let names = "";
  let last = null;
  const select = element("select", {
    id: "stage", change: () => {
      stage = select.value === "" ? null : Number(select.value);
      update(...last);
    },
  });
  const filters = livePicture(id, "filters", "Filters: what each unit of the layer adds to a sample");
  const reconstructions = livePicture(id, "reconstructions", "Held-out samples above what the network makes of them");
  const mistakesPicture = livePicture(id, "mistakes", "Test samples the classifier gets wrong; the table lists them");
  const map = codeMapFigure();
  const mistakesWord = element("p", { class: "empty" }, "No classifier has been tested yet.");
  const mistakesTable = element("div", {
    class: "scroll tall", tabindex: 0, role: "region", "aria-label": "List of mistakes", hidden: true,
  });
  const codes = fetched(`${runPath(id)}/codes`, (answer) =>
    map.update(answer, last[0].stages[answer.stage]?.name ?? `stage ${answer.stage + 1}`));
  const mistakes = fetched(`${runPath(id)}/mistakes`, (answer) => {
    setHidden(mistakesWord, true);
    setHidden(mistakesTable, false);
    setHidden(mistakesPicture.element, !answer.hasPicture);
    mistakesTable.replaceChildren(tableOf(answer));
    hasPicture = answer.hasPicture;
    update(...last);
  });
  let hasPicture = false;
  setHidden(mistakesPicture.element, true);

  const section = (key, title, hint, ...children) =>
    element("section", { "aria-labelledby": key, class: "learnt" },
      element("h2", { id: key }, title), element("p", { class: "hint" }, hint), children);
  const view = element("div", {},
    element("p", { class: "pick" }, element("label", { for: "stage" }, "Stage"), select),
    section("filters-title", "Filters", "What each unit adds to a sample: a tile a unit.", filters.element),
    section("reconstructions-title", "Reconstructions", "Samples that nobody trained on, above what comes back.",
      reconstructions.element),
    section("codes-title", "Map of codes", "Samples that the code takes for alike lie close together.", map.element),
    section("mistakes-title", "Mistakes", "Test samples the classifier is most sure of, and wrong.",
      element("div", { class: "beside" }, mistakesPicture.element, mistakesWord, mistakesTable)));

  function showStages(run, changes) {
    const offered = run.stages.flatMap((status, index) => {
      const isDrawn = changes.stack.some((layer) => layer.stages.includes(index));
      const hasWeights = status.state === "finished" || (status.state === "running" && status.round > 1);
      return isDrawn && hasWeights ? [[index, status.name]] : [];
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
    showStages(run, changes);
    setAttribute(view, "data-pictures", changes.pictures);
    filters.update(changes.pictures, stage);
    // Samples are gone where a run came to nothing, and some are no pictures.
    const hasSamples = run.state !== "failed" && run.state !== "cancelled";
    const isImage = changes.stack[0]?.input.length === 3;
    reconstructions.update(hasSamples && isImage ? changes.pictures : undefined, stage);
    if (hasSamples) codes.want(changes.pictures);
    if (changes.results.some((result) => outputsOf(changes, result.stage).tables.length > 0)) mistakes.want(changes.pictures);
    if (hasPicture) mistakesPicture.update(changes.pictures, null);
  }

  return { element: view, close: map.close, recolour: map.recolour, update };
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
