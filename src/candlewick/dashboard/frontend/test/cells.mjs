// Makes footprints live and in a replay for whoever asks, to compare with the server's: `node test/cells.mjs`, a line in,
// a line out. A request has what the server says at a cut (`settled`) and of all (`all`), the tape (`trades`) with the
// place of the first trade that the feed sends (`fed`), the `step`, and where a replay begins (`from`, in s).
import { build } from "esbuild";
import { createInterface } from "node:readline";

const contents = `
export { barsOf } from "./flow/answers"; export { FlowBook } from "./flow/book";
export { scaled } from "./data/amount"; export { tradesOf } from "./data/trade";`;
const { outputFiles } = await build({ stdin: { contents, resolveDir: "src" }, bundle: true, format: "esm", write: false });
const { barsOf, FlowBook, scaled, tradesOf } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);
const MINUTE = 60_000_000;
const opens = (micros) => (micros - (micros % MINUTE)) / 1e6;

for await (const line of createInterface(process.stdin)) {
  const { all, fed, from, settled, step, trades: columns } = JSON.parse(line);
  const trades = tradesOf(columns);
  const [history, live, replay] = [all, settled, all].map((told) => {
    const book = new FlowBook(scaled(step), opens);
    book.settle(barsOf(told));
    return book;
  });
  live.take(trades.slice(fed));
  replay.replayFrom(from);
  for (const trade of trades.slice(trades.findIndex(({ time }) => opens(time) >= from))) replay.play(trade);
  const cells = (book) => all.bars.t.map((time) => {
    const { delta, firstId, lastId, maxDelta, minDelta } = book.at(time)?.cells ?? {};
    return [time, book.at(time)?.cells.sorted(), delta, minDelta, maxDelta, firstId, lastId];
  });
  const text = (_, value) => (typeof value === "bigint" ? String(value) : value);
  process.stdout.write(JSON.stringify([history, live, replay].map(cells), text) + "\n");
}
