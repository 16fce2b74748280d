import { badge } from "./badge.js";
import { element, setHidden, setText } from "./elements.js";

const pages = [["run", "Overview"], ["learnt", "Learnt"], ["timeline", "Timeline"], ["events", "Events"]];

/** What all pages of a run have above them, with one of them below; `makePage` gets the run's id. */
export function runFrame(id, pageName, makePage, actions) {
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
