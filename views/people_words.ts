/** How the pages speak of people, faces and likeness. */

/** What a person is called: the name, or that there is none yet. */
export const personName = (person: { id: number; name: string | null }) =>
  person.name ?? `Joined group ${person.id}`;

/** What a button or a question calls them. */
export const whom = (person: { name: string | null }) => person.name ?? "this person";

export const clusterName = (id: number) => `Unnamed person ${id}`;

/** From which cosine on two faces are called what; nothing is decided by these words. */
const LIKENESS: [number, string][] = [
  [0.75, "very much alike"],
  [0.6, "much alike"],
  [0.45, "alike"],
  [-1, "somewhat alike"],
];

/** A cosine, −1 to 1, as "much alike, 63 %". */
export function likeness(similarity: number): string {
  const [, words] = LIKENESS.find(([from]) => similarity >= from) ?? LIKENESS[LIKENESS.length - 1];
  return `${words}, ${likenessPercent(similarity)}`;
}

/** The same, where there is little room: "63 %". */
export const likenessPercent = (similarity: number) =>
  `${Math.round(Math.min(1, Math.max(0, similarity)) * 100)}\u00A0%`;

/** Who says that a face is somebody's. */
export const certainty = (face: { confirmed: boolean; similarity: number | null }): string => {
  if (face.confirmed) return "confirmed";
  return face.similarity === null ? "automatic" : `automatic: ${likeness(face.similarity)}`;
};

/** "2009 – 2024, 15 years of pictures", "2019"; null where no date is known. Times as on photos. */
export function ageSpan(from: string | null, to: string | null): string | null {
  const [first, last] = [yearOf(from), yearOf(to)];
  if (first === null || last === null) return null;
  if (first === last) return `${first}`;
  const years = last - first;
  return `${first} – ${last}, ${years} ${years === 1 ? "year" : "years"} of pictures`;
}

/** The year of a camera's time, or null: some cameras say 0000. */
export function yearOf(takenAt: string | null): number | null {
  const year = Number(takenAt?.match(/^(\d{4})-/)?.[1]);
  return year > 0 ? year : null;
}
