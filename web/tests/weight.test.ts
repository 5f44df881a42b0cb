import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { build } from "vite";
import { beforeAll, describe, expect, it, vi } from "vitest";

const KIB = 1024;
const FIRST_LOAD_BYTES = 220 * KIB;
const PAGE_BYTES = 60 * KIB;

let chunks: Map<string, Rolldown.OutputChunk>;
let weights: Map<string, number>;

beforeAll(async () => {
  // React is built for whoever tests otherwise, and is three times as heavy.
  vi.stubEnv("NODE_ENV", "production");
  const built = await build({
    root: fileURLToPath(new URL("..", import.meta.url)),
    logLevel: "silent",
    build: { write: false },
  });
  const output = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  weights = new Map(output.map((file) => [file.fileName, weigh(file)]));
}, 60_000);

/** As it goes over the wire. */
function weigh(file: Rolldown.OutputChunk | Rolldown.OutputAsset): number {
  return gzipSync(file.type === "chunk" ? file.code : file.source).length;
}

/** A file and all that it needs at once. */
function needed(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const other of chunks.get(name)?.imports ?? []) needed(other, found);
  return found;
}

const weightOf = (names: Iterable<string>) =>
  [...names].reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);

function firstLoad(): Set<string> {
  const [entry] = [...chunks.values()].filter((chunk) => chunk.isEntry);
  return needed(entry?.fileName ?? "");
}

/** Styles are not named by their chunks here: all together are counted with the first load. */
const styles = () => [...weights.keys()].filter((name) => name.endsWith(".css"));

describe("what a browser must fetch", () => {
  it("is at most 220 KiB before the first page", () => {
    const first = firstLoad();
    expect(first.size).toBeGreaterThan(1);
    expect(weightOf([...first, ...styles()])).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });

  it("is at most 60 KiB more for each page", () => {
    const first = firstLoad();
    const pages = [...chunks.values()].filter((chunk) => chunk.isDynamicEntry);
    expect(pages.length).toBeGreaterThan(4);
    for (const page of pages) {
      const more = [...needed(page.fileName)].filter((name) => !first.has(name));
      expect({ page: page.name, isLight: weightOf(more) <= PAGE_BYTES }).toEqual({
        page: page.name,
        isLight: true,
      });
    }
  });
});
