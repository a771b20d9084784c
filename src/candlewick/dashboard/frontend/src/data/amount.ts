// Amounts as the exchange states them: whole numbers of 10^-8, so that sums are exact. Pure.

/** Prices, quantities and quote amounts are in units of 10^-8. */
export const SCALE = 8;
const ONE = 10n ** BigInt(SCALE);

/** Turn a decimal's text into a whole number of 10^-8. Throws where it has more decimals. */
export function scaled(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  if (fraction.length > SCALE) throw new Error(`expected at most ${SCALE} decimals, got ${text}`);
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}

/** What a trade is worth in the quote asset: the product cut after eight places, as the exchange cuts it. */
export function quoteOf(price: bigint, quantity: bigint): bigint {
  return (price * quantity) / ONE;
}

/** The float nearest to an amount in units of 10^-8: the one its decimal text would be read as. */
export function numberOf(amount: bigint): number {
  if (amount < 0n) return -numberOf(-amount);
  const digits = amount.toString().padStart(SCALE + 1, "0");
  return Number(`${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`);
}
