import assert from "node:assert/strict";
import { ASSETS } from "../views/assets.ts";
import { testApp } from "./testing.ts";

Deno.test("what the pages load is served for ever under names that carry the content", async () => {
  const test = await testApp();
  const pages = await Promise.all(["/sessions", "/search"].map((path) => test.page(path)));
  const html = pages.map((page) => page.html).join("");
  const found = html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g);
  const loaded = [...new Set([...found].map(([, url]) => url))];
  assert.deepEqual(loaded.toSorted(), ASSETS.map((asset) => `/assets/${asset.name}`).sort());
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
