import { badge, element, reconcile, setAttribute, setHidden, setText } from "./elements.js";
import * as format from "./format.js";
import { smallCairn } from "./stack.js";
import { currentStage, isFinal, now, progressOf, secondsLeft } from "./state.js";

const shownAtFirst = 50;

/** All runs, the newest first. */
export function runsView({ openNewRun }) {
  const cache = new Map();
  let most = shownAtFirst;
  let last = null;
  const list = element("ul", { class: "runs" });
  const empty = element("p", { class: "empty" }, "Waiting for the coordinator.");
  const more = element("button", {
    type: "button", class: "quiet",
    click: () => {
      most += shownAtFirst;
      update(last);
    },
  }, "Show more");
  const view = element("div", { class: "view" },
    element("div", { class: "heading" },
      element("h1", {}, "Runs"),
      element("button", { type: "button", class: "main", id: "new-run", click: openNewRun }, "New run")),
    list, empty, more);

  function update(state) {
    last = state;
    const runs = [...state.runs.values()].sort((a, b) => b.submittedAt - a.submittedAt);
    reconcile(list, cache, runs.slice(0, most), (run) => run.id, makeCard, (card, run) => card.update(run, state));
    setHidden(empty, runs.length > 0);
    if (state.hasAll) setText(empty, "No run yet. A plan says what to train: start with one of yours.");
    setHidden(more, runs.length <= most);
  }

  return { element: view, title: "Runs", update };
}

function makeCard({ id }) {
  const state = badge();
  const name = element("a", { href: `#/runs/${encodeURIComponent(id)}` });
  const stage = element("span", { class: "stage" });
  const progress = element("progress", { max: 1, "aria-label": "Done" });
  const share = element("span", { class: "share" });
  const left = element("span");
  const facts = element("p", { class: "figures" });
  const reason = element("p", { class: "reason" });
  const cairn = smallCairn();
  const card = element("li", { class: "card", "data-run": id }, cairn.element,
    element("div", { class: "line title" },
      element("h2", {}, name), state.element, element("span", { class: "id" }, id)),
    element("div", { class: "line" }, stage, left),
    element("div", { class: "track" }, progress, share),
    facts, reason);
  return {
    element: card,
    update(run, all) {
      setAttribute(card, "data-state", run.state);
      setAttribute(card, "data-bar", run.state);
      state.show(run.state);
      cairn.update(run);
      setText(name, run.name || run.id);
      setText(stage, stageText(run));
      setText(left, timeText(run, now(all)));
      const done = progressOf(run);
      setAttribute(progress, "value", done.toFixed(4));
      setText(share, format.percent(done));
      setText(facts, figuresText(run, now(all)));
      setText(reason, run.reason ?? "");
      setHidden(reason, !run.reason);
    },
  };
}

/** Where a run is: "layer 2, round 3 of 8". */
export function stageText(run) {
  if (run.state === "preparing") return "Data are being read and cut";
  const stage = run.stages[currentStage(run)];
  if (!stage) return "Nothing has begun";
  if (stage.state === "finished") return run.state === "finished" ? "All stages done" : `${stage.name} done`;
  const round = stage.rounds > 1 ? `, round ${stage.round} of ${stage.rounds}` : "";
  return `${stage.name}${round}`;
}

/** How long a run will take, or took. */
export function timeText(run, time) {
  const spent = (end) => (end >= run.submittedAt ? format.duration(end - run.submittedAt) : null);
  if (isFinal(run)) return run.finishedAt && spent(run.finishedAt) ? `took ${spent(run.finishedAt)}` : "";
  const left = secondsLeft(run, time);
  if (left !== undefined) return `${format.wholeDuration(left)} left`;
  return spent(time) ? `for ${spent(time)}` : "";
}

function figuresText(run, time) {
  const parts = [`started ${format.date(run.submittedAt)}`];
  if (!isFinal(run)) {
    parts.push(format.counted(run.workers, "worker"), `${format.counted(run.tasksInProgress, "task")} in progress`);
    if (run.samplesPerSecond) parts.push(`${format.short(run.samplesPerSecond)} samples/s`);
  }
  if (run.diskBytes) parts.push(`${format.bytes(run.diskBytes)} on disk`);
  return parts.join(" · ");
}
