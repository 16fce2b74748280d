const svgNamespace = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** Makes an HTML element. Text becomes text nodes, so that nothing from outside is ever read as markup. */
export function element(name, attributes = {}, ...children) {
  return furnished(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function shape(name, attributes = {}, ...children) {
  return furnished(document.createElementNS(svgNamespace, name), attributes, children);
}

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** What scrolls by itself, with the keyboard too. */
export function scrollable(label, ...children) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
}

/** Writes only what differs: an unchanged node costs no layout, and a screen reader stays quiet. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Like `setText`; an attribute without a value is taken away. */
export function setAttribute(node, name, value) {
  if (value === undefined || value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function setHidden(node, isHidden) {
  if (node.hidden !== isHidden) node.hidden = isHidden;
}

/**
 * Makes the children of `parent` those of `items`, in their order. Rows that stay are kept, with their focus: `cache`
 * maps an item's key to what `create` gave, an object with an `element`.
 */
export function reconcile(parent, cache, items, keyOf, create, update) {
  const keys = new Set(items.map(keyOf));
  for (const [key, row] of cache) {
    if (keys.has(key)) continue;
    row.element.remove();
    cache.delete(key);
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let row = cache.get(key);
    if (!row) {
      row = create(item);
      cache.set(key, row);
    }
    update?.(row, item);
    if (row.element === place) place = place.nextElementSibling;
    else parent.insertBefore(row.element, place);
  }
}

/** A group of radio buttons that looks like one control. */
export function choice(name, legend, options, chosen, changed) {
  const inputs = options.map(([value, label]) => {
    const input = element("input", {
      type: "radio", name, value, id: `${name}-${value}`, change: () => changed(value),
    });
    input.checked = value === chosen;
    return element("span", {}, input, element("label", { for: `${name}-${value}` }, label));
  });
  return element("fieldset", { class: "choice" }, element("legend", { class: "unseen" }, legend), inputs);
}

/** A command to copy. Over plain HTTP browsers keep the clipboard from pages, so the text is selected instead. */
export function command(label) {
  const code = element("code");

  /** Lines break between the words alone, not after an option's hyphens. */
  function show(text) {
    if (code.textContent === text) return;
    const words = text.split(" ").map((word) => (word.startsWith("-") ? element("span", { class: "word" }, word) : word));
    code.replaceChildren(...words.flatMap((word, index) => (index > 0 ? [" ", word] : [word])));
  }

  const button = element("button", { type: "button", class: "quiet", "aria-label": label }, "Copy");
  button.addEventListener("click", async () => {
    let isCopied = false;
    try {
      await navigator.clipboard.writeText(code.textContent);
      isCopied = true;
    } catch {
      getSelection().selectAllChildren(code);
      isCopied = document.execCommand?.("copy") ?? false;
    }
    button.textContent = isCopied ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return { element: element("span", { class: "command" }, code, button), show };
}

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
