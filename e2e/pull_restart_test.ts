import assert from "node:assert/strict";
import { catalogue } from "../models/catalogue.ts";
import { packFiles } from "../models/manifest.ts";
import { until } from "./browser.ts";
import { serve } from "./served.ts";

const PACK = catalogue().find(({ name }) => name === "buffalo_s")!;
const [FIRST] = packFiles(PACK);
const SENT = 1_000_000;

/** Sends a megabyte of whatever it is asked for, and then nothing more. */
function stallingMirror() {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const range = request.headers.get("range");
    asked.push(`${new URL(request.url).pathname} ${range ?? "whole"}`);
    const from = Number(range?.match(/\d+/)?.[0] ?? 0), length = FIRST.bytes!;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(SENT)),
    });
    const headers = { "content-length": String(length - from) };
    if (from === 0) return new Response(body, { headers });
    const place = { "content-range": `bytes ${from}-${length - 1}/${length}` };
    return new Response(body, { status: 206, headers: { ...headers, ...place } });
  });
  return { asked, url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

Deno.test("a pull the server died over is shown as interrupted and goes on from there", async () => {
  const mirror = stallingMirror();
  const served = await serve({ env: { SAFELIGHT_MODELS_MIRROR: mirror.url } });
  const post = (deed: string) =>
    fetch(`${served.url}/api/v1/models/${PACK.name}/${deed}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ acceptLicence: true }),
    });
  const look = async () => {
    const { items } = await (await fetch(`${served.url}/api/v1/models`)).json();
    return items.find(({ name }: { name: string }) => name === PACK.name);
  };
  const beyond = (bytes: number) => async () => (await look()).progress?.bytes > bytes;

  const begun = await post("pull");
  assert.equal(begun.status, 202, await begun.text());
  await until("something is there", beyond(0));
  await served.killAndRestart();
  const { status, progress } = await look();
  assert.equal(status, "interrupted");
  assert.ok(progress.bytes > 0 && progress.bytes <= SENT, progress.bytes);
  const html = await (await fetch(`${served.url}/models`)).text();
  assert.match(html, /Interrupted at \d+\.\d\s%.*>Resume</s);
  assert.equal((await (await post("pull")).json()).changed, true);
  await until("more is there", beyond(progress.bytes));
  const place = `/${new URL(FIRST.url!).host}${new URL(FIRST.url!).pathname}`;
  assert.deepEqual(mirror.asked, [`${place} whole`, `${place} bytes=${progress.bytes}-`]);
  // With a pull under way that would never end.
  await served.stop();
  await mirror.close();
});
