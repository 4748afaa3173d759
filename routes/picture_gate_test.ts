import assert from "node:assert/strict";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Env } from "./env.ts";
import { onError } from "./errors.tsx";
import { pictureGate } from "./picture_gate.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An application whose handler reads the body, and works on it until it is let go. */
function gated(options: Parameters<typeof pictureGate>[1] = {}) {
  const working: (() => void)[] = [];
  let most = 0;
  const app = new Hono<Env>();
  app.onError(onError);
  app.use("/api/v1/search", pictureGate(1_000_000, options));
  app.use(bodyLimit({ maxSize: 1_000_000 }));
  app.post("/api/v1/search", async (c) => {
    const { length } = await c.req.text();
    const done = Promise.withResolvers<void>();
    working.push(done.resolve);
    most = Math.max(most, working.length);
    await done.promise;
    return c.json({ length });
  });
  app.get("/api/v1/search", (c) => c.json({}));
  let read = 0;
  return {
    working,
    most: () => most,
    /** Bodies of which anything was read. */
    read: () => read,
    send(signal?: AbortSignal) {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          read++;
          controller.enqueue(new TextEncoder().encode("picture"));
          controller.close();
        },
      }, { highWaterMark: 0 });
      return Promise.resolve(app.request("/api/v1/search", { method: "POST", body, signal }));
    },
    request: app.request,
    fetch: app.fetch,
  };
}

async function until(what: () => boolean) {
  const end = performance.now() + 5000;
  while (!what()) {
    assert.ok(performance.now() < end, "waited in vain");
    await pause(2);
  }
}

Deno.test("two pictures at a time are read, eight wait unread, others are told to come back", async () => {
  const gate = gated();
  const sent = Array.from({ length: 10 }, () => gate.send());
  await until(() => gate.working.length === 2);
  await pause(50);
  assert.equal(gate.read(), 2, "of those that wait nothing is read");
  const refused = await gate.send();
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after")!, /^[1-9]\d*$/);
  const { error } = await refused.json();
  assert.equal(error.code, "too_many_pictures");
  assert.match(error.message, /try again in \d+ seconds/);
  assert.equal((await gate.request("/api/v1/search")).status, 200, "words are no pictures");
  for (let done = 0; done < 10; done++) {
    await until(() => gate.working.length > 0);
    gate.working.shift()!();
  }
  assert.deepEqual((await Promise.all(sent)).map(({ status }) => status), Array(10).fill(200));
  assert.equal(gate.most(), 2);
});

Deno.test("who hangs up leaves the queue, and a picture that fails its place", async () => {
  const gate = gated({ abreast: 1, waiting: 1 });
  const first = gate.send();
  await until(() => gate.working.length === 1);
  const gone = new AbortController();
  const left = gate.send(gone.signal);
  assert.equal((await gate.send()).status, 503);
  gone.abort();
  assert.equal((await left).status, 400);
  const third = gate.send();
  await pause(20);
  gate.working.shift()!();
  assert.equal((await first).status, 200);
  await until(() => gate.working.length === 1);
  assert.equal(gate.read(), 2, "the one that was left is never read");
  gate.working.shift()!();
  assert.equal((await third).status, 200);
});

Deno.test("what is too large needs no place, and what never comes keeps none", async () => {
  const gate = gated({ abreast: 1, waiting: 0, stalledMs: 50 });
  const first = gate.send();
  await until(() => gate.working.length === 1);
  const sent = (length: number) =>
    Promise.resolve(gate.request("/api/v1/search", {
      method: "POST",
      headers: { "content-length": String(length) },
      body: "x",
    }));
  assert.equal((await sent(1_000_001)).status, 413);
  assert.equal((await sent(1_000_000)).status, 503);
  const small = sent(1);
  await until(() => gate.working.length === 2);
  for (const done of gate.working.splice(0)) done();
  assert.deepEqual([(await first).status, (await small).status], [200, 200]);
  const never = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const stalled = await gate.request("/api/v1/search", { method: "POST", body: never });
  assert.equal(stalled.status, 408);
  assert.equal((await stalled.json()).error.code, "body_stalled");
  const next = gate.send();
  await until(() => gate.working.length === 1);
  gate.working.shift()!();
  assert.equal((await next).status, 200);
});

Deno.test("a connection that ended in the queue has its turn for a moment only", async () => {
  const gate = gated({ abreast: 1, waiting: 1 });
  const first = gate.send();
  await until(() => gate.working.length === 1);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, gate.fetch);
  const { port } = server.addr as Deno.NetAddr;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(
    `POST /api/v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n`,
  ));
  await pause(200);
  assert.equal((await gate.send()).status, 503);
  connection.close();
  const next = () => gate.working.shift()!();
  next();
  assert.equal((await first).status, 200);
  const second = gate.send();
  await until(() => gate.working.length === 1);
  next();
  assert.equal((await second).status, 200);
  assert.equal(gate.read(), 2);
  await server.shutdown();
});
