// Bundles the chart into one module and writes the notices its licences ask for: `node build.mjs OUT [NAME]`.
import { build } from "esbuild";
import { MIT, ZERO_BSD } from "./licences.mjs";
import { copyFile, readFile, writeFile } from "node:fs/promises";

const [, , out = "../assets", name = "chart-dev"] = process.argv;

await build({
  entryPoints: ["src/main.ts"],
  outfile: `${out}/${name}.js`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".css": "text", ".svg": "text" },
  legalComments: "inline",
  logLevel: "warning",
});

await copyFile("src/style/candlewick.svg", `${out}/candlewick.svg`);
await writeFile(`${out}/THIRD_PARTY_NOTICES.txt`, await notices());

async function notices() {
  const version = async (module) => JSON.parse(await readFile(`node_modules/${module}/package.json`, "utf8")).version;
  const rule = "\n" + "=".repeat(80) + "\n";
  return [
    "Candlewick's chart is bundled with the following software.\n",
    `TradingView Lightweight Charts™ ${await version("lightweight-charts")} (Apache License 2.0)\n\n` +
      "TradingView Lightweight Charts\nCopyright (с) 2023 TradingView, Inc. https://www.tradingview.com/\n\n" +
      (await readFile("node_modules/lightweight-charts/LICENSE", "utf8")),
    `fancy-canvas ${await version("fancy-canvas")} (MIT License)\nCopyright (c) TradingView, Inc.\n\n${MIT}`,
    `tslib, parts of which are compiled into lightweight-charts (0BSD)\nCopyright (c) Microsoft Corporation.\n\n${ZERO_BSD}`,
  ].join(rule);
}
