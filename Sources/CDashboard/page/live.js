import { ask, Refusal, runPath } from "./requests.js";

const longestPause = 5000;
/** Browsers allow a host six connections of HTTP/1.1: a page that nobody sees must not keep one. */
const hiddenPatience = 3000;

/**
 * Listens to what changes for as long as the page can be seen, and goes on after the last update. `told` gets each
 * update; `connected` gets "live", "reconnecting", "refused" (it wants a token), "unknown" (there is no such run) or
 * "paused" (the page is hidden).
 */
export function makeListener(told, connected) {
  let source = null;
  let run = null;
  let cursor = null;
  let pause = 0;
  let timer = 0;
  let isAway = document.hidden;
  let hiding = 0;

  function stop() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function start() {
    stop();
    if (isAway) return connected("paused");
    const query = new URLSearchParams();
    if (run !== null) query.set("run", run);
    if (cursor !== null) query.set("after", cursor);
    const mine = new EventSource(`v1/live?${query}`);
    source = mine;
    mine.onmessage = (event) => {
      pause = 0;
      connected("live");
      told(JSON.parse(event.data));
      cursor = event.lastEventId;
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
      await ask(run === null ? "v1/runs" : runPath(run));
    } catch (error) {
      if (source !== mine) return;
      if (error instanceof Refusal && error.status === 401) return connected("refused");
      if (error instanceof Refusal && error.status === 404 && run !== null) return connected("unknown");
    }
    if (source !== mine) return;
    pause = Math.min(longestPause, Math.max(250, pause * 2));
    timer = setTimeout(start, pause);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(() => {
        isAway = true;
        start();
      }, hiddenPatience);
    } else if (isAway) {
      isAway = false;
      pause = 0;
      start();
    }
  });

  return {
    /** Listens to `name`'s changes too; null: to none. */
    listen(name) {
      if (source && run === name) return;
      if (run !== name) cursor = null;
      run = name;
      pause = 0;
      start();
    },
    restart: start,
  };
}
