import { element, reconcile, scrollable, setHidden, setText } from "./elements.js";
import * as format from "./format.js";

const mostShown = 300;

/** What happened and why, the newest first. */
export function eventsView() {
  const cache = new Map();
  let last = null;
  let drawn = null;
  const filter = element("input", {
    type: "search", id: "event-filter", autocomplete: "off", input: () => last && update(...last),
  });
  const found = element("span", { class: "figures", role: "status" });
  const body = element("tbody");
  const table = element("table", { class: "events" },
    element("caption", { class: "unseen" }, "Events, the newest first"),
    element("thead", {}, element("tr", {},
      ["Time", "What", "Why"].map((name) => element("th", { scope: "col" }, name)))), body);
  const region = scrollable("List of events", table);
  const empty = element("p", { class: "empty" }, "Nothing has happened yet.");
  const view = element("section", { "aria-labelledby": "events-title" },
    element("h2", { id: "events-title", class: "unseen" }, "Events"),
    element("div", { class: "pick" }, element("label", { for: "event-filter" }, "Find"), filter, found), region, empty);

  function update(run, changes, all) {
    last = [run, changes, all];
    if (!changes) return;
    const text = filter.value.trim().toLowerCase();
    const key = `${changes.changes.entries}/${text}`;
    if (drawn?.run === changes && drawn.key === key) return;
    if (drawn && drawn.run !== changes) {
      cache.clear();
      body.replaceChildren();
    }
    drawn = { run: changes, key };
    const matching = text
      ? changes.entries.filter((entry) => `${entry.text} ${entry.reason}`.toLowerCase().includes(text))
      : changes.entries;
    const shown = matching.slice(-mostShown).reverse();
    reconcile(body, cache, shown, (entry) => entry.number, makeRow);
    setText(found, shown.length < matching.length
      ? `${format.count(shown.length)} of ${format.count(matching.length)}` : text ? `${matching.length} found` : "");
    setHidden(region, shown.length === 0);
    setHidden(empty, shown.length > 0);
    setText(empty, text ? "Nothing like that among what is kept." : "Nothing has happened yet.");
  }

  return { element: view, update };
}

function makeRow(entry) {
  return {
    element: element("tr", { "data-event": entry.number },
      element("td", { class: "time" }, element("time", { datetime: new Date(entry.time * 1000).toISOString() },
        format.time(entry.time))),
      element("td", {}, entry.text), element("td", { class: "why" }, entry.reason)),
  };
}
