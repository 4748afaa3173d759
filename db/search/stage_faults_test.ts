import assert from "node:assert/strict";
import { testDatabase } from "../testing.ts";
import { createStages, EncoderFault, type TextEncoder } from "./stages.ts";

/** An encoder of no words: what matters here is when it opens. */
const encoderOf = (key: string): TextEncoder => ({
  models: { clip: { key, dimension: 2, builtin: false } },
  embedText: () => Promise.resolve(new Float32Array(2)),
  embedPicture: () => Promise.resolve(new Float32Array(2)),
  close: () => Promise.resolve(),
});
const keyOf = ({ encoder }: { encoder: TextEncoder }) => Promise.resolve(encoder.models.clip.key);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a pack that cannot be opened is tried once in a while, not by every search", async () => {
  const database = await testDatabase();
  const tried: (string | null)[] = [];
  const open = (model: string | null) => {
    tried.push(model);
    return model === "good"
      ? Promise.resolve(encoderOf("good"))
      : Promise.reject(new Error("torn"));
  };
  const stages = createStages(database.url, open, { lookAgainMs: 400 });
  const fault = { message: /^Search has no models: torn/ };
  for (let n = 0; n < 3; n++) await assert.rejects(stages.on("bad", keyOf), fault);
  assert.deepEqual(tried, ["bad"], "where nothing else answers");
  assert.equal(await stages.on("good", keyOf), "good", "others are no worse for it");
  for (let n = 0; n < 3; n++) assert.equal(await stages.on("worse", keyOf), "good");
  assert.deepEqual(tried, ["bad", "good", "worse"]);
  await pause(450);
  assert.equal(await stages.on("worse", keyOf), "good");
  assert.deepEqual(tried.slice(3), ["worse"], "it may have been mended");
  await stages.close();
  await database.drop();
});

Deno.test("while other models load, only the first search waits for them a little", async () => {
  const database = await testDatabase();
  const opened = Promise.withResolvers<TextEncoder>();
  const open = (model: string | null) =>
    model === "former" ? Promise.resolve(encoderOf("former")) : opened.promise;
  let settled = 0;
  const stages = createStages(database.url, open, {
    settle: () => Promise.resolve(void settled++),
  });
  assert.equal(await stages.on("former", keyOf), "former");
  assert.equal(settled, 0, "nothing else could answer meanwhile");
  const begun = performance.now();
  assert.equal(await stages.on("latter", keyOf), "former");
  assert.ok(performance.now() - begun > 900);
  const again = performance.now();
  for (let n = 0; n < 5; n++) assert.equal(await stages.on("latter", keyOf), "former");
  assert.ok(performance.now() - again < 500, "five more did not wait");
  opened.resolve(encoderOf("latter"));
  while (await stages.on("latter", keyOf) !== "latter") await pause(5);
  assert.equal(settled, 1);
  await stages.close();
  await database.drop();
});

Deno.test("models that go while they are open are opened anew, or others in their place", async () => {
  const database = await testDatabase();
  const tried: unknown[] = [];
  let there = true;
  const open = (model: string | null, options?: { exactly?: boolean }) => {
    tried.push([model, options?.exactly]);
    return Promise.resolve(encoderOf(there ? "served" : "in use"));
  };
  const stages = createStages(database.url, open, { lookAgainMs: 200 });
  const torn = () => Promise.reject(new EncoderFault(new Error("textual.onnx is gone")));
  assert.equal(await stages.on("served", keyOf), "served");
  there = false;
  await assert.rejects(stages.on("served", torn), /textual.onnx is gone/);
  await assert.rejects(stages.on("served", torn), /textual.onnx is gone/);
  assert.equal(tried.length, 1, "not by every search");
  await pause(250);
  while (await stages.on("served", keyOf) !== "in use") await pause(5);
  assert.deepEqual(tried, [["served", false], ["served", false]]);
  await stages.close();
  await database.drop();
});

Deno.test("an answer waits for nobody's end, and does not fail with it", async () => {
  const database = await testDatabase();
  const never = Promise.withResolvers<void>();
  const open = (model: string | null) =>
    Promise.resolve({
      ...encoderOf(model!),
      close: () => model === "former" ? never.promise : Promise.resolve(),
    });
  const stages = createStages(database.url, open, {});
  const held = Promise.withResolvers<void>();
  const answer = stages.on("former", async (stage) => (await held.promise, await keyOf(stage)));
  while (await stages.on("latter", keyOf) !== "latter") await pause(5);
  held.resolve();
  assert.equal(await answer, "former");
  never.reject(new Error("the thread died"));
  assert.equal(await stages.on("latter", keyOf), "latter");
  await stages.close();
  await database.drop();
});
