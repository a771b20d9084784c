// A lineage on screen: the verdict, the trades, each field beside the exchange's, the last trade's way, the objects.

import { fixed, span } from "../format";
import { h } from "../ui/dom";
import type { ZoneClock } from "../zone";
import type { Compared, End, LakeObject, Lineage, SealedDay } from "./lineage";

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const NAMES: Readonly<Record<string, string>> = {
  open: "Open",
  high: "High",
  low: "Low",
  close: "Close",
  volume: "Volume",
  quote_volume: "Quote volume",
  trade_count: "Trades",
  taker_buy_volume: "Taker buy",
  taker_buy_quote_volume: "Taker buy quote",
  first_trade_id: "First id",
  last_trade_id: "Last id",
};
const SOURCES: Readonly<Record<string, string>> = { ws: "stream", rest: "REST", archive: "archive" };

const BORROWED: [title: string, text: string] = ["The exchange's own candle", "its trades are not held here, so it is not proven"];

export function viewOf(lineage: Lineage, clock: ZoneClock): HTMLElement {
  return h(
    "div",
    { class: "lineage" },
    verdict(lineage),
    ids(lineage),
    ...(lineage.origin === "trades" ? [fields(lineage)] : []),
    ...lineage.days.map(sealedDay),
    ...way(lineage, clock),
    ...objects(lineage),
  );
}

function verdict({ audit, origin }: Lineage): HTMLElement {
  const [title, text] = origin === "exchange" ? BORROWED : words(audit);
  return h("div", { class: "verdict", "data-verdict": audit.verdict }, h("b", {}, title), h("span", {}, text));
}

function words({ verdict, fields, scope, minutes, expected }: Lineage["audit"]): [title: string, text: string] {
  const compared = fields.filter((field) => field.equal !== null);
  const off = compared.filter((field) => field.equal === false);
  const of = scope === "minute" ? "its minute" : expected > 1 ? `all ${expected} minutes` : "the candle";
  switch (verdict) {
    case "match":
      return ["Equal to the exchange's", `${compared.length} of ${compared.length} stated fields, exactly, in ${of}`];
    case "mismatch":
      return ["Differs from the exchange's", off.map((field) => NAMES[field.name]).join(", ") || `${minutes.mismatch} of ${expected} minutes`];
    case "no_oracle":
      return ["Nothing to compare with", "the exchange's own candle never came"];
    case "forming":
      return ["Forming", "judged when it is over and the exchange has stated its own"];
    case "pending":
      return ["Audit pending", `${minutes.match ?? 0} of ${expected} minutes are judged`];
  }
}

function ids({ first_trade_id: first, last_trade_id: last, trade_count: count, spanned, trades, origin }: Lineage): HTMLElement {
  if (origin === "exchange") return section("Trades", h("p", {}, `${fixed(count, 0)}, says the exchange.`));
  if (first === null) return section("Trades", h("p", {}, "None: the ids on both sides adjoin, so none is missing."));
  const missing = spanned - count;
  const whole = missing === 0 ? "no id missing" : `${fixed(missing, 0)} ids missing`;
  const sources = Object.entries(trades.sources).map(([source, trades]) => `${fixed(trades, 0)} by ${SOURCES[source] ?? source}`);
  return section(
    "Trades",
    h("p", { class: "ids" }, h("code", {}, first), " … ", h("code", {}, last ?? "")),
    h("p", {}, `${fixed(count, 0)} trades, `, h("span", { "data-good": String(missing === 0) }, whole)),
    h("p", { class: "soft" }, sources.join(" · ")),
  );
}

function fields({ audit }: Lineage): HTMLElement {
  const title = audit.scope === "minute" ? "The minute, beside the exchange's" : "Beside the exchange's";
  const head = h("tr", {}, ...["", "ours", "exchange", ""].map((text) => (text ? h("th", {}, text) : h("td"))));
  return section(title, h("table", {}, h("thead", {}, head), h("tbody", {}, ...audit.fields.map(row))));
}

function row({ name, ours, exchange, equal }: Compared): HTMLElement {
  const mark = equal === null ? "" : equal ? "✓" : "≠";
  return h(
    "tr",
    { "data-equal": String(equal) },
    h("th", { scope: "row" }, NAMES[name] ?? name),
    h("td", {}, ours ?? "–"),
    h("td", {}, exchange ?? "–"),
    h("td", { class: "mark" }, mark),
  );
}

/** A day: its seal and whether that holds, or what keeps it from one. */
function sealedDay({ day, state, why, digest, sealed_file: file, trade_count: count, declared_count: declared, verified, problem }: SealedDay): HTMLElement {
  const title = `Day ${day}`;
  if (state !== "sealed" || digest === null) return section(title, h("p", {}, `${state}, not sealed`), h("p", { class: "soft" }, why ?? ""));
  const gone = declared ? `, ${fixed(declared, 0)} ids declared not to exist` : "";
  return section(
    title,
    h("p", {}, `Sealed, ${fixed(count, 0)} trades${gone} · `, h("span", { "data-good": String(verified) }, verified ? "✓ verified" : "not verified")),
    h("p", { class: "soft path" }, `certificate ${digest}`),
    h("p", { class: "soft path" }, problem ?? `${file}: its SHA-256 is the certified one`),
  );
}

/** The last trade from the exchange's clock to the warehouse, hop by hop. */
function way({ trades, objects }: Lineage, clock: ZoneClock): HTMLElement[] {
  const trade = trades.ends.at(-1);
  if (!trade) return [];
  const written = objects.find((object) => !object.is_seal && holds(object, BigInt(trade.trade_id)));
  const steps: [string, number | undefined][] = [
    ["Exchange", trade.traded_at],
    ["Recorder", trade.received_at],
    ["Lake", written?.created_at],
    ["Warehouse", trade.loaded_at],
  ];
  return [section("Way of the last trade", h("ol", { class: "way" }, ...steps.map((step) => hop(step, trade, clock))))];
}

function hop([name, at]: [string, number | undefined], { traded_at }: End, clock: ZoneClock): HTMLElement {
  if (at === undefined) return h("li", {}, h("span", {}, name), h("i", {}, "–"));
  const time = `${clock.format(Math.floor(at / 1e6), TIME)}.${String(Math.floor((at % 1e6) / 1e3)).padStart(3, "0")}`;
  const late = at === traded_at ? "" : `+${span((at - traded_at) / 1e3)}`;
  return h("li", {}, h("span", {}, name), h("i", {}, time), h("b", {}, late));
}

function objects({ objects, object_count: count, lake }: Lineage): HTMLElement[] {
  if (count === 0) return [];
  const more = count > objects.length ? [h("p", { class: "soft" }, `and ${fixed(count - objects.length, 0)} more`)] : [];
  const title = `In the lake: ${fixed(count, 0)} ${count === 1 ? "object" : "objects"}`;
  return [section(title, h("p", { class: "soft path" }, lake), h("ul", { class: "objects" }, ...objects.map(object)), ...more)];
}

function holds({ first_trade_id: first, last_trade_id: last }: LakeObject, id: bigint): boolean {
  return BigInt(first) <= id && id <= BigInt(last);
}

function object({ name, first_trade_id: first, last_trade_id: last, is_seal }: LakeObject): HTMLElement {
  const cut = name.lastIndexOf("/") + 1;
  return h(
    "li",
    { title: name },
    h("span", { class: "soft path" }, name.slice(0, cut)),
    h("code", {}, name.slice(cut)),
    h("span", { class: "soft" }, `${is_seal ? "sealed file · " : ""}${first} … ${last} · ${fixed(Number(BigInt(last) - BigInt(first) + 1n), 0)} ids`),
  );
}

function section(title: string, ...content: Node[]): HTMLElement {
  return h("section", {}, h("h3", {}, title), ...content);
}
