import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { TokenizerRole } from "./manifest.ts";

/** Turns a text into exactly `context` token ids: start, words, end, zeros. */
export type Tokenizer = (text: string, context: number) => Int32Array;

/**
 * Opens a tokenizer from the bytes of its vocabulary. For `clip` these are OpenAI's merges list
 * (plain or gzip) or a Hugging Face `tokenizer.json`, for `words` a JSON object
 * `{start, end, unknown, words: {word: id}}`. Throws an Error if they are something else.
 */
export function openTokenizer(kind: TokenizerRole["kind"], vocabulary: Uint8Array): Tokenizer {
  const zipped = vocabulary[0] === 0x1f && vocabulary[1] === 0x8b;
  const text = new TextDecoder().decode(zipped ? gunzipSync(vocabulary) : vocabulary);
  return kind === "clip" ? clipTokenizer(readMerges(text)) : wordTokenizer(text);
}

// 49,408 ids are 256 bytes, each alone and at a word's end, two specials, and merges. OpenAI's file
// lists many more merges, which the models never saw.
const MERGES = 49408 - 2 * 256 - 2;
const START = 49406;
const END = 49407;

const huggingFace = z.object({
  model: z.object({
    type: z.literal("BPE"),
    vocab: z.record(z.string(), z.number()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

function readMerges(text: string): string[] {
  let merges: string[];
  if (text.startsWith("{")) {
    const parsed = huggingFace.safeParse(JSON.parse(text));
    if (!parsed.success || parsed.data.model.vocab["<|endoftext|>"] !== END) {
      throw new Error("the tokenizer is not CLIP's byte-pair encoder; only that one is supported");
    }
    merges = parsed.data.model.merges.map((pair) => Array.isArray(pair) ? pair.join(" ") : pair);
  } else {
    // The first line names the version.
    merges = text.split("\n").slice(1);
  }
  merges = merges.slice(0, MERGES);
  if (merges.length < MERGES || merges.some((merge) => merge.split(" ").length !== 2)) {
    throw new Error(`the vocabulary is not CLIP's list of ${MERGES} merges`);
  }
  return merges;
}

// The byte-pair encoder works on printable characters: bytes that are none are shown as U+0100 on.
const BYTES: string[] = [];
const printable = (byte: number) =>
  (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
for (let byte = 0, next = 256; byte < 256; byte++) {
  BYTES.push(String.fromCharCode(printable(byte) ? byte : next++));
}

const PIECES =
  /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/giu;

function clipTokenizer(merges: string[]): Tokenizer {
  // Ids: printable bytes first, then the others, both again with the mark of a word's end, merges.
  const singles = [...BYTES].sort();
  const ids = new Map<string, number>();
  for (const end of ["", "</w>"]) for (const byte of singles) ids.set(byte + end, ids.size);
  const ranks = new Map<string, number>();
  for (const merge of merges) {
    ranks.set(merge, ranks.size);
    ids.set(merge.replace(" ", ""), ids.size);
  }
  const encoder = new TextEncoder();
  return (text, context) => {
    const tokens: number[] = [];
    for (const [piece] of clean(text).matchAll(PIECES)) {
      if (tokens.length >= context) break;
      const letters = Array.from(encoder.encode(piece), (byte) => BYTES[byte]);
      for (const part of mergePairs(letters, ranks)) tokens.push(ids.get(part)!);
    }
    return frame(tokens, { start: START, end: END, context });
  };
}

// Merges the pair of lowest rank until none is left.
function mergePairs(letters: string[], ranks: Map<string, number>): string[] {
  const parts = [...letters];
  parts[parts.length - 1] += "</w>";
  while (parts.length > 1) {
    let best = Infinity;
    let pair = "";
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`);
      if (rank !== undefined && rank < best) [best, pair] = [rank, `${parts[i]} ${parts[i + 1]}`];
    }
    if (best === Infinity) break;
    const merged: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      const joins = i + 1 < parts.length && `${parts[i]} ${parts[i + 1]}` === pair;
      merged.push(joins ? parts[i] + parts[++i] : parts[i]);
    }
    parts.splice(0, parts.length, ...merged);
  }
  return parts;
}

// More characters than 77 tokens ever hold; merging takes quadratic time.
const LONGEST = 2048;

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

// What the reference does before it splits: HTML entities, escaped twice at most, white space,
// lower case. Python's lower() of "İ" gives two characters, as toLowerCase() does.
function clean(text: string): string {
  const unescape = (escaped: string) =>
    escaped.replace(/&(amp|lt|gt|quot|apos|#39);/g, (_, name) => ENTITIES[name] ?? "'");
  const plain = unescape(unescape(text.normalize("NFC"))).replace(/\s+/g, " ").trim();
  return plain.slice(0, LONGEST).toLowerCase();
}

const wordList = z.object({
  start: z.int(),
  end: z.int(),
  unknown: z.int(),
  words: z.record(z.string(), z.int()),
});

function wordTokenizer(text: string): Tokenizer {
  const { start, end, unknown, words } = wordList.parse(JSON.parse(text));
  const ids = new Map(Object.entries(words));
  return (text, context) => {
    const split = text.normalize("NFC").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    return frame(split.map((word) => ids.get(word) ?? unknown), { start, end, context });
  };
}

// Too long a text is cut, but its end token stays: CLIP reads the sentence's vector there.
function frame(tokens: number[], options: { start: number; end: number; context: number }) {
  const ids = new Int32Array(options.context);
  ids.set([options.start, ...tokens.slice(0, options.context - 2), options.end]);
  return ids;
}
