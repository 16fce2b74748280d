const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** What stands where there is no figure. */
export const nothing = "–";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? whole.format(value) : nothing);
/** Three digits: 18,900 or 1.24M. */
export const short = (value) => (isNumber(value) ? (value < 1e5 ? three : compact).format(value) : nothing);

/** "1 worker", "2 workers". */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

export function bytes(value) {
  if (!isNumber(value)) return nothing;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  let rest = value;
  while (rest >= 1024 && step < units.length - 1) {
    rest /= 1024;
    step += 1;
  }
  return `${rest >= 100 || step === 0 ? rest.toFixed(0) : rest.toPrecision(3)} ${units[step]}`;
}

/** `share` is 0 ... 1. */
export function percent(share, digits = 0) {
  return isNumber(share) ? `${(share * 100).toFixed(digits)}\u00a0%` : nothing;
}

/** The same with as many digits as say something: 20 %, 1.25 %. */
export const share = (value) => (isNumber(value) ? `${three.format(value * 100)}\u00a0%` : nothing);

/** A loss or an error: four digits, whatever its size. */
export function figure(value) {
  if (!isNumber(value)) return nothing;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2);
  return Number(value.toPrecision(4)).toString();
}

export function duration(seconds) {
  if (!isNumber(seconds)) return nothing;
  const total = Math.max(0, seconds);
  if (total < 10) return `${total.toFixed(1)} s`;
  if (total < 60) return `${total.toFixed(0)} s`;
  const minutes = Math.round(total / 60);
  if (total < 3600 && minutes < 60) {
    return total < 600 ? `${Math.floor(total / 60)} min ${Math.floor(total % 60)} s` : `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** How values of a `MetricDescription` are shown. */
export const shown = { number: figure, share, count: short };

export const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The same for what is counted down: without tenths. */
export const wholeDuration = (seconds) =>
  (isNumber(seconds) && seconds < 10 ? `${Math.ceil(Math.max(0, seconds))} s` : duration(seconds));

/** A name of somebody's choice, no longer than `most` letters. */
export function shortened(name, most) {
  const letters = [...name];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}

/** How long ago, in steps that do not flicker. */
export function age(seconds) {
  if (!isNumber(seconds)) return nothing;
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

/** `seconds` since 1970. */
export const time = (seconds) => (isNumber(seconds) ? clock.format(seconds * 1000) : nothing);
export const date = (seconds) => (isNumber(seconds) ? day.format(seconds * 1000) : nothing);

/** A shape such as [28, 28, 1] or [784]. */
export const size = (numbers) => numbers.map((number) => whole.format(number)).join(" × ");

/** A task without its run: `layer 2 · round 3 · task 0`, from `run-1a2b.s1.r3.t0`. */
export function task(id, stages) {
  const place = taskPlace(id);
  if (!place) return id;
  const name = stages?.[place.stage]?.name ?? `stage ${place.stage + 1}`;
  return `${name} · round ${place.round} · task ${place.index}`;
}

/** Stage from 0, round and place in the round of a task's id; nil where it is none. */
export function taskPlace(id) {
  const match = /\.s(\d+)\.r(\d+)\.t(\d+)$/.exec(id);
  return match && { stage: Number(match[1]), round: Number(match[2]), index: Number(match[3]) };
}
