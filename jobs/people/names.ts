import { PeopleFault } from "./fault.ts";

/** Characters; the longest names of people that are on record have some 60. */
const LONGEST = 200;

// Marks that turn the direction of text around would let one name look like another, in a list too.
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;

/** What anybody can see; accents and joiners alone are no name. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A person's name as it is stored: composed (NFC), without white space around it, one space for
 * each run of it inside. Markup is text like any other. Throws PeopleFault (invalid) for a name that
 * is empty, cannot be seen, is longer than 200 characters, or has control characters.
 */
export function cleanName(name: string): string {
  if (name.length > 100 * LONGEST) throw tooLong(name.length);
  const clean = name.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
  const length = [...clean].length;
  if (length > LONGEST) throw tooLong(length);
  if (clean === "" || !VISIBLE.test(clean)) {
    throw new PeopleFault("invalid", "bad_name", "A name needs a letter or another visible sign");
  }
  if (CONTROL.test(clean) || !clean.isWellFormed()) {
    throw new PeopleFault(
      "invalid",
      "bad_name",
      "The name has control characters in it; type it anew instead of pasting it",
    );
  }
  return clean;
}

const tooLong = (length: number) =>
  new PeopleFault(
    "invalid",
    "bad_name",
    `The name has ${length} characters; at most ${LONGEST} are possible`,
  );

/** How messages call somebody. */
export const titleOf = (name: string | null): string =>
  name === null ? "an unnamed person" : `"${name}"`;

/** "1 face", "12 faces". */
export const facesOf = (count: number): string => count === 1 ? "1 face" : `${count} faces`;
