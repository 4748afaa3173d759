import assert from "node:assert/strict";
import { readConfig } from "../config.ts";
import { createSearch } from "../db/search/search.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { createApp } from "./app.ts";
import { draw, drawing } from "./drawn_photos_testing.ts";

Deno.test("a picture while no models can be opened: the page says so, and keeps what was asked", async () => {
  const database = await testDatabase();
  const search = createSearch(database, () => Promise.reject(new Error("no pack is installed")));
  const config = readConfig({ SAFELIGHT_DATA: await testDirectory() });
  const app = createApp({ database, config, search });
  const body = new FormData();
  body.append("q", "kept");
  const bytes = new Uint8Array(await draw(drawing(2)));
  body.append("file", new File([bytes], "given.png", { type: "image/png" }));
  const headers = { origin: "http://localhost" };
  const reply = await app.request("/search", { method: "POST", body, headers });
  assert.equal(reply.status, 503);
  const html = await reply.text();
  assert.match(html, /role="alert">[^<]*no pack is installed\./);
  assert.match(html, /name="q" value="kept"/);
  await search.close();
  await database.drop();
});
