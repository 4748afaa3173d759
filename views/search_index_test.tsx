import assert from "node:assert/strict";
import { IndexNews } from "./search_index.tsx";

const shown = (index: Parameters<typeof IndexNews>[0]["index"]) => String(IndexNews({ index }));

Deno.test("while the index is made the page says so and asks again, and then no more", () => {
  const building = shown({ state: "building", done: 12_000, total: 100_000 });
  assert.match(building, /12,000 of 100,000/);
  assert.match(building, /<progress[^>]* value="12"/);
  assert.match(building, /hx-get="\/search\/index" hx-trigger="every 2s"/);
  assert.match(building, /looks at all of them/);
  const loading = shown({ state: "loading", done: 5, total: 10 });
  assert.match(loading, /is being read: 5 of 10\. A search waits/);
  assert.doesNotMatch(loading, /looks at all/);
  assert.match(loading, /hx-trigger="every 2s"/);
  const still = [
    null,
    { state: "ready" as const, done: 5, total: 5 },
    // Nobody searched yet: it stays so for as long as the page is open.
    { state: "idle" as const, done: 0, total: 0 },
    { state: "loading" as const, done: 0, total: 0 },
  ];
  for (const index of still) {
    assert.equal(shown(index), `<div id="index-news"></div>`);
  }
});
