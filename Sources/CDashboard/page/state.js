/** What is kept of a run, whatever the coordinator sends: a page may stay open for weeks. */
const limits = { entries: 5000, spans: 4000, roundsOfStage: 5000, runs: 1000, workers: 20000 };

/** What is known, merged from the updates. Records are replaced, never changed: `===` tells what is new. */
export function makeState() {
  return {
    hasAll: false,
    coordinator: { version: "", startedAt: 0 },
    time: 0,
    heardAt: 0,
    runs: new Map(),
    workers: new Map(),
    run: makeRun(null),
  };
}

function makeRun(id) {
  return {
    id, network: null, outputs: [], views: [], rounds: new Map(), spans: new Map(), entries: [], results: [], classNames: [],
    pictures: null,
    // When the coordinator was started, and from when on tasks are known, in seconds since 1970.
    starts: [], spansSince: null,
    // Goes up with each change of its part, for views that draw a part as a whole.
    changes: { rounds: 0, spans: 0, entries: 0, outcome: 0 },
  };
}

/** The coordinator's clock now, in seconds since 1970: clocks of browsers may be wrong. */
export function now(state) {
  return state.time + (performance.now() - state.heardAt) / 1000;
}

/** Takes in a `LiveUpdate`. */
export function merge(state, update) {
  if (update.isWhole) {
    state.runs.clear();
    state.workers.clear();
    state.run = makeRun(update.run?.id ?? null);
    state.hasAll = true;
  }
  state.time = update.time;
  state.heardAt = performance.now();
  state.coordinator = update.coordinator;
  for (const run of update.runs) {
    run.toldAt = update.time;
    state.runs.set(run.id, run);
  }
  for (const worker of update.workers) {
    worker.heardAt = update.time - worker.secondsSinceHeard;
    state.workers.set(worker.worker, worker);
  }
  for (const worker of update.forgotten ?? []) state.workers.delete(worker);
  dropOldest(state.runs, limits.runs);
  dropOldest(state.workers, limits.workers);
  if (update.run && update.run.id === state.run.id) mergeRun(state.run, update.run);
}

function mergeRun(run, update) {
  if (update.network) run.network = update.network;
  if (update.outputs) run.outputs = update.outputs;
  if (update.views) run.views = update.views;
  for (const { stage, record } of update.rounds) {
    if (!run.rounds.has(stage)) run.rounds.set(stage, new Map());
    run.rounds.get(stage).set(record.round, record);
  }
  for (const rounds of run.rounds.values()) dropOldest(rounds, limits.roundsOfStage);
  for (const span of update.spans) run.spans.set(span.number, span);
  dropOldest(run.spans, limits.spans);
  if (update.entries.length > 0) run.entries = merged(run.entries, update.entries);
  if (update.results) run.results = update.results;
  if (update.classNames) run.classNames = update.classNames;
  run.pictures = update.pictures ?? run.pictures;
  run.starts = update.starts ?? run.starts;
  run.spansSince = update.spansSince ?? run.spansSince;
  run.changes.rounds += update.rounds.length;
  run.changes.spans += update.spans.length;
  run.changes.entries += update.entries.length;
  run.changes.outcome += update.results || update.outputs ? 1 : 0;
}

function merged(old, entries) {
  const last = old.length > 0 ? old[old.length - 1].number : -1;
  return old.concat(entries.filter((entry) => entry.number > last)).slice(-limits.entries);
}

/** Maps keep the order in which keys came first. */
function dropOldest(map, most) {
  if (map.size <= most) return;
  let spare = map.size - most;
  for (const key of map.keys()) {
    if (spare <= 0) return;
    map.delete(key);
    spare -= 1;
  }
}

const noOutputs = { metrics: [], tables: [], series: [], isCollected: false, trains: true };

/** What the values of a stage are: its `StageOutputs`. */
export const outputsOf = (run, stage) => run.outputs[stage] ?? noOutputs;

/** What a stage is judged by, where it is judged by something. */
export const primaryOf = (outputs) => outputs.metrics.find((metric) => metric.decides);

/** The records of a stage in the order of their rounds. */
export function records(run, stage) {
  return [...(run.rounds.get(stage)?.values() ?? [])].sort((a, b) => a.round - b.round);
}

export const isFinal = (run) => run.state === "finished" || run.state === "failed" || run.state === "cancelled";

/** How much of a run or a stage is done, 0 ... 1, as the coordinator says. */
export const progressOf = (part) => (part.state === "finished" ? 1 : part.progress ?? 0);

/** Seconds that a run still takes: counted down from what the coordinator said last. */
export function secondsLeft(run, time) {
  if (run.state !== "running" || run.secondsLeft === undefined) return undefined;
  return Math.max(0, run.secondsLeft - Math.max(0, time - run.toldAt));
}

/** Whether a round's record is that of a round in progress, or of one that the run's end cut off. Round 0 is no round. */
export const isOpen = (record) => record.round > 0 && record.seconds === undefined;

/** Index of the stage that a run is at; of the last one begun where none is running. -1: none has begun. */
export function currentStage(run) {
  const running = run.stages.findIndex((stage) => stage.state === "running");
  return running >= 0 ? running : run.stages.findLastIndex((stage) => stage.state === "finished");
}

export function median(numbers) {
  if (numbers.length === 0) return undefined;
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
