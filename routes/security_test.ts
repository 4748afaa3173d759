import assert from "node:assert/strict";
import { testApp } from "./testing.ts";

Deno.test("who may ask, and from where", async (t) => {
  const test = await testApp({
    SAFELIGHT_HOST: "192.168.1.5",
    SAFELIGHT_ALLOWED_HOSTS: "photos.example.org",
  });
  const ask = (path: string, headers: Record<string, string>, method = "GET") =>
    test.app.request(path, { method, headers });

  await t.step("a host name that is not ours is refused, with the remedy", async () => {
    const refused = await ask("/api/v1/health", { host: "evil.example:8420" });
    assert.equal(refused.status, 403);
    const { error } = await refused.json();
    assert.equal(error.code, "host_not_allowed");
    assert.match(error.message, /evil\.example.*SAFELIGHT_ALLOWED_HOSTS=evil\.example/);
    const page = await ask("/sessions", { host: "evil.example" });
    assert.equal(page.status, 403);
    assert.match(await page.text(), /<h1>Refused<\/h1>/);
  });

  await t.step("our names are allowed under any port", async () => {
    const names = ["localhost", "127.0.0.1", "[::1]", "192.168.1.5", "photos.example.org"];
    for (const name of [...names, "LOCALHOST"]) {
      for (const host of [name, `${name}:8420`]) {
        assert.equal((await ask("/api/v1/health", { host })).status, 200, host);
      }
    }
  });

  const host = "localhost:8420";
  const change = "/api/v1/training/sessions/1/start";

  await t.step("changes from other origins are refused", async () => {
    for (
      const headers of [
        { origin: "https://evil.example" },
        { origin: "http://localhost:3000" },
        { origin: "http://127.0.0.1:8420" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ] as Record<string, string>[]
    ) {
      const reply = await ask(change, { host, ...headers }, "POST");
      assert.equal(reply.status, 403, JSON.stringify(headers));
      assert.equal((await reply.json()).error.code, "origin_not_allowed");
    }
  });

  await t.step(
    "our own pages, named proxies and clients without an origin may change things",
    async () => {
      for (
        const headers of [
          { origin: `http://${host}` },
          { origin: "https://photos.example.org" },
          { "sec-fetch-site": "same-origin" },
          {},
        ] as Record<string, string>[]
      ) {
        const reply = await ask(change, { host, ...headers }, "POST");
        // Through the guard, to a session that is not there.
        assert.equal(reply.status, 404, JSON.stringify(headers));
      }
    },
  );

  await t.step("reading is nobody's secret from an origin of its own", async () => {
    assert.equal((await ask("/sessions", { host, origin: "https://evil.example" })).status, 200);
  });

  await t.step("every reply forbids what a page could be tricked into", async () => {
    for (const path of ["/sessions", "/api/v1/health", "/nowhere", "/api/v1/nowhere"]) {
      const { headers } = await ask(path, { host });
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'none'/, path);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "same-origin");
      assert.equal(headers.get("access-control-allow-origin"), null);
    }
  });

  await test.close();
});
