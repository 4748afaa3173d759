import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JOB_STATES, PHASE_STATUSES } from "../db/schema.ts";
import { explain, REASONS } from "./reasons.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** How the code writes a reason down: as a property, in an error, in SQL. */
const WRITTEN = [
  /\breason: "([a-z_]+)"/g,
  /\b(?:ReadFault|ImageError)\(\s*"([a-z_]+)"/g,
  /\breason = '([a-z_]+)'/g,
  /\b(?:then|else) '([a-z_]+)'/g,
];
const IMAGE_FAULTS = /type ImageFault =([^;]+);/;
/** What SQL's `then` and `else` yield besides reasons. */
const OTHER_WORDS = new Set<string>([
  ...JOB_STATES,
  ...PHASE_STATUSES,
  "permanent",
  "transient",
  "death",
]);

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      yield await Deno.readTextFile(path);
    }
  }
}

async function reasonsUsed(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const room of ["jobs", "models"]) {
    for await (const source of sources(join(ROOT, room))) {
      for (const pattern of WRITTEN) {
        for (const [, word] of source.matchAll(pattern)) found.add(word);
      }
      const [, faults] = source.match(IMAGE_FAULTS) ?? [];
      for (const [, word] of faults?.matchAll(/"([a-z_]+)"/g) ?? []) found.add(word);
    }
  }
  return new Set([...found].filter((word) => !OTHER_WORDS.has(word)));
}

Deno.test("every reason the code writes down has words, and no other", async () => {
  const used = await reasonsUsed();
  // One for each way of writing it down: the search itself must find what there is.
  for (const known of ["gave_up", "vanished", "truncated", "bad_name", "crashed", "unreadable"]) {
    assert.ok(used.has(known), `${known} is not found in the code`);
  }
  assert.deepEqual([...used].filter((reason) => !(reason in REASONS)), []);
  const made = new Set([...used, "unknown", "phase_failed"]);
  assert.deepEqual(Object.keys(REASONS).filter((reason) => !made.has(reason)), []);
});

Deno.test("the words are short sentences; an unknown reason is shown as it is", () => {
  for (const [reason, { title, text }] of Object.entries(REASONS)) {
    assert.ok(title.length <= 20, `${reason}: ${title}`);
    assert.match(text, /^[A-Z].{15,200}\.$/, reason);
  }
  assert.equal(explain(null), REASONS.unknown);
  assert.deepEqual(explain("on_fire"), { title: "on_fire", text: REASONS.unknown.text });
});
