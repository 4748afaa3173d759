import assert from "node:assert/strict";
import { catalogue } from "./catalogue.ts";
import { packFiles } from "./manifest.ts";

Deno.test("every file of the catalogue is pinned: revision, length and SHA-256", () => {
  for (const pack of catalogue()) {
    for (const { file, url, bytes, sha256 } of packFiles(pack)) {
      assert.match(url!, /^https:\/\/[^?]+\/[0-9a-f]{40}\/[^?]+$/, `${pack.name} ${file}`);
      assert.ok(bytes! > 100_000, `${pack.name} ${file}: ${bytes}`);
      assert.match(sha256!, /^[0-9a-f]{64}$/);
    }
    assert.match(pack.licence.url!, /^https:/);
    assert.ok(pack.description && pack.homepage && pack.hosts.length > 0);
  }
});

Deno.test("InsightFace's weights, and no others, need consent", () => {
  const needing = catalogue().filter(({ licence }) => licence.nonCommercial);
  assert.deepEqual(needing.map(({ name }) => name).sort(), ["buffalo_l", "buffalo_s"]);
});
