import { isBuiltin } from "../../models/types.ts";
import type { Database } from "../client.ts";
import { readServing } from "../serving_queries.ts";
import { browse } from "./browse.ts";
import { createCalibrations } from "./calibrations.ts";
import { isFileFault } from "./compare.ts";
import { queryMark, readCursor, readSpan, writeCursor } from "./cursor.ts";
import { countFacets } from "./facets.ts";
import { filterSelect, isEmptyFilter } from "./filter_select.ts";
import { findPresent } from "./found_photos.ts";
import { resolveFilter } from "./known_people.ts";
import { createLacking } from "./lacking.ts";
import { createNearest } from "./nearest.ts";
import { writePicture } from "./picture_vector.ts";
import {
  createStages,
  EncoderFault,
  type OpenEncoder,
  type Stage,
  type StageOptions,
} from "./stages.ts";
import { parseTerms, type Term, writeTerms } from "./terms.ts";
import { createTotals } from "./totals.ts";
import type { PhotoFilter, Search, SearchRequest, SearchResult } from "./types.ts";

export type { Search, SearchResult } from "./types.ts";

/**
 * Search over the pictures of `database`; nothing is opened before the first call. The model that
 * serves compares (see serving_queries.ts); after a switch the former one answers for as long as the
 * other needs to load. Models that are set for the whole program answer from the start, and it is
 * said what they lack. What a search costs grows with the library only by its filter: one that no index
 * leads to (number of faces, orientation) is looked up over all photos, some 0.3 s of 200,000.
 */
export function createSearch(
  database: Database,
  open: OpenEncoder,
  options: StageOptions = {},
): Search {
  const { db } = database;
  const calibrations = createCalibrations(database.sql, options);
  const settle = async (stage: Stage) => calibrations.prepare(stage, await sizeOf(stage));
  const stages = createStages(database.url, open, { settle, ...options });
  const findNearest = createNearest(db, calibrations);
  const totals = createTotals(db);
  const lacks = createLacking(db);

  const wantedModel = async () => open.fixed ? null : (await readServing(db)).clip;

  // Most searches have no filter, and nobody to look up.
  const resolve = (filter: PhotoFilter) =>
    isEmptyFilter(filter) ? { filter, notices: [] } : resolveFilter(db, filter);

  // Whoever turns the page has seen the number, if there was one.
  const countPhotos = (filter: PhotoFilter, { cursor }: SearchRequest) =>
    cursor === undefined ? totals.count(filter) : totals.known(filter);

  async function find(asked: SearchRequest): Promise<SearchResult> {
    const request = keepDates(asked);
    const terms = parseTerms(request.words);
    const { photoId, picture } = request;
    const compares = terms.length > 0 || photoId !== undefined || picture !== undefined;
    return compares ? await compare(request, terms) : await browseAll(request);
  }

  async function compare(request: SearchRequest, terms: Term[]): Promise<SearchResult> {
    const { photoId, picture } = request;
    const query = writeTerms(terms);
    const [clip, { filter, notices }] = await Promise.all([wantedModel(), resolve(request.filter)]);
    const counting = countPhotos(filter, request);
    // Awaited below; until then, or where something else fails first, nobody need hear of its fault.
    counting.catch(() => {});
    try {
      return await stages.on(clip, async (stage) => {
        const { key: model, builtin: builtinModels } = stage.encoder.models.clip;
        const { found, foundMore, ...nearest } = await findNearest(stage, {
          ...{ terms, photoId, picture },
          ...{ limit: request.limit, cursor: request.cursor },
          everything: request.everything ?? false,
          facets: request.facets ?? false,
          ...{ filter, taken: keptDates(request) },
          mark: (more) => queryMark({ terms, photoId, picture, filter: askedFor(request), more }),
        });
        const notice = joined([
          ...notices,
          nearest.notice,
          open.fixed
            ? await lacks(model) ? UNSEEN : null
            : clip !== null && stage.wanted === clip && model !== clip
            ? INCOMPLETE
            : null,
        ]);
        const counted = request.facets && found ? await countFacets(db, found) : null;
        const facets = counted && { ...counted, more: counted.more || foundMore };
        const total = atLeast(await counting, nearest.results);
        return { query, model, builtinModels, ...nearest, notice, total, facets };
      });
    } catch (error) {
      // No fault of this program, and the words say what to do. On a later page they would look like its end.
      if (!(error instanceof EncoderFault) || request.cursor !== undefined) throw error;
      return {
        ...{ query, model: clip ?? "", builtinModels: isBuiltin(clip) },
        ...{ message: error.message, notice: joined(notices), results: [], nextCursor: null },
        ...{ total: await counting, cut: false, facets: null },
      };
    }
  }

  async function browseAll(request: SearchRequest): Promise<SearchResult> {
    const { limit, cursor } = request;
    const mark = queryMark({ filter: askedFor(request) });
    const after = cursor === undefined ? null : readCursor(cursor, { mark, kind: "time" });
    const { filter, notices } = await resolve(request.filter);
    const [{ ids, nextAfter }, total, facets] = await Promise.all([
      browse(db, filter, { limit, after }),
      countPhotos(filter, request),
      request.facets ? countFacets(db, filterSelect(filter)) : null,
    ]);
    const photos = new Map((await findPresent(db, ids)).map((photo) => [photo.id, photo]));
    const results = ids.flatMap((id) => {
      const photo = photos.get(id);
      return photo ? [{ ...photo, score: null, relevance: null }] : [];
    });
    return {
      ...{ query: "", model: "", builtinModels: false, notice: joined(notices) },
      message: results.length > 0 || after ? null : isEmptyFilter(filter) ? NO_PHOTOS : NONE_PASSES,
      results,
      nextCursor: nextAfter && writeCursor(mark, nextAfter, { taken: keptDates(request) }),
      ...{ total: atLeast(total, results), cut: false, facets },
    };
  }

  return {
    find,
    async encodePicture(bytes) {
      const clip = await wantedModel();
      return await stages.on(clip, async ({ encoder }) => {
        const vector = await encoder.embedPicture(bytes).catch((error) => {
          throw isFileFault(error) ? new EncoderFault(error) : error;
        });
        return writePicture(vector, encoder.models.clip.key);
      });
    },
    indexProgress: async () => await stages.current()?.index.progress() ?? null,
    async warm() {
      await stages.on(await wantedModel(), async (stage) => {
        await stage.index.warm();
        await settle(stage);
        if (open.fixed) await lacks(stage.encoder.models.clip.key);
      });
    },
    async close() {
      await calibrations.close();
      await stages.close();
    },
  };
}

const sizeOf = async ({ index }: Stage): Promise<number> => (await index.progress()).total;

/** Words such as "last month" mean on every page what they meant on the first, which its cursor knows. */
function keepDates(request: SearchRequest): SearchRequest {
  const { dates, cursor, filter } = request;
  const taken = dates === undefined || cursor === undefined ? null : readSpan(cursor);
  return taken ? { ...request, filter: { ...filter, taken } } : request;
}

const keptDates = ({ dates, filter }: SearchRequest) =>
  dates === undefined ? undefined : filter.taken;

/** The filter as it is tomorrow still: the words of dates, where there are some. */
const askedFor = ({ dates, filter }: SearchRequest) =>
  dates === undefined ? filter : { ...filter, taken: dates };

/** A number of a moment ago, unless anybody sees that there are more. */
const atLeast = (total: number | null, { length }: unknown[]) =>
  total !== null && total >= length ? total : null;

const joined = (sentences: (string | null)[]) => sentences.filter(Boolean).join(". ") || null;

const NO_PHOTOS = "There are no photos yet: start a session over a folder";
const NONE_PASSES = "No photo passes these filters";
const INCOMPLETE =
  "The former models are no longer installed: until the run with the new ones is " +
  "complete, pictures may be missing here";
const UNSEEN = "Pictures that were read with other models before SAFELIGHT_MODELS was set are " +
  "missing here until a session is run over their folders again";
