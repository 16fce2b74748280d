/** Round numbers from `low` to `high`, about `wanted` of them. */
export function linearTicks(low, high, wanted) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : Number(tick.toPrecision(12)));
  }
  return ticks;
}

/** The same for logarithms: powers of ten, with 2 and 5 times where there are few. */
export function logarithmicTicks(low, high) {
  const decades = Math.log10(high / low);
  const factors = decades > 3 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  const sparse = Math.ceil(ticks.length / 7);
  return ticks.filter((_, index) => index % sparse === 0);
}

/** Maps values to pixels. With `isLogarithmic` all must be above zero; bytes are round in powers of `base` 1024. */
export function makeScale(values, from, to, { isLogarithmic = false, base = 1 } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (isLogarithmic) {
    if (high / low < 1.2) [low, high] = [low / 1.1, high * 1.1];
    const share = (value) => Math.log(value / low) / Math.log(high / low);
    return { low, high, at: (value) => from + share(value) * (to - from), ticks: () => logarithmicTicks(low, high) };
  }
  if (high === low) [low, high] = [low - Math.abs(low || 1) * 0.05, high + Math.abs(high || 1) * 0.05];
  const unit = base > 1 && high >= base ? base ** Math.floor(Math.log(high) / Math.log(base)) : 1;
  return {
    low, high,
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: (wanted) => linearTicks(low / unit, high / unit, wanted).map((tick) => tick * unit),
  };
}
