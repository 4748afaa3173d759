import { Hono } from "hono";
import { z } from "zod";
import { findPerson, personFaces } from "../db/people_queries.ts";
import {
  assignFaces,
  deletePerson,
  hideFaces,
  hidePerson,
  mergePeople,
  renamePerson,
  setCover,
  showPerson,
} from "../jobs/people/actions.ts";
import { PeopleFault } from "../jobs/people/fault.ts";
import { cleanName } from "../jobs/people/names.ts";
import { PersonPage } from "../views/person_page.tsx";
import { IdParam } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import {
  deed,
  Form,
  hide,
  NameForm,
  nameOrAsk,
  picked,
  pickedCover,
  PickForm,
} from "./people_forms.tsx";
import { called, FrameQuery, readFrame } from "./people_frame.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const FACES_PER_PAGE = 96;

const PersonQuery = FrameQuery.extend({ before: z.string().max(100).optional() });

/** /people/:id: somebody's page, and the forms about the person as a whole. */
export const personPages = new Hono<Env>()
  .get("/:id", byId, validate("query", PersonQuery), async (c) => {
    const { id } = c.req.valid("param");
    const query = c.req.valid("query");
    const { db } = c.var.database;
    const [person, page, frame] = await Promise.all([
      findPerson(db, id),
      personFaces(db, id, { limit: FACES_PER_PAGE, before: query.before }),
      readFrame(c, query),
    ]);
    if (!person) throw new Fault(404, "person_not_found", `There is no person ${id}`);
    const view = { person, ...page, first: query.before === undefined };
    return c.html(<PersonPage view={view} frame={frame} />);
  })
  .post("/:id/name", byId, validate("form", NameForm), (c) => {
    const { id } = c.req.valid("param");
    const form = c.req.valid("form");
    const { faceId: faceIds } = form;
    return nameOrAsk(c, form, {
      about: { subject: "person", of: id, faceIds },
      act: (db, to, by) => {
        if (faceIds.length > 0) return assignFaces(db, { faceIds, to, owner: id }, by);
        if ("personId" in to) return mergePeople(db, { from: id, into: to.personId }, by);
        return renamePerson(db, { personId: id, name: form.name }, by);
      },
    });
  })
  .post("/:id/merge", byId, validate("form", NameForm), (c) => {
    const { id } = c.req.valid("param");
    const form = c.req.valid("form");
    return nameOrAsk(c, form, {
      about: { subject: "merge", of: id },
      act: async (db, to, by) => {
        if ("personId" in to) return await mergePeople(db, { from: id, into: to.personId }, by);
        // Nobody but this person has the name: the action refuses to join them with themselves.
        const itself = (await called(db, cleanName(form.name))).some((one) => one.id === id);
        if (itself) return await mergePeople(db, { from: id, into: id }, by);
        const message = `Nobody is called “${cleanName(form.name)}”; rename instead of joining`;
        throw new PeopleFault("missing", "person_not_found", message);
      },
    });
  })
  .post("/:id/cover", byId, validate("form", PickForm), (c) => {
    const form = c.req.valid("form");
    const { id: personId } = c.req.valid("param");
    return deed(
      c,
      form.back,
      (db, by) => setCover(db, { personId, faceId: pickedCover(form) }, by),
    );
  })
  .post("/:id/hide", byId, validate("form", PickForm.extend({ hide })), (c) => {
    const { id: personId } = c.req.valid("param");
    const form = c.req.valid("form");
    const faceIds = picked(form);
    return deed(c, form.back, (db, by) => {
      if (faceIds.length > 0) return hideFaces(db, { faceIds, as: form.hide }, by);
      if (form.hide === "stranger") return hidePerson(db, { personId }, by);
      throw new PeopleFault("invalid", "no_face", "Pick the faces that are none");
    });
  })
  .post("/:id/show", byId, validate("form", Form), (c) => {
    const { id: personId } = c.req.valid("param");
    return deed(c, c.req.valid("form").back, (db, by) => showPerson(db, { personId }, by));
  })
  .post("/:id/delete", byId, validate("form", Form), (c) => {
    const { id: personId } = c.req.valid("param");
    return deed(c, c.req.valid("form").back, (db, by) => deletePerson(db, { personId }, by));
  });
