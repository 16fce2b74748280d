import {
  badge, command, element, reconcile, scrollable, setAttribute, setHidden, setText,
} from "./elements.js";
import * as format from "./format.js";
import { median, now } from "./state.js";

const shownAtFirst = 200;
const slow = 0.5;
const states = ["working", "idle", "silent", "stalled", "quarantined", "lost", "left"];
const troubled = new Set(["silent", "stalled", "quarantined", "lost"]);
const isTroubled = (worker) => troubled.has(worker.state) || Boolean(worker.trouble);

const columns = [
  { key: "worker", title: "Worker", of: (worker) => worker.worker },
  { key: "host", title: "Host", of: (worker) => worker.registration.host },
  { key: "process", title: "Process", of: (worker) => worker.registration.processID, isNumber: true },
  { key: "slots", title: "Slots", of: (worker) => worker.registration.slots, isNumber: true },
  { key: "state", title: "State", of: (worker) => states.indexOf(worker.state) },
  { key: "samples", title: "Samples/s", of: (worker) => worker.record.samplesPerSecond, isNumber: true },
  { key: "gigaflops", title: "GFLOP/s", of: (worker) => worker.record.gigaflops, isNumber: true },
  { key: "heard", title: "Heard", of: (worker) => -worker.heardAt, isNumber: true },
  { key: "done", title: "Done", of: (worker) => worker.record.tasksDone, isNumber: true },
  { key: "refused", title: "Refused", of: (worker) => worker.record.tasksRefused, isNumber: true },
  { key: "failed", title: "Failed", of: (worker) => worker.record.tasksFailed, isNumber: true },
  { key: "lost", title: "Lost", of: (worker) => worker.record.tasksLost, isNumber: true },
];

/** Everybody who computes, beside the fleet's median. */
export function workersView() {
  let sorting = { key: "worker", isDown: false };
  let most = shownAtFirst;
  let last = null;
  const cache = new Map();
  const again = () => last && update(last);
  const filter = element("input", { type: "search", id: "worker-filter", input: again, autocomplete: "off" });
  const which = element("select", { id: "worker-state", change: again }, element("option", { value: "" }, "any"),
    element("option", { value: "trouble" }, "in trouble"),
    states.map((state) => element("option", { value: state }, state)));
  const summary = element("p", { class: "figures", id: "worker-summary" });
  const heads = columns.map((column) => element("th", { scope: "col", class: column.isNumber ? "number" : "" },
    element("button", { type: "button", click: () => sortBy(column) }, column.title)));
  const body = element("tbody");
  const table = element("table", { class: "workers" },
    element("caption", { class: "unseen" }, "Workers"),
    element("thead", {}, element("tr", {}, heads)), body);
  const join = joining();
  const empty = element("p", { class: "empty" }, "No worker has joined.");
  const more = element("button", { type: "button", class: "quiet", click: () => { most += shownAtFirst; again(); } });
  const region = scrollable("Workers", table);
  const view = element("div", { class: "view" },
    element("div", { class: "heading" }, element("h1", {}, "Workers"), summary),
    element("div", { class: "pick" },
      element("label", { for: "worker-filter" }, "Find"), filter,
      element("label", { for: "worker-state" }, "State"), which),
    region, empty, more,
    element("h2", { class: "after" }, "One more worker"), join.element);

  function sortBy(column) {
    const isDown = sorting.key === column.key ? !sorting.isDown : Boolean(column.isNumber);
    sorting = { key: column.key, isDown };
    again();
  }

  function update(state) {
    last = state;
    const workers = [...state.workers.values()];
    const alive = workers.filter((worker) => worker.state === "working" || worker.state === "idle");
    const fleet = {
      samples: median(alive.map((worker) => worker.record.samplesPerSecond).filter(Number.isFinite)),
      gigaflops: median(alive.map((worker) => worker.record.gigaflops).filter(Number.isFinite)),
      time: now(state),
    };
    setText(summary, summaryText(workers, fleet));
    const text = filter.value.trim().toLowerCase();
    const words = (worker) => `${worker.worker} ${worker.registration.host} ${whyOf(worker)}`.toLowerCase();
    const isChosen = (worker) => !which.value || worker.state === which.value
      || (which.value === "trouble" && isTroubled(worker));
    const found = workers.filter((worker) => isChosen(worker) && (!text || words(worker).includes(text)));
    join.update(state.coordinator);
    found.sort(order(columns.find((column) => column.key === sorting.key), sorting.isDown));
    columns.forEach((column, index) => setAttribute(heads[index], "aria-sort",
      column.key !== sorting.key ? null : sorting.isDown ? "descending" : "ascending"));
    reconcile(body, cache, found.slice(0, most), (worker) => worker.worker, makeRow,
      (row, worker) => row.update(worker, fleet));
    setHidden(region, found.length === 0);
    setHidden(empty, found.length > 0);
    setText(empty, workers.length > 0 ? "No worker is like that." : "No worker has joined.");
    setHidden(more, found.length <= most);
    setText(more, `Show more of ${format.count(found.length)}`);
  }

  return { element: view, title: "Workers", update };
}

/** Those without a value come last, whichever way. */
function order(column, isDown) {
  const names = new Intl.Collator("en", { numeric: true });
  return (first, second) => {
    const [a, b] = [column.of(first), column.of(second)];
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const difference = typeof a === "string" ? names.compare(a, b) : a - b;
    return (isDown ? -difference : difference) || (first.worker < second.worker ? -1 : 1);
  };
}

function summaryText(workers, fleet) {
  const parts = states.map((state) => [workers.filter((worker) => worker.state === state).length, state])
    .filter(([number]) => number > 0).map(([number, state]) => `${format.count(number)} ${state}`);
  const troubles = workers.filter((worker) => worker.trouble).length;
  if (troubles > 0) parts.push(`${format.count(troubles)} with trouble`);
  if (fleet.samples) parts.push(`median ${format.short(fleet.samples)} samples/s a slot`);
  if (fleet.gigaflops) parts.push(`${format.short(fleet.gigaflops)} GFLOP/s`);
  return parts.join(" · ");
}

/** Why a worker gets no tasks, or what hinders it. */
const whyOf = (worker) => worker.quarantine ?? worker.trouble ?? whys[worker.state] ?? "";
const whys = {
  silent: "not heard for longer than a lease; its tasks go to others",
  stalled: "its heartbeats come, but its task makes no progress",
};

function makeRow({ worker: id }) {
  const state = badge();
  const why = element("span", { class: "why" });
  const cells = Object.fromEntries(columns.map((column) =>
    [column.key, element(column.key === "worker" ? "th" : "td", {
      scope: column.key === "worker" ? "row" : undefined, class: column.isNumber ? "number" : "",
    })]));
  const speeds = { samples: beside(cells.samples), gigaflops: beside(cells.gigaflops) };
  cells.state.append(state.element, why);
  const row = element("tr", { "data-worker": id }, Object.values(cells));
  let shown = null;
  let medians = "";

  return {
    element: row,
    update(worker, fleet) {
      setText(cells.heard, format.age(fleet.time - worker.heardAt));
      const key = `${fleet.samples}/${fleet.gigaflops}`;
      if (shown === worker && medians === key) return;
      medians = key;
      const isSlow = [speeds.samples(worker.record.samplesPerSecond, fleet.samples),
        speeds.gigaflops(worker.record.gigaflops, fleet.gigaflops)].some(Boolean);
      setAttribute(row, "data-slow", isSlow ? "yes" : null);
      if (shown === worker) return;
      shown = worker;
      setAttribute(row, "data-state", worker.state);
      setText(cells.worker, worker.worker);
      setText(cells.host, worker.registration.host);
      setAttribute(cells.host, "title", `${worker.registration.version}, ${worker.registration.instructionSet}`);
      setText(cells.process, String(worker.registration.processID));
      setText(cells.slots, format.count(worker.registration.slots));
      state.show(worker.state);
      setText(why, whyOf(worker) || (worker.tasks.length > 1 ? `${worker.tasks.length} tasks` : ""));
      setAttribute(row, "data-trouble", worker.trouble ? "yes" : null);
      setText(cells.done, format.count(worker.record.tasksDone));
      for (const [cell, value] of [["refused", worker.record.tasksRefused], ["failed", worker.record.tasksFailed],
        ["lost", worker.record.tasksLost]]) {
        setText(cells[cell], format.count(value));
        cells[cell].classList.toggle("zero", !value);
      }
    },
  };
}

/** A speed, and what part of the fleet's median it is. Tells whether that is little. */
function beside(cell) {
  const value = element("span");
  const ratio = element("span", { class: "ratio" });
  cell.append(value, " ", ratio);
  return (speed, middle) => {
    setText(value, format.short(speed));
    const share = Number.isFinite(speed) && middle > 0 ? speed / middle : null;
    const isSlow = share !== null && share < slow;
    setText(ratio, share === null ? "" : `${share.toFixed(2)}×${isSlow ? " slow" : ""}`);
    return isSlow;
  };
}

/** Where this page is, without a slash at its end: what a proxy calls the coordinator. */
const ownAddress = () => new URL(".", location.href).href.replace(/\/$/, "");
const isLoopback = (host) => /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(host);

/**
 * The command that starts a worker, at an address that other hosts reach where there is one: this page's own, or where
 * the page was opened on the coordinator's host, the coordinator's.
 */
export function joining() {
  const shown = command("Copy the command");
  const hint = element("p", { class: "hint" });
  const limit = element("p", { class: "hint limit", hidden: true });
  return {
    element: element("div", { class: "joining" }, hint, shown.element, limit),
    update({ needsToken, addresses }) {
      const others = isLoopback(location.hostname) ? addresses ?? [] : [];
      const isAlone = isLoopback(location.hostname) && addresses?.length === 0;
      const address = others[0] ?? ownAddress();
      shown.show(`cairn worker --coordinator ${address}${needsToken ? " --token-file token" : ""}`);
      setText(hint, [
        `On ${isAlone ? "this host" : "any machine that reaches this address"}; it starts with the next task.`,
        needsToken ? "The file token holds the coordinator's token and is its owner's alone (mode 600)." : "",
        others.length > 1 ? `Other addresses: ${others.slice(1).join(", ")}.` : "",
      ].filter(Boolean).join(" "));
      setHidden(limit, !isAlone);
      setText(limit, isAlone ? "The coordinator listens on this host alone: other hosts cannot reach it. Start it with "
        + "--listen 0.0.0.0:8420 --token-file token, or put a proxy with TLS in front of it (docs/cluster.md)." : "");
    },
  };
}
