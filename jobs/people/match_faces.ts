import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { takingTurns } from "../turns.ts";
import { PORTION, readVectors } from "./face_vectors.ts";
import { type People, readGallery } from "./gallery.ts";
import { MARGIN } from "./match.ts";
import { type Likeness, scoreFaces } from "./score.ts";
import { type Compared, type Settled, settleFaces } from "./settle.ts";

/** A face that was found in a photo, with its vector of length 1. */
export interface FoundFace {
  id: number;
  vector: Float32Array;
}

const NOBODY: Settled = { assigned: 0, suggested: 0 };

/**
 * Gives faces that this transaction has just stored the person they are for certain, or a suggestion
 * of whom they are likely; see decideFaces. Where nobody is known yet it is one small statement.
 */
export async function matchFaces(
  tx: Tx,
  faces: readonly FoundFace[],
  { model }: { model: string },
): Promise<Settled> {
  if (faces.length === 0) return NOBODY;
  await tx.execute(sql`select pg_advisory_xact_lock_shared(${MATCHING_LOCK})`);
  const people = await readGallery(tx, model);
  if (!people || people.people.length === 0) return NOBODY;
  return await settleFaces(tx, await compare(people, faces), { model, people });
}

/** Compares faces with everybody; vectors that are not the model's are like nobody. */
export async function compare(people: People, faces: readonly FoundFace[]): Promise<Compared[]> {
  const { dimension } = people;
  const block = new Float32Array(faces.length * dimension);
  faces.forEach(({ vector }, index) => {
    if (vector.length === dimension) block.set(vector, index * dimension);
  });
  const likenesses = await scoreFaces(people, block, {
    floor: people.pack.likely - MARGIN,
    turn: takingTurns(),
  });
  return faces.map(({ id }, index): Compared & Likeness => ({ id, ...likenesses[index] }));
}

/** compare for faces that are stored: reads their vectors, and has those of one portion at a time. */
export async function compareStored(
  db: Db | Tx,
  people: People,
  ids: readonly number[],
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (let start = 0; start < ids.length; start += PORTION) {
    const these = ids.slice(start, start + PORTION);
    const vectors = await readVectors(db, these, people.dimension);
    const found = these.map((id) => ({ id, vector: vectors.get(id) ?? new Float32Array(0) }));
    compared.push(...await compare(people, found));
  }
  return compared;
}

const MATCHING_LOCK = 0x5afe0006;

/**
 * Returns when every transaction that has matched faces against people as they were before now has
 * ended: those that begin to do so from now on see what was committed by now.
 */
export async function awaitMatching(db: Db): Promise<void> {
  await db.transaction((tx) => tx.execute(sql`select pg_advisory_xact_lock(${MATCHING_LOCK})`));
}
