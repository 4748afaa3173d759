import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../../db/testing.ts";
import { neighbourFile, readNeighbours, writeNeighbours } from "./neighbour_file.ts";

Deno.test("lists are kept whole, one file a model, and can be done without", async () => {
  const dir = await testDirectory();
  const one = neighbourFile(dir, "pack@0123456789ab");
  const odd = neighbourFile(dir, "../odd pack/with:signs@1");
  for (const path of [one, odd]) {
    assert.equal(await readNeighbours(path), null, "none yet");
    assert.ok(path.startsWith(join(dir, "neighbours") + "/"));
    await writeNeighbours(path, new TextEncoder().encode(path));
  }
  assert.equal(new TextDecoder().decode((await readNeighbours(one))!), one);
  assert.equal(new TextDecoder().decode((await readNeighbours(odd))!), odd);

  // What a killed process left an hour ago goes; what somebody else is writing stays.
  const left = `${one}.partial-${crypto.randomUUID()}`;
  const writing = `${one}.partial-${crypto.randomUUID()}`;
  await Deno.writeTextFile(left, "half");
  await Deno.writeTextFile(writing, "half");
  await Deno.utime(left, new Date(0), new Date(Date.now() - 2 * 3_600_000));
  await writeNeighbours(one, new Uint8Array(3));
  const names = [...Deno.readDirSync(join(dir, "neighbours"))].map(({ name }) => name);
  assert.deepEqual(names.sort(), [one, odd, writing].map((path) => path.split("/").at(-1)).sort());
  assert.deepEqual([...(await readNeighbours(one))!], [0, 0, 0]);

  // A folder in its place: neither reading nor writing fails.
  const blocked = neighbourFile(dir, "blocked");
  await Deno.mkdir(blocked);
  assert.equal(await readNeighbours(blocked), null);
  await writeNeighbours(blocked, new Uint8Array(3));
  const after = [...Deno.readDirSync(join(dir, "neighbours"))].map(({ name }) => name);
  assert.equal(after.filter((name) => name.startsWith("blocked")).length, 1);
  await Deno.remove(dir, { recursive: true });
});
