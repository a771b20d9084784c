// Computes indicators for whoever asks, to compare with other libraries: `node test/compute.mjs`, a line in, a line out.
// A request is {"bars": {"time": [...], "open": [...], ...}, "indicators": "ema(50),bb(20,2)"}; the answer is a list
// of {output: values}, one per indicator, with null for no value.
import { build } from "esbuild";
import { createInterface } from "node:readline";

const { outputFiles } = await build({
  stdin: {
    contents: 'export { compute } from "./indicator"; export { read } from "./notation";',
    resolveDir: "src/indicators",
  },
  bundle: true,
  format: "esm",
  write: false,
});
const { compute, read } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);

for await (const line of createInterface(process.stdin)) {
  const { bars, indicators } = JSON.parse(line);
  const answers = read(indicators).map(({ definition, parameters }) => {
    const outputs = Object.entries(compute(definition, bars, parameters));
    return Object.fromEntries(outputs.map(([name, values]) => [name, [...values]]));
  });
  process.stdout.write(JSON.stringify(answers) + "\n");
}
