import assert from "node:assert/strict";
import { join } from "node:path";
import { cacheFile, readCache, writeCache } from "./cache_file.ts";
import { testDirectory } from "./testing.ts";

Deno.test("what is kept is whole, one file a name, and can be done without", async () => {
  const dir = await testDirectory();
  const folder = join(dir, "neighbours");
  const one = cacheFile(folder, "pack@0123456789ab");
  const odd = cacheFile(folder, "../odd pack/with:signs@1");
  for (const path of [one, odd]) {
    assert.equal(await readCache(path), null, "none yet");
    assert.ok(path.startsWith(folder + "/"));
    await writeCache(path, new TextEncoder().encode(path));
  }
  assert.equal(new TextDecoder().decode((await readCache(one))!), one);
  assert.equal(new TextDecoder().decode((await readCache(odd))!), odd);

  // What a killed process left an hour ago goes; what somebody else is writing stays.
  const left = `${one}.partial-${crypto.randomUUID()}`;
  const writing = `${one}.partial-${crypto.randomUUID()}`;
  await Deno.writeTextFile(left, "half");
  await Deno.writeTextFile(writing, "half");
  await Deno.utime(left, new Date(0), new Date(Date.now() - 2 * 3_600_000));
  await writeCache(one, new Uint8Array(3));
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(names.sort(), [one, odd, writing].map((path) => path.split("/").at(-1)).sort());
  assert.deepEqual([...(await readCache(one))!], [0, 0, 0]);

  // A folder in its place: neither reading nor writing fails.
  const blocked = cacheFile(folder, "blocked");
  await Deno.mkdir(blocked);
  assert.equal(await readCache(blocked), null);
  await writeCache(blocked, new Uint8Array(3));
  const after = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.equal(after.filter((name) => name.startsWith("blocked")).length, 1);
  await Deno.remove(dir, { recursive: true });
});
