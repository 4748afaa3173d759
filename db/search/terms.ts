import { SearchFault } from "./types.ts";

/** A part of a query that is compared as one, and whether it is wanted (1) or not (−1). */
export interface Term {
  text: string;
  weight: 1 | -1;
}

/** Characters of a query. */
export const MOST_CHARACTERS = 1000;
/** Each costs a run of the text encoder. */
const MOST_TERMS = 16;

const SIGNS = new Map<string, 1 | -1>([["+", 1], ["-", -1], ["\u2212", -1]]);
const CLOSING = new Map([['"', '"'], ["\u201c", "\u201d"]]);

interface Token {
  text: string;
  /** In quotation marks: no sign in it means anything. */
  quoted: boolean;
  /** It leads the token, without a blank between. */
  sign: 1 | -1 | null;
}

/**
 * The terms of a query: `beach + dog - people` has three. A sign means something where it stands
 * between blanks, for all up to the next one, or leads a word or quotation, for that alone:
 * `beach -people at night` is "beach at night" without "people". Anywhere else it is part of the
 * word, as in "t-shirt", and so it is in quotation marks. Throws a SearchFault for a query of more
 * than 1000 characters or 16 terms.
 */
export function parseTerms(words: string): Term[] {
  if (words.length > MOST_CHARACTERS) {
    throw new SearchFault(
      "bad_query",
      `The query has ${words.length} characters; it may have ${MOST_CHARACTERS}: shorten it`,
    );
  }
  const terms: { texts: string[]; weight: 1 | -1 }[] = [];
  let open: { texts: string[]; weight: 1 | -1 } | null = null;
  for (const { text, quoted, sign } of tokens(words)) {
    if (!quoted && sign === null && SIGNS.has(text)) {
      open = { texts: [], weight: SIGNS.get(text)! };
      terms.push(open);
    } else if (sign !== null) {
      terms.push({ texts: [text], weight: sign });
    } else {
      if (!open) terms.push(open = { texts: [], weight: 1 });
      open.texts.push(text);
    }
  }
  const found = terms
    .map(({ texts, weight }) => ({ text: texts.filter(Boolean).join(" "), weight }))
    .filter(({ text }) => text !== "");
  if (found.length > MOST_TERMS) {
    throw new SearchFault(
      "bad_query",
      `The query has ${found.length} parts with plus or minus; it may have ${MOST_TERMS}: leave some out`,
    );
  }
  return found;
}

/** The terms as a query that has the same terms. */
export function writeTerms(terms: Term[]): string {
  return terms.map(({ text, weight }, at) => {
    const sign = weight < 0 ? "- " : at > 0 ? "+ " : "";
    return sign + (isPlain(text) ? text : quote(text));
  }).join(" ");
}

function isPlain(text: string): boolean {
  // Nothing closes it here, but something behind might.
  if (/(^|\s)[-+\u2212]?["\u201c]/.test(text)) return false;
  const found = tokens(text);
  return found.every(({ text, quoted, sign }) => !quoted && sign === null && !(SIGNS.has(text))) &&
    found.map((token) => token.text).join(" ") === text;
}

const quote = (text: string) => text.includes('"') ? `\u201c${text}\u201d` : `"${text}"`;

function tokens(words: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < words.length;) {
    if (/\s/.test(words[at])) {
      at++;
      continue;
    }
    const sign = /\S/.test(words[at + 1] ?? "") ? SIGNS.get(words[at]) ?? null : null;
    const from = sign === null ? at : at + 1;
    const closing = CLOSING.get(words[from]);
    const end = closing === undefined ? -1 : words.indexOf(closing, from + 1);
    // A quotation ends where a word could; `5" nails` has none, nor has what is never closed.
    if (end >= 0 && /^(\s|$)/.test(words.slice(end + 1, end + 2))) {
      const text = words.slice(from + 1, end).trim().replace(/\s+/g, " ");
      found.push({ text, quoted: true, sign });
      at = end + 1;
      continue;
    }
    const [word] = words.slice(at).match(/^\S+/)!;
    // "--", "-->" and "+-" are no words that somebody does not want.
    const leads = sign !== null && !SIGNS.has(word[1]);
    found.push({ text: leads ? word.slice(1) : word, quoted: false, sign: leads ? sign : null });
    at += word.length;
  }
  return found;
}
