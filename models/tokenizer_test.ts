import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { openTokenizer } from "./tokenizer.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");
const vocabularyPath = `${data}/models/clip/bpe_simple_vocab_16e6.txt.gz`;

const words = openTokenizer(
  "words",
  new TextEncoder().encode(
    JSON.stringify({ start: 1, end: 2, unknown: 3, words: { red: 10, café: 11 } }),
  ),
);

Deno.test("CLIP's ids equal the reference encoder's", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: CLIP tokens not checked against the reference");
    return;
  }
  const tokenize = openTokenizer("clip", await Deno.readFile(vocabularyPath));
  const reference = JSON.parse(await Deno.readTextFile(`${data}/reference/clip_tokens.json`));
  assert.equal(reference.cases.length, 196);
  for (const { text, ids } of reference.cases) {
    const padded = [...ids, ...new Array(77 - ids.length).fill(0)];
    assert.deepEqual([...tokenize(text, 77)], padded, JSON.stringify(text));
  }
});

Deno.test("CLIP frames any text, however long or strange", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: CLIP tokens not checked with random texts");
    return;
  }
  const tokenize = openTokenizer("clip", await Deno.readFile(vocabularyPath));
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
    const ids = tokenize(text, 77);
    const end = ids.indexOf(49407);
    assert.equal(ids.length, 77);
    assert.equal(ids[0], 49406);
    assert.ok(end >= 1 && ids.subarray(end + 1).every((id) => id === 0));
    assert.ok(ids.every((id) => id >= 0 && id <= 49407));
  }));
});

Deno.test("CLIP's merges may come plain or as tokenizer.json", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: other forms of CLIP's vocabulary not checked");
    return;
  }
  const zipped = await Deno.readFile(vocabularyPath);
  const plain = gunzipSync(zipped);
  const merges = new TextDecoder().decode(plain).split("\n").slice(1, 48895);
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const vocab = { "<|endoftext|>": 49407 };
  const json = encode({ model: { type: "BPE", vocab, merges } });
  const pairs = encode({ model: { type: "BPE", vocab, merges: merges.map((m) => m.split(" ")) } });
  const expected = openTokenizer("clip", zipped)("Grandma's birthday", 77);
  for (const form of [plain, json, pairs]) {
    assert.deepEqual(openTokenizer("clip", form)("Grandma's birthday", 77), expected);
  }
  const other = encode({ model: { type: "BPE", vocab: { "</s>": 2 }, merges } });
  assert.throws(() => openTokenizer("clip", other), /not CLIP's byte-pair encoder/);
});

Deno.test("a vocabulary that is something else is refused", () => {
  assert.throws(
    () => openTokenizer("clip", new TextEncoder().encode("#version\na b\n")),
    /48894 merges/,
  );
  assert.throws(() => openTokenizer("words", new TextEncoder().encode('{"start": 1}')));
});

Deno.test("words: lower case, unknown words, accents, empty text, cut with the end token kept", () => {
  assert.deepEqual([...words("A RED, café!", 8)], [1, 3, 10, 11, 2, 0, 0, 0]);
  assert.deepEqual([...words("cafe\u0301", 4)], [1, 11, 2, 0]);
  assert.deepEqual([...words(" … ", 4)], [1, 2, 0, 0]);
  assert.deepEqual([...words("red red red red", 4)], [1, 10, 10, 2]);
  assert.deepEqual([...words("constructor __proto__ 1", 5)], [1, 3, 3, 3, 2]);
});
