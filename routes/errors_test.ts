import assert from "node:assert/strict";
import { testApp } from "./testing.ts";

Deno.test("every error has one shape", async (t) => {
  const test = await testApp();
  test.app.get("/api/v1/broken", () => {
    throw new Error("the secret place /home/me");
  });

  await t.step("an unknown place is JSON under /api and a page elsewhere", async () => {
    const { status, body } = await test.get("/nowhere");
    assert.deepEqual([status, body.error.code], [404, "not_found"]);
    const page = await test.page("/<script>");
    assert.equal(page.status, 404);
    assert.match(page.html, /<h1>Not found<\/h1>/);
    assert.doesNotMatch(page.html, /<script>/);
  });

  await t.step("a known place asked for what it cannot do says what it can", async () => {
    const put = await test.app.request("/api/v1/training/sessions/1", {
      method: "PUT",
      headers: { "sec-fetch-site": "same-origin" },
    });
    assert.equal(put.status, 405);
    assert.equal(put.headers.get("allow"), "HEAD, GET, PATCH, DELETE");
    assert.equal((await put.json()).error.code, "method_not_allowed");
    const start = await test.app.request("/sessions/1/start");
    assert.deepEqual([start.status, start.headers.get("allow")], [405, "POST"]);
    assert.match(await start.text(), /GET means nothing at \/sessions\/1\/start; it takes POST/);
    assert.equal((await test.app.request("/sessions/1/nowhere")).status, 404);
  });

  await t.step("a request too large is refused", async () => {
    const { status, body } = await test.post("/training/sessions", { name: "x".repeat(5_000_000) });
    assert.deepEqual([status, body.error.code], [413, "body_too_large"]);
  });

  await t.step("an unforeseen error is logged under the id the client is told", async () => {
    const lines: string[] = [];
    const original = console.error;
    console.error = (line: string) => lines.push(line);
    const { status, body } = await test.get("/broken").finally(() => console.error = original);
    assert.deepEqual([status, body.error.code], [500, "internal_error"]);
    assert.doesNotMatch(JSON.stringify(body), /secret/);
    const line = lines.find((one) => one.includes(body.error.details.errorId));
    assert.match(line!, /the secret place/);
  });

  await t.step("health and readiness, and a database that is gone", async () => {
    assert.deepEqual((await test.get("/health")).body, { status: "ok" });
    assert.deepEqual((await test.get("/ready")).body, { status: "ready" });
    assert.equal((await test.app.request("/ready")).status, 200);
    await test.close();
    const { status, body } = await test.get("/ready");
    assert.deepEqual([status, body.error.code], [503, "database_unreachable"]);
    assert.equal((await test.get("/health")).status, 200);
    const page = await test.page("/sessions");
    assert.equal(page.status, 503);
    assert.match(page.html, /<h1>Not available<\/h1>/);
  });
});
