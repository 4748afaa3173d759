import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { EncoderFault } from "../db/search/stages.ts";
import { ImageError } from "../models/types.ts";
import { bytes } from "../views/format.ts";
import { FacetMenus } from "../views/search_facets.tsx";
import { addressOf, type Params, withOnly, without } from "../views/search_address.ts";
import { PeopleChoice } from "../views/search_filters.tsx";
import { IndexNews } from "../views/search_index.tsx";
import { SearchPage } from "../views/search_page.tsx";
import { MoreResults } from "../views/search_results.tsx";
import type { Fault as ViewFault } from "../views/search_view.ts";
import { cameFrom } from "./came_from.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { readForm, readParams, tooLong } from "./search_params.ts";
import { PICTURE_LIMIT } from "./search_schemas.ts";
import { ask, type Asked, offeredPeople, readQuestion, told, viewOf } from "./search_view.ts";

/** The form around the picture takes a little too. */
const MOST_BYTES = PICTURE_LIMIT - 1024 * 1024;

const TOO_LARGE = `That picture is larger than ${bytes(MOST_BYTES)}: search with a smaller one. ` +
  "Words that came with it were not read either.";

const takesPictures = bodyLimit({
  maxSize: PICTURE_LIMIT,
  onError: (c) => {
    const before = searchBefore(c);
    const link = { href: addressOf(before), title: "Back to the search before" };
    const faults = [{ field: "file", message: TOO_LARGE, link }];
    return refuse(c, before, { status: 413, faults });
  },
});

/** /search: the box, and what was found. */
export const searchPages = new Hono<Env>()
  .get("/", async (c) => {
    const params = paramsOf(c);
    return page(c, params, await ask(c.var.search, params));
  })
  .post("/", takesPictures, async (c) => {
    const { db } = c.var.database;
    const form = await c.req.formData().catch((error) => {
      throw new Fault(400, "malformed_request", `The form cannot be read: ${error.message}`);
    });
    const { params, fault } = await readForm(db, form);
    const faults = [fault, tooLong(params), ...readQuestion(params).faults]
      .filter((told) => told !== null);
    if (faults.length > 0) return refuse(c, params, { status: 400, faults });
    const file = form.get("file");
    if (!(file instanceof File) || file.size === 0) return c.redirect(addressOf(params), 303);
    try {
      const picture = await c.var.search.encodePicture(await file.bytes());
      return c.redirect(addressOf(withOnly(without(params, "like"), "picture", picture)), 303);
    } catch (error) {
      if (error instanceof EncoderFault) {
        const faults = [{ field: null, message: told(error.message) }];
        return refuse(c, params, { status: 503, faults });
      }
      if (!(error instanceof ImageError)) throw error;
      const message = `"${file.name}" cannot be used: ${error.message}`;
      return refuse(c, params, { status: 400, faults: [{ field: "file", message }] });
    }
  })
  .get("/more", async (c) => {
    const params = paramsOf(c);
    const asked = await ask(c.var.search, params);
    if (!asked.found) {
      const status = asked.status === 200 ? 400 : asked.status;
      throw new Fault(status, "cannot_search", asked.faults[0].message);
    }
    return c.html(<MoreResults found={asked.found} params={params} shown={asked.shown} />);
  })
  .get("/facets", async (c) => {
    const params = paramsOf(c);
    const { found, filter } = await ask(c.var.search, [...params, ["counts", "1"]]);
    if (!found?.facets) return c.html(<div class="facets" id="facets"></div>);
    const { facets, total } = found;
    return c.html(<FacetMenus facets={facets} params={params} filter={filter} total={total} />);
  })
  .get("/people", async (c) => {
    const params = paramsOf(c);
    const people = await offeredPeople(c.var.database.db, params);
    return c.html(<PeopleChoice people={people} params={params} />);
  })
  .get("/index", async (c) => c.html(<IndexNews index={await c.var.search.indexProgress()} />));

const paramsOf = (c: Context<Env>): Params => readParams(new URL(c.req.url).searchParams);

async function page(c: Context<Env>, params: Params, asked: Asked): Promise<Response> {
  const { search, database: { db } } = c.var;
  const view = await viewOf({ db, search, mostBytes: MOST_BYTES }, params, asked);
  return c.html(<SearchPage view={view} />, asked.status);
}

/** What the page asked that a form was sent from; of a form that is too large, this is all there is. */
function searchBefore(c: Context<Env>): Params {
  const place = cameFrom(c.req.url, { referrer: c.req.header("referer") });
  const { pathname, searchParams } = new URL(place ?? "/", c.req.url);
  if (pathname !== "/search") return [];
  return without(without(readParams(searchParams), "cursor"), "shown");
}

/** The page with what is wrong; nothing is looked for, and the form has what `params` say. */
function refuse(
  c: Context<Env>,
  params: Params,
  { status, faults }: { status: 400 | 413 | 503; faults: ViewFault[] },
): Promise<Response> {
  return page(c, params, { found: null, faults, status, filter: {}, shown: 0 });
}
