import assert from "node:assert/strict";
import { join } from "node:path";
import { openDataDir } from "./data_dir.ts";
import { partialFolders, previewPath, thumbnailPath, writeWhole } from "./photo_store.ts";
import { testDirectory } from "./testing.ts";

const SHA = "ab".repeat(32);

/** Names of the files below a folder, relative to it. */
async function below(dir: string, at = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(dir, at))) {
    names.push(...isDirectory ? await below(dir, join(at, name)) : [join(at, name)]);
  }
  return names.sort();
}

Deno.test("pictures are written whole, and nothing else is left", async () => {
  const dir = await testDirectory();
  for (const path of [previewPath(dir, SHA), thumbnailPath(dir, SHA)]) {
    await writeWhole(path, new Uint8Array([1]));
    await writeWhole(path, new Uint8Array([1, 2]));
    assert.equal((await Deno.readFile(path)).length, 2);
  }
  assert.deepEqual(await below(dir), [`previews/ab/${SHA}.jpg`, `thumbnails/ab/${SHA}.webp`]);
  // Something stands in the way of the rename: the error comes through, the partial file does not stay.
  const blocked = previewPath(dir, "cd".repeat(32));
  await Deno.mkdir(blocked, { recursive: true });
  await assert.rejects(writeWhole(blocked, new Uint8Array([1])), /directory/i);
  assert.equal((await below(dir)).length, 2);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("opening sweeps what killed processes left an hour ago, and nothing else", async () => {
  const dir = await testDirectory();
  await openDataDir(dir);
  await writeWhole(previewPath(dir, SHA), new Uint8Array([1]));
  await writeWhole(thumbnailPath(dir, SHA), new Uint8Array([1]));
  const [previews, thumbnails] = partialFolders(dir);
  const probes = ["probe", "room"].map((kind) => join(dir, `.${kind}-${crypto.randomUUID()}`));
  const old = [join(previews, "x.jpg.1"), join(thumbnails, "x.webp.1"), ...probes];
  const young = [join(previews, "y.jpg.1"), join(dir, `.room-${crypto.randomUUID()}`)];
  const others = [join(dir, ".room-mate"), join(dir, "notes"), previewPath(dir, SHA)];
  for (const path of [...old, ...young, ...others.slice(0, 2)]) await Deno.writeTextFile(path, "x");
  const before = new Date(Date.now() - 2 * 3_600_000);
  for (const path of [...old, ...others]) await Deno.utime(path, before, before);
  await Deno.mkdir(join(previews, "a folder"));
  await openDataDir(dir);
  assert.deepEqual(
    await below(dir),
    [...young, ...others, thumbnailPath(dir, SHA), join(dir, "VERSION")]
      .map((path) => path.slice(dir.length + 1)).sort(),
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a data directory opens though its leftovers cannot be swept", async () => {
  const dir = await testDirectory();
  await openDataDir(dir);
  await Deno.mkdir(join(dir, "previews"));
  // A file where the folder should be.
  await Deno.writeTextFile(join(dir, "previews", "partial"), "");
  const written: string[] = [];
  const real = console.error;
  console.error = (line: string) => void written.push(line);
  try {
    await openDataDir(dir);
  } finally {
    console.error = real;
  }
  assert.match(written.join("\n"), /leftovers cannot be swept/);
  await Deno.remove(dir, { recursive: true });
});
