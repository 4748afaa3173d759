import { PICTURE_ENDINGS } from "./jobs/picture_names.ts";

// A run of V8's stack lines: where in the program, never what it was working on.
const STACK =
  /((?:\n {4}at [^\n]*(?:\.[cm]?[jt]sx?:\d+:\d+\)?|<anonymous>\)?|\(native\)|\(index \d+\))(?=\n|$))+)/;
const ENDING = `${PICTURE_ENDINGS}(?![\\p{L}\\p{N}])`;

// Names hold anything, quotes and newlines too, and the system escapes nothing. So what is taken is
// as long as it can be: rather a word of the message lost than half a name told.
const HIDDEN: [RegExp, string][] = [
  // Values of a statement, as drizzle puts them behind its text: names of sessions, folders, files.
  [/\nparams: [\s\S]*$/u, "\nparams: […]"],
  // In quotes, up to the last such quote that no letter follows (the one in Anna's has one).
  [/(['"`])\/[\s\S]*\1(?![\p{L}\p{N}_])/gu, "$1[path]$1"],
  // Cut off before its closing quote.
  [/(['"`])\/(?!\/)[\s\S]*$/gu, "$1[path]"],
  [new RegExp(`(['"\`])[^'"\`\\n]*${ENDING}\\1`, "giu"), "$1[path]$1"],
  // Without quotes, if it ends as pictures do.
  [new RegExp(`(?<![\\p{L}\\p{N}_.])/[\\s\\S]*${ENDING}`, "giu"), "[path]"],
];

/**
 * An error's text without the places and names of a person's files: absolute paths in quotes, and
 * without quotes those of pictures, become "[path]". Where in the program it happened (the lines of
 * a stack trace) stays.
 */
export function withoutPaths(text: string): string {
  return text.split(STACK).map((part, index) => index % 2 === 1 ? part : hidden(part)).join("");
}

const hidden = (text: string) =>
  HIDDEN.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
