import assert from "node:assert/strict";
import { ASSETS } from "../views/assets.ts";
import { testApp } from "./testing.ts";

Deno.test("what the pages load is served for ever under names that carry the content", async () => {
  const test = await testApp();
  const { html } = await test.page("/sessions");
  const loaded = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, url]) => url);
  assert.deepEqual(new Set(loaded), new Set(ASSETS.map((asset) => `/assets/${asset.name}`)));
  for (const url of loaded) {
    const reply = await test.app.request(url);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get("cache-control")!, /immutable/);
    assert.match(reply.headers.get("content-type")!, /css|javascript|svg/);
    assert.ok((await reply.text()).length > 100);
  }
  assert.equal((await test.page("/assets/style-000000000000.css")).status, 404);
  await test.close();
});
