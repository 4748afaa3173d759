import assert from "node:assert/strict";
import { join } from "node:path";
import { alone } from "../models/decode_gate.ts";
import { paintPictures } from "./change_models_testing.ts";
import { createIntake } from "./intake.ts";
import { testWorker } from "./testing.ts";
import { readItem } from "./training_item.ts";
import type { WorkerContext } from "./worker_context.ts";

Deno.test("while a picture hangs, that others of its batch wait is no movement", async () => {
  const worker = await testWorker();
  const { db, photos, engine, config } = worker;
  await paintPictures(photos, ["0", "1", "2", "3"]);
  const intake = createIntake(2);
  const { decoding } = intake;
  let asked = 0;
  intake.decoding = {
    ...decoding,
    pass: (weight, work, waits) => {
      asked++;
      return decoding.pass(weight, work, waits);
    },
  };

  /** Reads these as one batch, and counts how often something moved. */
  function batch(...ids: number[]) {
    const moves = { count: 0 };
    const context: WorkerContext = {
      db,
      config,
      engine,
      worker: { id: crypto.randomUUID(), device: "cpu", models: engine.models },
      stopping: new AbortController().signal,
      advance: () => Promise.resolve(),
      inTouch: () => Promise.resolve(),
      moved: () => moves.count++,
      outlived: () => {},
      finished: () => {},
    };
    const stages = {
      intake,
      wanted: () => Promise.resolve(true),
      read: () => {},
      inside: { items: 0 },
    };
    const read = Promise.all(ids.map((id) => {
      const path = join(photos, `${id}.png`);
      const file = { id, path, size: 1000, mtimeMs: 0, trained: false, photo: null };
      return readItem(context, { jobId: id, file }, stages);
    }));
    return { moves, read };
  }

  const becomes = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  // Until it ends, nothing is unpacked: as a decoder that hangs.
  const hang = Promise.withResolvers<void>();
  const hanging = alone(() => hang.promise);
  // Two of three go inside, and hang there.
  const hung = batch(0, 1, 2);
  await becomes(() => asked === 3 && decoding.load === 2);
  const waiting = batch(3);
  await becomes(() => asked === 4);
  const turn = waiting.moves.count;
  await becomes(() => waiting.moves.count > turn);
  const still = hung.moves.count;
  await becomes(() => waiting.moves.count > turn + 2);
  assert.equal(hung.moves.count, still, "a batch that hangs counts as moving");
  hang.resolve();
  await hanging;
  const items = [...await hung.read, ...await waiting.read];
  assert(items.every(({ picture }) => picture !== null));
  assert(hung.moves.count > still);
  await worker.close();
});
