import { type Context, Hono } from "hono";
import { z } from "zod";
import { listClusters } from "../db/cluster_queries.ts";
import type { Db } from "../db/client.ts";
import { completeNames, listPeople, personFaces } from "../db/people_queries.ts";
import { listProposals } from "../db/suggestion_queries.ts";
import { isBuiltin } from "../models/types.ts";
import { HiddenPage, JoinedPage, NamedPage } from "../views/people_list_page.tsx";
import { PeoplePage, type PeopleView } from "../views/people_page.tsx";
import { clusterRow, joinedRow } from "../views/unnamed_row.tsx";
import { PageQuery } from "./api_schemas.ts";
import { text } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { toLastPage } from "./last_page.ts";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { validate } from "./validate.ts";

const NAMED_FIRST = 48;
const JOINED_FIRST = 6;
const CLUSTERS_PER_PAGE = 20;
/** As many as fit into one line of the page. */
const FACES_EACH = 10;
const PEOPLE_PER_PAGE = 96;
const JOINED_PER_PAGE = 20;
const NAMES_OFFERED = 12;

const Page = FrameQuery.extend(PageQuery.pick({ page: true }).shape);

/** /people: everybody, and lists of some. */
export const peoplePages = new Hono<Env>()
  .get("/", validate("query", Page), async (c) => {
    const query = c.req.valid("query");
    const [view, frame] = await Promise.all([
      peopleView(c.var.database.db, query.page),
      readFrame(c, query),
    ]);
    return toLastPage(c, view) ?? c.html(<PeoplePage view={view} frame={frame} />);
  })
  .get("/named", validate("query", Page.extend({ begins: text(200).default("") })), async (c) => {
    const query = c.req.valid("query");
    const listed = { named: true, prefix: query.begins.trim() };
    const [found, frame] = await list(c, query, listed);
    return toLastPage(c, found) ??
      c.html(<NamedPage {...found} begins={query.begins} frame={frame} />);
  })
  .get("/hidden", validate("query", Page), async (c) => {
    const [found, frame] = await list(c, c.req.valid("query"), { hidden: true });
    return toLastPage(c, found) ?? c.html(<HiddenPage {...found} frame={frame} />);
  })
  .get("/unnamed", validate("query", Page), async (c) => {
    const query = c.req.valid("query");
    const paging = { limit: JOINED_PER_PAGE, offset: (query.page - 1) * JOINED_PER_PAGE };
    const [joined, frame] = await Promise.all([
      joinedRows(c.var.database.db, paging),
      readFrame(c, query),
    ]);
    const found = {
      ...joined,
      page: query.page,
      pages: Math.ceil(joined.total / JOINED_PER_PAGE),
    };
    return toLastPage(c, found) ?? c.html(<JoinedPage {...found} frame={frame} />);
  })
  .get("/names", validate("query", z.object({ name: text(400).default("") })), async (c) => {
    const { name } = c.req.valid("query");
    const people = await completeNames(c.var.database.db, name, NAMES_OFFERED);
    const names = [...new Set(people.map((person) => person.name))];
    return c.html(<>{names.map((name) => <option value={name} />)}</>);
  });

async function peopleView(db: Db, page: number): Promise<PeopleView> {
  const none = { people: [], rows: [], total: 0 };
  const [named, joined, clusters, proposals] = await Promise.all([
    page === 1 ? listPeople(db, { named: true, limit: NAMED_FIRST, offset: 0 }) : none,
    page === 1 ? joinedRows(db, { limit: JOINED_FIRST, offset: 0 }) : none,
    listClusters(db, {
      limit: CLUSTERS_PER_PAGE,
      offset: (page - 1) * CLUSTERS_PER_PAGE,
      facesEach: FACES_EACH,
    }),
    listProposals(db, { limit: 1, offset: 0 }),
  ]);
  return {
    named,
    joined,
    clusters: { rows: clusters.clusters.map(clusterRow), total: clusters.total },
    proposals: proposals.total,
    page,
    pages: Math.ceil(clusters.total / CLUSTERS_PER_PAGE),
    builtin: clusters.clusters.some((cluster) => isBuiltin(cluster.model)),
  };
}

/** People without a name with their faces: a statement for each of the page, which are few. */
async function joinedRows(db: Db, paging: { limit: number; offset: number }) {
  const { people, total } = await listPeople(db, { named: false, ...paging });
  const faces = await Promise.all(
    people.map(({ id }) => personFaces(db, id, { limit: FACES_EACH })),
  );
  return { rows: people.map((person, index) => joinedRow(person, faces[index].faces)), total };
}

async function list(
  c: Context<Env>,
  query: z.infer<typeof Page>,
  which: { hidden?: boolean; named?: boolean; prefix?: string },
) {
  const { page } = query;
  const offset = (page - 1) * PEOPLE_PER_PAGE;
  const [found, frame] = await Promise.all([
    listPeople(c.var.database.db, { ...which, limit: PEOPLE_PER_PAGE, offset }),
    readFrame(c, query),
  ]);
  const pages = Math.ceil(found.total / PEOPLE_PER_PAGE);
  return [{ ...found, page, pages }, frame] as const;
}
