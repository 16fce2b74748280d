import { ask, Refusal, runPath } from "./requests.js";

const longestPause = 5000;

/**
 * Listens to what changes. `told` gets each update; `connected` gets "live", "reconnecting", "refused" (it wants a
 * token) or "unknown" (there is no such run).
 */
export function makeListener(told, connected) {
  let source = null;
  let run = null;
  let pause = 0;
  let timer = 0;

  function stop() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function start() {
    stop();
    const mine = new EventSource(run === null ? "/v1/live" : `/v1/live?run=${encodeURIComponent(run)}`);
    source = mine;
    mine.onmessage = (event) => {
      pause = 0;
      connected("live");
      told(JSON.parse(event.data));
    };
    mine.onerror = () => {
      if (source !== mine) return;
      connected("reconnecting");
      // A browser tries again by itself unless the answer was no stream at all.
      if (mine.readyState === EventSource.CLOSED) explain(mine);
    };
  }

  /** An event source does not say why it was refused, so the same is asked once more. */
  async function explain(mine) {
    try {
      await ask(run === null ? "/v1/runs" : runPath(run));
    } catch (error) {
      if (source !== mine) return;
      if (error instanceof Refusal && error.status === 401) return connected("refused");
      if (error instanceof Refusal && error.status === 404 && run !== null) return connected("unknown");
    }
    if (source !== mine) return;
    pause = Math.min(longestPause, Math.max(250, pause * 2));
    timer = setTimeout(start, pause);
  }

  return {
    /** Listens to `name`'s changes too; null: to none. */
    listen(name) {
      if (source && run === name) return;
      run = name;
      pause = 0;
      start();
    },
    restart: start,
  };
}
