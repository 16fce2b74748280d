const themeKey = "cairn-theme";

/** What this browser has kept; null where it keeps nothing. */
export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Null: what was kept is forgotten. A browser that keeps nothing begins anew after a reload. */
export function keep(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Then it does without.
  }
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";

let colours = new Map();
const listeners = new Set();

function changed() {
  colours = new Map();
  for (const listener of listeners) listener();
}

/** Follows the system until the button is pressed; then the choice is kept. */
export function setUpTheme(button, listener) {
  listeners.add(listener);
  const chosen = kept(themeKey);
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  label();
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    keep(themeKey, document.documentElement.dataset.theme);
    label();
    changed();
  });
  prefersDark.addEventListener("change", () => {
    label();
    changed();
  });
}

/** What a custom property such as `--accent` is now: a canvas cannot read the style sheet. */
export function colour(property) {
  if (!colours.has(property)) {
    const probe = document.createElement("span");
    probe.style.color = `var(${property})`;
    document.body.append(probe);
    colours.set(property, getComputedStyle(probe).color);
    probe.remove();
  }
  return colours.get(property);
}
