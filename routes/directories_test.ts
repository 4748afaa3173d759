import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../db/testing.ts";
import { Directory } from "./api_schemas.ts";
import { type TestApp, testApp } from "./testing.ts";

/** Asks until everything is counted, as the page does. */
async function counted(test: TestApp, path: string) {
  for (let round = 0; round < 500; round++) {
    const { status, body } = await test.get(`/directories?path=${encodeURIComponent(path)}`);
    assert.equal(status, 200, JSON.stringify(body));
    const folder = Directory.parse(body);
    if (!folder.counting && folder.children.every((child) => !child.counting)) return folder;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${path} was never counted`);
}

Deno.test("folders and how many pictures are in them", async (t) => {
  const test = await testApp();
  const root = await testDirectory();
  const write = (path: string) => Deno.writeTextFile(join(root, path), "");
  for (const folder of ["b 10/deep", "b 9", ".hidden", "empty"]) {
    await Deno.mkdir(join(root, folder), { recursive: true });
  }
  for (
    const file of ["one.jpg", "b 10/a.JPEG", "b 10/deep/b.heic", "b 10/deep/c.txt", ".hidden/d.jpg"]
  ) await write(file);
  await Deno.symlink(join(root, "b 10"), join(root, "link"));
  await Deno.symlink(root, join(root, "b 9", "loop"));

  await t.step("children come at once, uncounted ones as null", async () => {
    const { body } = await test.get(`/directories?path=${encodeURIComponent(root)}`);
    const folder = Directory.parse(body);
    assert.deepEqual(folder.children.map((child) => child.name), ["b 9", "b 10", "empty", "link"]);
    for (const child of folder.children) assert.equal(child.imageCount === null, child.counting);
    assert.equal(folder.parent, join(root, ".."));
  });

  await t.step("counts fill in, below as well, and survive a loop", async () => {
    const folder = await counted(test, root);
    assert.equal(folder.imageCount, 3);
    assert.deepEqual(folder.children.map((child) => child.imageCount), [0, 2, 0, 2]);
    assert.ok(folder.children.every((child) => !child.atLeast));
  });

  await t.step("wrong paths are told what is wrong with them", async () => {
    for (
      const [path, code] of [
        [join(root, "nowhere"), "folder_not_found"],
        [join(root, "one.jpg"), "not_a_folder"],
        ["pictures", "path_not_absolute"],
        ["/a\0b", "invalid_request"],
      ]
    ) {
      const { status, body } = await test.get(`/directories?path=${encodeURIComponent(path)}`);
      assert.deepEqual([status, body.error.code], [400, code]);
    }
  });

  await t.step("without a path the chooser's first folder", async () => {
    assert.equal((await test.get("/directories")).status, 200);
  });

  await Deno.remove(root, { recursive: true });
  await test.close();
});
