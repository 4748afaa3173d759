import type { SQL } from "drizzle-orm";
import type { Db } from "../client.ts";
import type { Judgement } from "./calibration.ts";
import { findPresent } from "./found_photos.ts";
import { indexBehind, type Ranking } from "./ranking.ts";
import { countRelevant } from "./relevance.ts";
import type { FoundPhoto, Hit } from "./types.ts";

/** Some of the nearest cannot be shown: their files are gone. So many more are looked at at once. */
const SPARE = 20;

export interface PageOf {
  results: Hit[];
  /** There is another page. */
  more: boolean;
  /** What was held back is no better than chance. */
  cut: boolean;
}

export interface PageRequest {
  limit: number;
  after: { score: number; id: number } | null;
  /** How many of the hits of a ranking are better than chance. */
  relevant: (ranking: Ranking) => number;
  p: ((score: number) => number) | null;
  /** The same ranking, deeper. */
  deepen: (ranking: Ranking) => Promise<Ranking>;
  /** Looked at once more, on `photos p`: the ranking was made a while ago. */
  passing?: SQL;
}

/**
 * One page of a ranking: those of its photos that are there, up to where they are no better than
 * chance. Looks deeper where too many of the nearest cannot be shown.
 */
export async function collectPage(
  db: Db,
  first: Ranking,
  { limit, after, relevant, p, deepen, passing }: PageRequest,
): Promise<PageOf> {
  let ranking = first;
  let place = after;
  const results: Hit[] = [];
  for (let chunk = limit + SPARE;;) {
    const from = indexBehind(ranking, place);
    const end = relevant(ranking);
    const hits = ranking.hits.slice(from, Math.min(end, from + chunk));
    for (const { id, score, ...photo } of await present(db, hits, passing)) {
      results.push({ id, ...photo, score, relevance: p && 1 - p(score) });
    }
    if (results.length > limit) return { results: results.slice(0, limit), more: true, cut: false };
    if (hits.length > 0) place = hits[hits.length - 1];
    if (from + hits.length >= end) {
      if (end < ranking.hits.length) return { results, more: false, cut: true };
      if (ranking.complete) return { results, more: false, cut: false };
      ranking = await deepen(ranking);
    }
    chunk *= 4;
  }
}

/** Those of the photos that can be shown, in the order given. */
async function present<Scored extends { id: number; score: number }>(
  db: Db,
  hits: Scored[],
  passing?: SQL,
): Promise<(FoundPhoto & { score: number })[]> {
  if (hits.length === 0) return [];
  const photos = await findPresent(db, hits.map(({ id }) => id), { passing });
  const byId = new Map(photos.map((photo) => [photo.id, photo]));
  return hits.flatMap(({ id, score }) => {
    const photo = byId.get(id);
    return photo ? [{ ...photo, score }] : [];
  });
}

/**
 * Whoever shows a picture wants those nearest to it, which in a small library may all be within what
 * chance makes of thousands: so many are shown if no more than one unrelated pair in twenty is as
 * alike. Words may be about nothing that is there, and get no such grace.
 */
const NEAREST_PICTURES = 24;
const RARE = 0.05;

/** Up to which rank hits are better than chance, or, before that was measured, than a right angle. */
export function relevantCount(
  { hits, candidates }: Ranking,
  { judgement, everything, filtered, upright, pictures }: {
    judgement: Judgement | null;
    everything: boolean;
    /** The candidates are not the library: its sample says nothing about how many there are. */
    filtered: boolean;
    /** Something is wanted, and not only unwanted: what points away from it is no answer. */
    upright: boolean;
    /** Nothing but pictures is compared with. */
    pictures: boolean;
  },
): number {
  if (everything) return hits.length;
  let count = hits.length;
  if (judgement) {
    const own = filtered ? null : judgement.own;
    count = countRelevant(hits, { candidates, p: judgement.p, own });
    const most = Math.min(hits.length, pictures ? NEAREST_PICTURES : 0);
    while (count < most && judgement.p(hits[count].score) <= RARE) count++;
  }
  if (!upright) return count;
  while (count > 0 && hits[count - 1].score <= 0) count--;
  return count;
}
