// Numbers as a trader reads them.

const formats = new Map<number, Intl.NumberFormat>();

/** A number with a fixed count of decimals and grouped thousands. */
export function fixed(value: number, decimals: number): string {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(decimals, format);
  }
  return format.format(value);
}

const SUFFIXES: [number, string][] = [
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
];

const small = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** An amount, short: 0.0047, 1.23, 12.34K, 456.7M. */
export function short(value: number): string {
  if (Math.abs(value) < 1) return small.format(value);
  const [size, suffix] = SUFFIXES.find(([size]) => Math.abs(value) >= size) ?? [1, ""];
  const scaled = value / size;
  return fixed(scaled, Math.abs(scaled) >= 100 ? 1 : 2) + suffix;
}

/** A number with its sign, always. */
export function signed(value: number, decimals: number): string {
  return (value > 0 ? "+" : value < 0 ? "−" : "") + fixed(Math.abs(value), decimals);
}

/** How many decimals the prices of some bars need: at least 2, at most 8. */
export function decimalsOf(prices: Iterable<number>): number {
  let decimals = 2;
  for (const price of prices) {
    while (decimals < 8 && Math.abs(price - Number(price.toFixed(decimals))) > 1e-12 * Math.max(1, price)) decimals++;
  }
  return decimals;
}

/** A duration in seconds as 00:24, 3:07:00 or 1d 04:00. */
export function countdown(seconds: number): string {
  const total = Math.max(0, Math.ceil(seconds));
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (total >= 86_400) return `${Math.floor(total / 86_400)}d ${two((total % 86_400) / 3600)}:${two((total % 3600) / 60)}`;
  if (total >= 3600) return `${Math.floor(total / 3600)}:${two((total % 3600) / 60)}:${two(total % 60)}`;
  return `${two(total / 60)}:${two(total % 60)}`;
}

/** A duration in ms, rounded to be read at a glance: 54 ms, 2.1 s, 3 m. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} m` : `${(ms / 3_600_000).toFixed(1)} h`;
}
