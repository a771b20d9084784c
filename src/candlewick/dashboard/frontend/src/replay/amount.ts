// Amounts as whole numbers of their smallest unit: sums in a browser that are exact. Pure.

/** Prices and quantities are in units of 10^-8; their products, quote amounts, in units of 10^-16. */
export const SCALE = 8;

/** Turn a decimal's text into a whole number of 10^-8. Throws where it has more decimals. */
export function scaled(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  if (fraction.length > SCALE) throw new Error(`expected at most ${SCALE} decimals, got ${text}`);
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}

/** The number nearest to a whole number of 10^-scale, as the decimal's own text would be read. */
export function numberOf(amount: bigint, scale = SCALE): number {
  const digits = amount.toString().padStart(scale + 1, "0");
  return Number(`${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}
