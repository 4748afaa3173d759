import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { SHOWN_FACES } from "../../db/serving_queries.ts";
import { DRAWN } from "../../db/shown_faces.ts";
import { matchBoxes } from "../match_boxes.ts";
import { type Change, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { dropDoubles, giveFaces, theseFor } from "./give.ts";
import { distinct } from "./held.ts";
import { titleOf } from "./names.ts";
import { checkTarget, openTarget, type Target } from "./targets.ts";

/** Of the picture's sides; a stray click draws less. */
const SMALLEST = 0.002;

/**
 * Adds a face that somebody drew on a photo (x, y, width, height relative to the upright picture;
 * what lies outside is cut off) and says whose it is. Where a face is known already whose box
 * overlaps by half or more, that one is meant, even if it was marked as none. It takes no part in
 * matching, for want of an embedding. Throws PeopleFault: missing for a photo or person that is not
 * there, conflict for a known face that is confirmed as somebody else's, invalid for a box that is
 * none.
 */
export function drawFace(
  db: Db,
  { photoId, box, to }: { photoId: number; box: number[]; to: Target },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "drawn" }, async (tx) => {
    const target = checkTarget(to);
    const drawn = cutBox(box);
    const photo = await findPhoto(tx, photoId);
    const known = await knownFace(tx, photo, drawn);
    if (known && known.personId !== null && known.confirmed) {
      const title = titleOf(known.name);
      const same = "personId" in target
        ? target.personId === known.personId
        : known.name === ("name" in target ? target.name : null);
      if (same) return { faces: 1, personId: known.personId };
      throw new PeopleFault(
        "conflict",
        "face_known",
        `Here is a face of ${title} already (face ${known.id}); move or remove that one instead`,
      );
    }
    const { id: personId, name } = await openTarget(tx, target);
    if (known) {
      await tx.execute(sql`update faces set not_a_face = false where id = ${known.id}`);
      await giveFaces(tx, theseFor([known.id], personId));
    } else {
      await tx.execute(sql`
        insert into faces
          (photo_id, model, box, landmarks, score, quality, embedding, person_id, confirmed)
        values (${photo}, ${DRAWN}, ${
        sql.param(drawn)
      }::real[], '{}', 1, 0, '', ${personId}, true)`);
      await dropDoubles(tx, { photoId: photo, personId });
    }
    return { faces: 1, personId, message: `Drew a face of ${titleOf(name)}` };
  });
}

function cutBox(box: number[]): number[] {
  const [left, top, width, height] = box;
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  const x = clip(left), y = clip(top);
  const cut = [x, y, clip(left + width) - x, clip(top + height) - y];
  // Not a number is no side that is long enough.
  if (box.length !== 4 || !(cut[2] >= SMALLEST) || !(cut[3] >= SMALLEST)) {
    throw new PeopleFault(
      "invalid",
      "bad_box",
      `[${box.slice(0, 8)}] is no box of x, y, width and height from 0 to 1; draw a larger one`,
    );
  }
  return cut;
}

// Faces are those of the photo that represents its copies.
async function findPhoto(tx: Tx, id: number): Promise<number> {
  distinct([id], "photo");
  const [row] = await tx.execute<{ id: string }>(sql`
    select coalesce(representative_id, id) as id from photos where id = ${id}`);
  if (row) return Number(row.id);
  throw new PeopleFault("missing", "photo_not_found", `Photo ${id} does not exist`);
}

interface KnownFace {
  id: number;
  box: number[];
  personId: number | null;
  name: string | null;
  confirmed: boolean;
}

async function knownFace(tx: Tx, photoId: number, box: number[]): Promise<KnownFace | null> {
  const rows = await tx.execute(sql`
    select f.id, f.box, f.person_id, p.name, f.confirmed
    from faces f left join people p on p.id = f.person_id
    where f.photo_id = ${photoId}
      and (f.model = coalesce(${SHOWN_FACES}, f.model) or f.model = ${DRAWN})
    order by f.id for no key update of f`);
  const there = rows.map((row) => row.box as number[]);
  const place = matchBoxes([box], there).get(0);
  if (place === undefined) return null;
  const row = rows[place];
  return {
    id: Number(row.id),
    box: there[place],
    personId: row.person_id === null ? null : Number(row.person_id),
    name: row.name as string | null,
    confirmed: row.confirmed as boolean,
  };
}
