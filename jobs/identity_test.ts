import assert from "node:assert/strict";
import fc from "fast-check";
import { type FirstSeen, identify, isBefore, type KnownPhoto, similarShape } from "./identity.ts";

const SESSION = 7;

/** Plays files of near-copies, some of them byte for byte, through identify in the order given. */
function play(files: (FirstSeen & { content: number })[], known: KnownPhoto[] = []) {
  const photos = new Map<number, KnownPhoto>();
  let representative: KnownPhoto | null = known[0] ?? null;
  for (const file of files) {
    const same = photos.get(file.content) ?? null;
    const identity = identify({ ...file, sessionId: SESSION }, { same, similar: representative });
    if (identity.kind === "same_content") {
      const { photo } = identity;
      if (isBefore(file, photo.first)) photo.first = file;
      continue;
    }
    const photo = same ?? {
      id: file.content,
      representativeId: null,
      first: file,
      sessionId: SESSION,
      scanned: false,
    };
    photos.set(file.content, photo);
    if (identity.kind === "duplicate") photo.representativeId = identity.representative.id;
    else {
      photo.first = same && isBefore(same.first, file) ? same.first : file;
      photo.representativeId = null;
      if (identity.replaces) identity.replaces.representativeId = photo.id;
      representative = photo;
    }
  }
  return { representative, photos };
}

const file = fc.record({
  mtimeMs: fc.integer({ min: 0, max: 5 }),
  path: fc.stringMatching(/^\/[a-d]{1,3}$/),
  content: fc.integer({ min: 1, max: 4 }),
});
const group = fc.uniqueArray(file, { selector: (file) => file.path, minLength: 1, maxLength: 8 });

Deno.test("the first by time and path represents, in whatever order files come in", () => {
  fc.assert(fc.property(
    group.chain((files) =>
      fc.tuple(
        fc.constant(files),
        fc.shuffledSubarray(files, { minLength: files.length, maxLength: files.length }),
      )
    ),
    ([files, shuffled]) => {
      const first = [...files].sort((a, b) => isBefore(a, b) ? -1 : 1)[0];
      const { representative } = play(shuffled);
      assert.equal(representative!.id, first.content);
      assert.deepEqual(
        { mtimeMs: representative!.first.mtimeMs, path: representative!.first.path },
        { mtimeMs: first.mtimeMs, path: first.path },
      );
    },
  ));
});

Deno.test("photos of earlier sessions, and scanned ones, keep their place", () => {
  fc.assert(fc.property(group, fc.boolean(), (files, scanned) => {
    const settled: KnownPhoto = {
      id: 99,
      representativeId: null,
      first: { mtimeMs: 1000, path: "/z" },
      sessionId: scanned ? SESSION : SESSION - 1,
      scanned,
    };
    const { representative, photos } = play(files, [settled]);
    assert.equal(representative!.id, 99);
    for (const photo of photos.values()) assert.equal(photo.representativeId, 99);
  }));
});

Deno.test("shapes within two per cent are alike, others are not", () => {
  assert.ok(similarShape({ width: 300, height: 200 }, { width: 1500, height: 1000 }));
  assert.ok(similarShape({ width: 1500, height: 1000 }, { width: 1500, height: 1015 }));
  assert.ok(!similarShape({ width: 1500, height: 1000 }, { width: 1500, height: 1040 }));
  assert.ok(!similarShape({ width: 1500, height: 1000 }, { width: 1000, height: 1500 }));
});
