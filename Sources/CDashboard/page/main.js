import { setUpCancelling, setUpNewRun, setUpSigningIn } from "./dialogs.js";
import { badge, byId, element, setHidden, setText } from "./elements.js";
import { eventsView } from "./events.js";
import { learntView } from "./learnt.js";
import { makeListener } from "./live.js";
import { runView } from "./run.js";
import { runsView } from "./runs.js";
import { makeState, merge } from "./state.js";
import { setUpTheme } from "./theme.js";
import { timelineView } from "./timeline.js";
import { workersView } from "./workers.js";

const pages = [["run", "Overview"], ["learnt", "Learnt"], ["timeline", "Timeline"], ["events", "Events"]];

/** What all pages of a run have above them, with one of them below; `makePage` gets the run's id. */
function runFrame(id, pageName, makePage, actions) {
  const page = makePage(id, actions);
  const state = badge();
  state.element.id = "run-state";
  const name = element("h1", {}, id);
  const address = `#/runs/${encodeURIComponent(id)}`;
  const links = pages.map(([key, label]) => element("a", {
    href: key === "run" ? address : `${address}/${key}`, "aria-current": key === pageName ? "page" : undefined,
  }, label));
  const reason = element("p", { class: "reason" });
  const missing = element("p", { class: "empty", hidden: true }, "The coordinator knows no run of that name.");
  const view = element("div", { class: "view" },
    element("div", { class: "heading run" }, name, state.element, element("span", { class: "id" }, id)),
    reason,
    element("nav", { class: "pages", "aria-label": "Run" }, links),
    missing, page.element);
  const label = pages.find(([key]) => key === pageName)[1];

  return {
    element: view,
    title: `${label} · ${id}`,
    close: () => page.close?.(),
    recolour: () => page.recolour?.(),
    update(all, unknown) {
      const run = all.runs.get(id);
      const isUnknown = unknown === id && !run;
      setHidden(missing, !isUnknown);
      setHidden(page.element, isUnknown || !run);
      setHidden(state.element, !run);
      setText(reason, run?.reason ?? "");
      setHidden(reason, !run?.reason);
      if (!run) return;
      state.show(run.state);
      setText(name, run.name || id);
      // Until the run's own changes are there, those of another one may be.
      page.update(run, all.run.id === id ? all.run : null, all);
    },
  };
}

const shortestPause = 300;
const state = makeState();
let view = null;
let lastDrawn = 0;
let isWanted = false;

const words = {
  connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", refused: "Signed out", unknown: "Live",
  paused: "Paused",
};

const signIn = setUpSigningIn(() => listener.restart());
const openNewRun = setUpNewRun((run) => { location.hash = `#/runs/${run.id}`; });
const openCancelling = setUpCancelling();

const listener = makeListener(
  (update) => {
    merge(state, update);
    wantDrawing();
  },
  (connection) => {
    const place = byId("connection");
    place.dataset.state = connection;
    setText(place, words[connection]);
    if (connection === "refused") signIn();
    if (connection === "unknown") {
      unknownRun = route().run;
      listener.listen(null);
      wantDrawing();
    }
  });
let unknownRun = null;

/** Draws at the next frame, yet not more often than people can read. Hidden pages get no frames. */
function wantDrawing() {
  if (isWanted) return;
  isWanted = true;
  const wait = Math.max(0, lastDrawn + shortestPause - performance.now());
  setTimeout(() => requestAnimationFrame(draw), wait);
}

function draw() {
  isWanted = false;
  lastDrawn = performance.now();
  const pause = state.coordinator.pause;
  setHidden(byId("pause"), !pause);
  setText(byId("pause"), pause ? `The coordinator takes no work for now: ${pause}` : "");
  setText(byId("about"), state.hasAll ? `Cairn ${state.coordinator.version} at ${location.host}${location.pathname.replace(/\/[^/]*$/, "")}` : "Cairn");
  view?.update(state, unknownRun);
}

/** The part of the page that the address names, and the run. */
function route() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
  if (parts[0] === "runs" && parts[1]) return { page: parts[2] ?? "run", run: parts[1] };
  return { page: parts[0] === "workers" ? "workers" : "runs", run: null };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const runPages = { run: runView, learnt: learntView, timeline: timelineView, events: eventsView };

function show(isFirst) {
  const { page, run } = route();
  view?.close?.();
  if (run !== null) {
    unknownRun = unknownRun === run ? run : null;
    view = runFrame(run, page in runPages ? page : "run", runPages[page] ?? runView, { openCancelling });
    if (unknownRun === null) listener.listen(run);
  } else {
    view = page === "workers" ? workersView() : runsView({ openNewRun });
    // The last run's changes stay subscribed, so that going back to it costs nothing.
    if (isFirst) listener.listen(null);
  }
  byId("main").replaceChildren(view.element);
  document.title = `${view.title} · Cairn`;
  for (const link of document.querySelectorAll("header nav a")) {
    const isHere = link.getAttribute("href") === (page === "workers" ? "#/workers" : "#/");
    if (isHere) link.setAttribute("aria-current", run === null ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
  draw();
  if (!isFirst) {
    scrollTo(0, 0);
    byId("main").focus({ preventScroll: true });
  }
}

setUpTheme(byId("theme"), () => {
  view?.recolour?.();
  wantDrawing();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => show(false));
document.addEventListener("visibilitychange", wantDrawing);
// Ages and times left go on without news.
setInterval(() => { if (!document.hidden) wantDrawing(); }, 1000);
show(true);
