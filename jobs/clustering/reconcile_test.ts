import assert from "node:assert/strict";
import fc from "fast-check";
import { reconcile } from "./reconcile.ts";

const given = (entries: Record<string, number | string>) => new Map(Object.entries(entries));
const labels = (entries: Record<string, number>) => new Map(Object.entries(entries));

Deno.test("a cluster that grew keeps its identity, a new one gets none", () => {
  assert.deepEqual(
    reconcile(given({ a: 7, b: 7, c: 7 }), labels({ a: 0, b: 0, c: 0, d: 0, e: 1, f: 1, g: -1 })),
    new Map([[0, 7], [1, null]]),
  );
});

Deno.test("the larger half of a split keeps it; even halves both lose it", () => {
  const old = given({ a: 7, b: 7, c: 7, d: 7, e: 7 });
  assert.deepEqual(
    reconcile(old, labels({ a: 0, b: 0, c: 1, d: 1, e: 1 })),
    new Map([[0, null], [1, 7]]),
  );
  assert.deepEqual(
    reconcile(old, labels({ a: 0, b: 0, c: 1, d: 1, e: -1 })),
    new Map([[0, null], [1, null]]),
  );
});

Deno.test("of clusters that merged the one that brings most faces gives its identity", () => {
  const old = given({ a: "ann", b: "ann", c: "bob", d: "bob", e: "bob" });
  assert.deepEqual(reconcile(old, labels({ a: 0, b: 0, c: 0, d: 0, e: 0 })), new Map([[0, "bob"]]));
  const even = given({ c: "bob", d: "bob", a: "ann", b: "ann" });
  assert.deepEqual(reconcile(even, labels({ a: 0, b: 0, c: 0, d: 0 })), new Map([[0, "ann"]]));
});

Deno.test("faces that vanished do not count, faces that are noise now do", () => {
  const old = given({ a: 7, b: 7, c: 7, d: 7, e: 7 });
  assert.deepEqual(reconcile(old, labels({ a: 0, b: 0 })), new Map([[0, 7]]));
  assert.deepEqual(
    reconcile(old, labels({ a: 0, b: 0, c: -1, d: -1, e: -1 })),
    new Map([[0, null]]),
  );
});

const face = fc.integer({ min: 0, max: 40 });
const oldClusters = fc.array(fc.tuple(face, fc.integer({ min: 100, max: 108 })))
  .map((entries) => new Map(entries));
const newLabels = fc.array(fc.tuple(face, fc.integer({ min: -1, max: 8 })))
  .map((entries) => new Map(entries));

Deno.test("identities go to one cluster each, to one that holds most of the old one", () => {
  fc.assert(fc.property(oldClusters, newLabels, (old, now) => {
    const identities = reconcile(old, now);
    assert.deepEqual(new Set(identities.keys()), new Set([...now.values()].filter((l) => l >= 0)));
    const given = [...identities.values()].filter((id) => id !== null);
    assert.equal(new Set(given).size, given.length);
    for (const id of new Set(old.values())) {
      const faces = [...old.keys()].filter((f) => old.get(f) === id && now.has(f));
      for (const [label, identity] of identities) {
        const shared = faces.filter((f) => now.get(f) === label).length;
        if (identity === id) assert.ok(shared > faces.length / 2);
        // Nobody is left out without a reason: the label went to one that brought as many or more.
        else if (shared > faces.length / 2) {
          assert.notEqual(identity, null);
          const winners = [...old.keys()].filter((f) => old.get(f) === identity);
          assert.ok(winners.filter((f) => now.get(f) === label).length >= shared);
        }
      }
    }
  }));
});

Deno.test("the same clustering again keeps every identity, whatever the labels and the order", () => {
  fc.assert(fc.property(oldClusters, fc.integer({ min: 1, max: 8 }), (old, shift) => {
    const renamed = (id: number) => (id - 100 + shift) % 9;
    const now = new Map([...old].reverse().map(([face, id]) => [face, renamed(id)]));
    const identities = reconcile(old, now);
    for (const id of old.values()) assert.equal(identities.get(renamed(id)), id);
  }));
});

Deno.test("the order in which faces are listed does not matter", () => {
  fc.assert(fc.property(oldClusters, newLabels, (old, now) => {
    const reversed = reconcile(new Map([...old].reverse()), new Map([...now].reverse()));
    assert.deepEqual([...reversed].sort(), [...reconcile(old, now)].sort());
  }));
});
