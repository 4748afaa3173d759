import assert from "node:assert/strict";
import { cameFrom } from "./came_from.ts";

const HERE = "http://photos.local:8080/photos/7";

Deno.test("the way back is a page of this program with something to come back to", () => {
  const given = (from: string) => cameFrom(HERE, { given: from });
  assert.equal(given("/search?q=a&cursor=b#photo-7"), "/search?q=a&cursor=b#photo-7");
  assert.equal(given("/duplicates?kind=near"), "/duplicates?kind=near");
  const refused = [
    "",
    "search",
    "//evil.example/search",
    "/\\evil.example/search",
    "/\t/evil.example/search",
    "https://evil.example/search",
    "http://photos.local:8080/search",
    "javascript:alert(1)",
    "/searching",
    "/search/../settings",
    "/photos/8",
  ];
  for (const from of refused) assert.equal(given(from), null, from);
});

Deno.test("without a word on it, the page the browser came from", () => {
  const referred = (referrer: string, given?: string) => cameFrom(HERE, { referrer, given });
  assert.equal(referred("http://photos.local:8080/search?q=x"), "/search?q=x");
  assert.equal(referred("http://evil.example/search?q=x"), null);
  assert.equal(referred("https://photos.local:8080/search"), null);
  assert.equal(referred("nonsense:"), null);
  assert.equal(referred("http://photos.local:8080/people"), null);
  assert.equal(referred("http://photos.local:8080/search?q=x", "/search?q=y"), "/search?q=y");
  assert.equal(cameFrom(HERE, {}), null);
});
