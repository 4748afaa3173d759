import { Hono } from "hono";
import { completeNames, findPerson, listPeople, personFaces } from "../db/people_queries.ts";
import {
  assignFaces,
  deletePerson,
  hidePerson,
  mergePeople,
  renamePerson,
  setCover,
  showPerson,
} from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { nameShape, personDetailShape, personFacesShape, personShape } from "./people_shapes.ts";
import { changed } from "./people_targets.ts";
import { validate } from "./validate.ts";

const byId = validate("param", Api.IdParam);

/** /api/v1/people: whom somebody has named, or put together without a name. */
export const peopleRoutes = new Hono<Env>()
  .get("/", validate("query", Api.PeopleQuery), async (c) => {
    const { limit, offset, ...wanted } = c.req.valid("query");
    const found = await listPeople(c.var.database.db, { ...wanted, limit, offset });
    return c.json({ items: found.people.map(personShape), total: found.total, limit, offset });
  })
  .post("/", validate("json", Api.NewPerson), async (c) => {
    const { name, faceIds } = c.req.valid("json");
    const wish = { faceIds, to: { name } };
    const change = await assignFaces(c.var.database.db, wish, actor(c).by);
    c.header("Location", `/api/v1/people/${change.personId}`);
    return changed(c, change, { made: true });
  })
  .get("/names", validate("query", Api.NamesQuery), async (c) => {
    const { prefix, limit } = c.req.valid("query");
    const names = await completeNames(c.var.database.db, prefix, limit);
    return c.json({ items: names.map(nameShape) });
  })
  .get("/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const person = await findPerson(c.var.database.db, id);
    if (!person) throw personNotFound(id);
    return c.json(personDetailShape(person));
  })
  .patch("/:id", byId, validate("json", Api.PersonPatch), async (c) => {
    const { db } = c.var.database;
    const { id: personId } = c.req.valid("param");
    const { name, coverFaceId, hidden } = c.req.valid("json");
    const { by } = actor(c);
    if (name !== undefined) return c.json(await renamePerson(db, { personId, name }, by));
    if (coverFaceId !== undefined) {
      return c.json(await setCover(db, { personId, faceId: coverFaceId }, by));
    }
    const hide = hidden ? hidePerson : showPerson;
    return c.json(await hide(db, { personId }, by));
  })
  .delete("/:id", byId, async (c) => {
    const { id: personId } = c.req.valid("param");
    return c.json(await deletePerson(c.var.database.db, { personId }, actor(c).by));
  })
  .get("/:id/faces", byId, validate("query", Api.PersonFacesQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    const page = await personFaces(db, id, { limit, before: cursor });
    // An empty page is a person's who has none, or nobody's.
    if (page.faces.length === 0 && !await findPerson(db, id)) throw personNotFound(id);
    return c.json(personFacesShape(page));
  })
  .post("/:id/merge", byId, validate("json", Api.Merge), async (c) => {
    const { id: into } = c.req.valid("param");
    const { from } = c.req.valid("json");
    return c.json(await mergePeople(c.var.database.db, { from, into }, actor(c).by));
  });

export const personNotFound = (id: number) =>
  new Fault(404, "person_not_found", `There is no person ${id}`);
