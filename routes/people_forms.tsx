import type { Context } from "hono";
import { z } from "zod";
import type { Db } from "../db/client.ts";
import type { Namesake } from "../db/people_queries.ts";
import type { Change, Target } from "../jobs/people/actions.ts";
import { PeopleFault } from "../jobs/people/fault.ts";
import { cleanName } from "../jobs/people/names.ts";
import { RefusedPage } from "../views/refused_page.tsx";
import { actor } from "./actor.ts";
import { type About, answeredBefore } from "./answered_before.ts";
import { id, text } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { called, withNews } from "./people_frame.ts";
import { isThere } from "./people_places.ts";

/** What the forms of the pages about people send, and how they are answered. */

/** More faces than a page shows are not picked on one. */
const MOST_PICKED = 1000;

const number = z.coerce.number().pipe(id);
const numbers = (most: number) =>
  z.preprocess(
    (value) => value === undefined ? [] : [value].flat(),
    z.array(number).max(most, `more than ${most} at once`),
  );

/** Only to a page of people or photos: what a form says must lead nowhere else. */
const back = z.string().max(4000)
  .regex(/^\/(people|clusters|review|photos|changes)(\/[\w/]*)?(\?[^#\s\\]*)?$/)
  .default("/people");

export const faceId = numbers(MOST_PICKED);
export const clusterIds = numbers(100);
export const hide = z.enum(["stranger", "not_a_face"]);
export const answer = z.enum(["yes", "no", "skip"]);
export const Form = z.object({ back });
export const PickForm = Form.extend({
  faceId,
  only: number.optional().describe("The one face whose button it was"),
});

/** A name, or an answer to the question whose it is. */
export const NameForm = Form.extend({
  name: text(20_000).default(""),
  personId: number.optional().describe("Somebody who is there already"),
  as: z.literal("new").optional().describe("Somebody else, although the name is taken"),
  faceId,
});

/** The faces that a form is about: the one whose button was pressed, otherwise those picked. */
export const picked = (form: { faceId: number[]; only?: number }): number[] =>
  form.only === undefined ? form.faceId : [form.only];

/** The one face that was picked for a cover. Throws PeopleFault (invalid) for none or several. */
export function pickedCover(form: { faceId: number[]; only?: number }): number {
  const [faceId, ...others] = picked(form);
  if (others.length === 0 && faceId) return faceId;
  const message = faceId
    ? `${others.length + 1} faces are picked, but only one can be the cover; pick one face`
    : "Pick the face that is to be the cover";
  throw new PeopleFault("invalid", "one_face", message);
}

/** What a form names: somebody who is there, somebody new, or a name that is taken. */
type Named = { to: Target } | { name: string; known: Namesake[] };

async function whomFor(
  db: Db,
  { name, personId, as }: Pick<z.infer<typeof NameForm>, "name" | "personId" | "as">,
  /** Who is being named: to change the case of one's own name is no question. */
  but?: number,
): Promise<Named> {
  if (personId !== undefined) return { to: { personId } };
  const clean = cleanName(name);
  const known = as === "new" ? [] : await called(db, clean, { but });
  return known.length === 0 ? { to: { name: clean } } : { name: clean, known };
}

/** Names what a form is about, or asks for a look at both if somebody has that name already. */
export async function nameOrAsk(
  c: Context<Env>,
  form: z.infer<typeof NameForm>,
  { about, act }: {
    about: About;
    act: (db: Db, to: Target, by: string) => Promise<Change>;
  },
): Promise<Response> {
  return await answered(c, form.back, async () => {
    const { db } = c.var.database;
    const { subject, of = 0, faceIds = [], box = [] } = about;
    const isPerson = subject === "person" || subject === "merge";
    const whom = await whomFor(db, form, isPerson ? of : undefined);
    const { by } = actor(c);
    if ("to" in whom) return { change: await act(db, whom.to, by) };
    const to = await answeredBefore(db, about, whom);
    if (to) return { change: await act(db, to, by) };
    return {
      news: {
        ask: subject,
        name: whom.name,
        ...(of > 0 ? { of } : {}),
        ...(faceIds.length > 0 ? { faces: faceIds.join(",") } : {}),
        ...(box.length > 0 ? { box: box.join(",") } : {}),
      },
    };
  });
}

/** Carries out what a form asks for, and shows the page again with what came of it. */
export function deed(
  c: Context<Env>,
  back: string,
  act: (db: Db, by: string) => Promise<Change>,
): Promise<Response> {
  return answered(c, back, async () => ({ change: await act(c.var.database.db, actor(c).by) }));
}

type Came = { change: Change } | { news: Record<string, string | number> };

async function answered(
  c: Context<Env>,
  back: string,
  act: () => Promise<Came>,
): Promise<Response> {
  let came: Came;
  try {
    came = await act();
  } catch (error) {
    if (!(error instanceof PeopleFault)) throw error;
    return await refused(c, error, back);
  }
  if ("news" in came) return c.redirect(withNews(back, came.news), 303);
  const { changeId, personId } = came.change;
  const place = await isThere(c.var.database.db, back)
    ? back
    : personId === null
    ? "/people"
    : `/people/${personId}`;
  const to = withNews(place, changeId === null ? { same: "yes" } : { changed: changeId });
  if (place === back || !c.req.header("hx-request")) return c.redirect(to, 303);
  // Another page than the one the form is on: the browser itself has to go there.
  c.header("HX-Redirect", to);
  return c.body(null, 200);
}

const STATUS = { missing: 404, conflict: 409, invalid: 422 } as const;

async function refused(c: Context<Env>, fault: PeopleFault, back: string): Promise<Response> {
  const fields = Object.entries(await c.req.parseBody({ all: true })).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] =>
      typeof one === "string" ? [[name, one]] : []
    )
  );
  return c.html(
    <RefusedPage message={fault.message} to={c.req.path} back={back} fields={fields} />,
    STATUS[fault.kind],
  );
}
