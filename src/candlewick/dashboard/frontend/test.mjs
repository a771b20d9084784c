// Bundles each test of the front end for Node and runs them with its own runner: `node test.mjs`.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const under = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const out = mkdtempSync(join(tmpdir(), "candlewick-chart-"));
try {
  const entryPoints = under("test", ".test.ts");
  const loader = { ".css": "text", ".svg": "text" };
  const shape = { bundle: true, platform: "node", format: "esm", loader, outExtension: { ".js": ".mjs" } };
  await build({ entryPoints, outdir: out, outbase: "test", ...shape });
  process.exitCode = spawnSync(process.execPath, ["--test", ...under(out, ".mjs")], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true });
}
