import { Hono } from "hono";
import { z } from "zod";
import {
  assignFaces,
  drawFace,
  hideFaces,
  moveFaces,
  releaseFaces,
  removeFace,
  splitFaces,
} from "../jobs/people/actions.ts";
import { id } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { deed, hide, NameForm, nameOrAsk, picked, PickForm } from "./people_forms.tsx";
import { validate } from "./validate.ts";

const number = z.coerce.number().pipe(id);
const percent = z.coerce.number().min(0).max(100);

/** Whose the faces were on the page, which may have been open for a while; empty: nobody's. */
const owner = z.union([z.literal("").transform(() => null), number]);
const OwnedForm = NameForm.extend({ owner: owner.optional() });

const SplitForm = PickForm.extend({ clusterId: number.optional(), personId: number.optional() });

const MoveForm = PickForm.extend({ clusterId: number.optional(), personId: number.optional() })
  .refine(({ clusterId, personId }) => (clusterId === undefined) !== (personId === undefined), {
    message: "name either clusterId or personId",
  });

/** x, y, width and height in per cent of the picture: of fields, or of an answer to a question. */
const DrawForm = NameForm.extend({
  photoId: number,
  x: percent.optional(),
  y: percent.optional(),
  width: percent.optional(),
  height: percent.optional(),
  box: z.string().regex(/^[\d.]+(,[\d.]+){3}$/).optional(),
});

/** /faces: what is done with faces that were picked, drawn or are wrong, on whatever page. */
export const faceForms = new Hono<Env>()
  .post("/name", validate("form", OwnedForm), (c) => {
    const form = c.req.valid("form");
    const { faceId: faceIds, owner } = form;
    return nameOrAsk(c, form, {
      about: { subject: "faces", of: owner ?? 0, faceIds },
      act: (db, to, by) => assignFaces(db, { faceIds, to, owner }, by),
    });
  })
  .post("/split", validate("form", SplitForm), (c) => {
    const form = c.req.valid("form");
    const { clusterId, personId } = form;
    const wish = { faceIds: picked(form), clusterId, personId };
    return deed(c, form.back, (db, by) => splitFaces(db, wish, by));
  })
  .post("/release", validate("form", PickForm.extend({ owner: owner.optional() })), (c) => {
    const form = c.req.valid("form");
    const wish = { faceIds: picked(form), personId: form.owner ?? undefined };
    return deed(c, form.back, (db, by) => releaseFaces(db, wish, by));
  })
  .post("/confirm", validate("form", PickForm.extend({ owner: number })), (c) => {
    const form = c.req.valid("form");
    const { owner } = form;
    const wish = { faceIds: picked(form), to: { personId: owner }, owner };
    return deed(c, form.back, (db, by) => assignFaces(db, wish, by));
  })
  .post("/move", validate("form", MoveForm), (c) => {
    const form = c.req.valid("form");
    const { clusterId, personId } = form;
    const to = clusterId === undefined ? { personId: personId! } : { clusterId };
    return deed(c, form.back, (db, by) => moveFaces(db, { faceIds: picked(form), to }, by));
  })
  .post("/hide", validate("form", PickForm.extend({ hide: hide.default("not_a_face") })), (c) => {
    const form = c.req.valid("form");
    const wish = { faceIds: picked(form), as: form.hide };
    return deed(c, form.back, (db, by) => hideFaces(db, wish, by));
  })
  .post("/remove", validate("form", PickForm), (c) => {
    const form = c.req.valid("form");
    const [faceId = 0] = picked(form);
    return deed(c, form.back, (db, by) => removeFace(db, { faceId }, by));
  })
  .post("/draw", validate("form", DrawForm), (c) => {
    const form = c.req.valid("form");
    const { photoId, x = 0, y = 0, width = 0, height = 0 } = form;
    const percents = form.box?.split(",").map(Number) ?? [x, y, width, height];
    return nameOrAsk(c, form, {
      about: { subject: "drawn", of: photoId, box: percents },
      act: (db, to, by) =>
        drawFace(db, { photoId, box: percents.map((value) => value / 100), to }, by),
    });
  });
