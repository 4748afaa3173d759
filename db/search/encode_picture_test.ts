import assert from "node:assert/strict";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { textEncoders } from "../../commands/text_encoders.ts";
import { paintPictures } from "../../jobs/change_models_testing.ts";
import { testWorker } from "../../jobs/testing.ts";
import { ImageError } from "../../models/types.ts";
import { embeddings, files } from "../schema.ts";
import { vectorOfBytes } from "../vectors.ts";
import { createSearch } from "./search.ts";

const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

Deno.test("a picture that somebody shows is compared as training would", async (t) => {
  const worker = await testWorker();
  const { db, database, config } = worker;
  const names = ["a", "b", "c", "d", "e"];
  await paintPictures(worker.photos, names);
  await worker.run();
  const open = textEncoders(config);
  const search = createSearch(database, open);
  const idOf = new Map(
    (await db.select().from(files)).map(({ path, photoId }) => [path, photoId!]),
  );
  const bytesOf = (name: string) => Deno.readFile(join(worker.photos, `${name}.png`));

  await t.step("its vector is that of the photo", async () => {
    const encoder = (await open(null))!;
    const trained = await db.select().from(embeddings);
    for (const name of names) {
      const vector = await encoder.embedPicture(await bytesOf(name));
      const id = idOf.get(join(worker.photos, `${name}.png`));
      const own = vectorOfBytes(trained.find(({ photoId }) => photoId === id)!.vector);
      assert.ok(product(vector, own) >= 0.9999, `${name}: ${product(vector, own)}`);
    }
    await encoder.close();
  });

  await t.step("it finds itself first, and its token stands for it", async () => {
    const pictures = await Promise.all(
      names.map(async (name) => await search.encodePicture(await bytesOf(name))),
    );
    for (const [i, picture] of pictures.entries()) {
      const found = await search.find({ words: "", picture, filter: {}, limit: 3 });
      assert.equal(found.results[0].id, idOf.get(join(worker.photos, `${names[i]}.png`)));
      assert.ok(found.results[0].score! > 0.999);
    }
  });

  await t.step("what is no picture is told in words", async () => {
    const refused = (bytes: Uint8Array, fault: RegExp) =>
      assert.rejects(
        search.encodePicture(bytes),
        (error) => error instanceof ImageError && fault.test(`${error.fault}: ${error.message}`),
      );
    await refused(new Uint8Array(), /^empty/);
    await refused(new TextEncoder().encode("<svg onload=alert(1)>"), /^unsupported/);
    await refused((await bytesOf("a")).slice(0, 200), /^(truncated|corrupt)/);
    // A header that promises 60,000 × 60,000 pixels: nothing of it is unpacked.
    const bomb = await bytesOf("a");
    const header = new DataView(bomb.buffer);
    header.setUint32(16, 60_000);
    header.setUint32(20, 60_000);
    header.setUint32(29, crc32(bomb.subarray(12, 29)));
    await refused(bomb, /^too_large/);
    assert.ok(await search.encodePicture(await bytesOf("a")), "and the next one is read");
  });

  await search.close();
  await worker.close();
});
