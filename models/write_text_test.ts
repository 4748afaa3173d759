import assert from "node:assert/strict";
import { join } from "node:path";
import { writeText } from "./write_text.ts";

const names = (dir: string) => [...Deno.readDirSync(dir)].map((entry) => entry.name);

Deno.test("a text is replaced as a whole, and a failure leaves nothing beside it", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "choice.json");
  await writeText(path, "the first, longer one");
  await writeText(path, "second");
  assert.equal(await Deno.readTextFile(path), "second");
  assert.deepEqual(names(dir), ["choice.json"]);
  const blocked = join(dir, "folder");
  await Deno.mkdir(join(blocked, "full"), { recursive: true });
  await assert.rejects(writeText(blocked, "no file takes a folder's place"), /directory/i);
  assert.deepEqual(names(dir).sort(), ["choice.json", "folder"]);
  await Deno.remove(dir, { recursive: true });
});
