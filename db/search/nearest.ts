import { type SQL, sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import type { Calibrations } from "./calibrations.ts";
import { type Asked, compareWith } from "./compare.ts";
import { queryMark, readCursor, writeCursor } from "./cursor.ts";
import { filterSelect, isEmptyFilter, passes } from "./filter_select.ts";
import { collectPage, relevantCount } from "./page.ts";
import { deeper, DEEPEST, rank, type Ranking } from "./ranking.ts";
import { createRecent } from "./recent.ts";
import type { Stage } from "./stages.ts";
import type { PhotoFilter, SearchRequest, SearchResult } from "./types.ts";

/** The following pages of so many need not look again, nor change while somebody reads. */
const SEARCHES = 50;
const KEPT_MS = 600_000;

/**
 * Ranks that are looked at first: enough to see where chance begins, and for the largest page. Where the
 * results end depends on how far somebody looked, so it is the same for whatever else is asked: looking
 * goes on only from where all that was seen is better than chance.
 */
const WINDOW = 240;
/** Under a filter the library's sample does not say how many more there are as good; ranks do. */
const WIDE_WINDOW = 2000;
/** So many are counted for facets, if they are all better than chance. */
const COUNTED = 1500;

export interface NearestRequest extends Asked, Pick<SearchRequest, "limit" | "cursor"> {
  everything: boolean;
  facets: boolean;
  filter: PhotoFilter;
  /** Of the dates in it, where they are to be kept for the following pages. */
  taken?: PhotoFilter["taken"];
  /** Tells this query from others; the model and `everything` aside. */
  mark: (more: unknown) => string;
}

export interface Nearest
  extends Pick<SearchResult, "message" | "notice" | "results" | "nextCursor" | "cut"> {
  /** Those better than chance, or with `everything` all, as far as somebody looked. */
  found: SQL | null;
  /** There are more of them. */
  foundMore: boolean;
}

/** Finds the photos that are most like what was asked, page by page. */
export function createNearest(db: Db, calibrations: Calibrations) {
  const rankings = createRecent<Ranking>({ most: SEARCHES, ms: KEPT_MS });

  return async function findNearest(stage: Stage, request: NearestRequest): Promise<Nearest> {
    const { encoder, index } = stage;
    const { limit, everything, filter, facets, cursor } = request;
    const among = isEmptyFilter(filter) ? null : filterSelect(filter);
    const model = encoder.models.clip.key;
    const mark = request.mark({ model, everything });
    const after = cursor === undefined ? null : readCursor(cursor, { mark, kind: "score" });
    const compared = await compareWith(db, encoder, request);
    const { query, parts, itself, message, notice } = compared;
    if (!query) return { ...NOTHING, message, notice };

    // Somebody may have been merged since: what is asked stays the same, the photos do not.
    const key = `${mark} ${queryMark(filter)}`;
    const look = async (k: number) => {
      const ranked = await rank(index, { vector: query, k, ...among ? { among } : {} });
      const ranking = without(ranked, itself);
      // Fifty of these are 40 MB; deeper ones are looked for again, page by page.
      if (ranking.hits.length <= DEEPEST && ranking.missing === 0) rankings.set(key, ranking);
      return ranking;
    };
    const before = after && rankings.get(key);
    const ranking = before ?? await look(among ? WIDE_WINDOW : WINDOW);
    if (ranking.size === 0) {
      void calibrations.current(stage, 0);
      return { ...NOTHING, message: ranking.missing > 0 ? LOADING : NOTHING_THERE, notice };
    }
    const { calibration, pending } = await calibrations.current(stage, ranking.size);
    const judgement = await calibration?.judge(parts, query) ?? null;
    const upright = parts.some(({ weight }) => weight > 0);
    const pictures = parts.every(({ kind, weight }) => kind === "picture" && weight > 0);
    const how = { judgement, everything, filtered: among !== null, upright, pictures };
    const relevant = (ranking: Ranking) => relevantCount(ranking, how);
    const passing = passes(filter, { few: true });
    let deepest = ranking;
    const deepen = async (ranking: Ranking) => deepest = await look(deeper(ranking));
    const page = await collectPage(db, ranking, {
      ...{ limit, after, relevant, deepen },
      p: judgement?.p ?? null,
      // Stars may have been taken away since, or people renamed.
      ...before && among ? { passing } : {},
    });
    const { results, more, cut } = page;
    const last = results.at(-1);
    const isOpen = (ranking: Ranking) => relevant(ranking) === ranking.hits.length;
    while (facets && isOpen(deepest) && !deepest.complete && deepest.hits.length < COUNTED) {
      await deepen(deepest);
    }
    const notices = [
      notice,
      deepest.missing > 0 ? lacking(deepest.missing) : null,
      pending && !everything ? UNMEASURED : null,
      !more && !cut && deepest.capped ? CAPPED : null,
    ];
    const found = deepest.hits.slice(0, relevant(deepest)).map(({ id }) => id);
    return {
      results,
      cut,
      message: results.length > 0 || after ? null : whyNothing(deepest, { ...request, among }),
      notice: notices.filter(Boolean).join(". ") || null,
      nextCursor: more && last
        ? writeCursor(mark, { score: last.score!, id: last.id }, { taken: request.taken })
        : null,
      found: sql`select p.id from photos p
        where p.id = any(${sql.param(found)}::bigint[]) and ${passing}`,
      foundMore: isOpen(deepest) && (!deepest.complete || deepest.capped),
    };
  };
}

/** What was asked for is no answer, nor does it make others better than chance. */
function without(ranking: Ranking, itself: number | null): Ranking {
  const hits = ranking.hits.filter(({ id }) => id !== itself);
  return { ...ranking, hits, candidates: ranking.candidates - ranking.hits.length + hits.length };
}

const NOTHING = { results: [], nextCursor: null, cut: false, found: null, foundMore: false };
const NOTHING_THERE =
  "No picture is searchable yet with the models in use: start a session over a folder";
const LOADING = "The pictures are being loaded: search again in a moment";
const NOTHING_LEFT = "No searchable photo passes these filters";
const NOTHING_NEAR = "No picture is like these words";
const NOTHING_ALIKE = "No other picture is like this one";
const lacking = (missing: number) =>
  `${missing.toLocaleString("en")} ${missing === 1 ? "picture is" : "pictures are"} still being ` +
  "loaded, and may be missing here";
const UNMEASURED = "How unusual these are is still being measured: they are not cut off yet";
const CAPPED = `These are the nearest ${
  DEEPEST.toLocaleString("en")
}: filters or other words bring the others`;

function whyNothing(
  { candidates }: Ranking,
  { among, terms }: Pick<NearestRequest, "terms"> & { among: SQL | null },
): string {
  if (among && candidates === 0) return NOTHING_LEFT;
  return terms.length > 0 ? NOTHING_NEAR : NOTHING_ALIKE;
}
