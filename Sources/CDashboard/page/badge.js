import { element, setText, shape } from "./elements.js";

const ring = "M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 1 0 0-9.6z";

/** Marks on a grid of 12, drawn as lines: a state is told by word, mark and colour. */
const marks = {
  preparing: "M6 1.2a4.8 4.8 0 0 1 4.8 4.8M6 10.8a4.8 4.8 0 0 1-4.8-4.8",
  running: "M3.5 2l6 4-6 4z",
  paused: "M4 2v8M8 2v8",
  finished: "M1.8 6.5l2.8 2.8 5.6-6.6",
  failed: "M2.5 2.5l7 7M9.5 2.5l-7 7",
  cancelled: `${ring}M2.8 9.2l6.4-6.4`,
  working: "M3.5 2l6 4-6 4z",
  idle: ring,
  quarantined: `${ring}M6 3.5v3M6 8.3v.2`,
  lost: "M1.5 6h2M5 6h2M8.5 6h2",
  waiting: `${ring}M6 3.2v3l2 1.4`,
  silent: "M2.5 6h.2M6 6h.2M9.5 6h.2",
  stalled: "M3 3h6v6h-6z",
  left: "M1.8 6h8M6.8 3l3 3-3 3",
};

/** A state as word, mark and colour. */
export function badge() {
  const path = shape("path", { d: ring });
  const mark = shape("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, path);
  const word = element("span");
  const whole = element("span", { class: "badge" }, mark, word);
  return {
    element: whole,
    show(state) {
      if (whole.dataset.state === state) return;
      whole.dataset.state = state;
      path.setAttribute("d", marks[state] ?? ring);
      setText(word, state);
    },
  };
}
