import { PhotoGrid, PhotoTiles } from "./photo_grid.tsx";
import { DemoNote } from "./parts.tsx";
import { addressOf, hasFilter, type Params, withOnly, without } from "./search_address.ts";
import type { SearchView } from "./search_view.ts";
import { foundWords } from "./search_words.ts";
import type { SearchResult } from "../db/search/types.ts";

/** What was found, or why nothing was. */
export function Results({ view }: { view: SearchView }) {
  const { found, params, shown } = view;
  if (!found) return null;
  const { results, notice, builtinModels } = found;
  const isFirst = shown === results.length;
  return (
    <>
      {notice && <p class="note" role="note">{notice}</p>}
      {results.length === 0 ? <Nothing found={found} params={params} /> : (
        <>
          <Found found={found} params={params} shown={shown} />
          <PhotoGrid
            id="found"
            photos={results}
            label={found.model === ""
              ? "Photos, the newest first"
              : "Photos, the most similar first"}
            deeds
          />
          <More found={found} params={params} shown={shown} />
        </>
      )}
      {!isFirst && (
        <p>
          <a class="button" href={addressOf(firstPage(params))}>Back to the first photos</a>
        </p>
      )}
      {builtinModels && results.length > 0 && <DemoNote />}
    </>
  );
}

const firstPage = (params: Params) => without(without(params, "cursor"), "shown");

/** More photos for the end of the grid, what comes after them, and the new status line. */
export function MoreResults({ found, params, shown }: {
  found: SearchResult;
  params: Params;
  shown: number;
}) {
  return (
    <>
      <More found={found} params={params} shown={shown} />
      <hx-partial hx-target="#found" hx-swap="beforeend">
        <PhotoTiles photos={found.results} deeds />
      </hx-partial>
      <hx-partial hx-target="#found-words" hx-swap="innerHTML">
        {foundWords({ ...found, shown, filtered: hasFilter(params) })}
      </hx-partial>
    </>
  );
}

function Found({ found, params, shown }: { found: SearchResult; params: Params; shown: number }) {
  return (
    <p class="lead" role="status" id="found-words">
      {foundWords({ ...found, shown, filtered: hasFilter(params) })}
    </p>
  );
}

/** Below the grid: it asks for the next photos when it comes near, or is a link to them. */
function More({ found, params, shown }: { found: SearchResult; params: Params; shown: number }) {
  const { nextCursor, cut } = found;
  if (nextCursor === null) {
    return (
      <div class="more" id="more">
        {cut && (
          <p>
            The rest is no better than chance. <ShowRest params={params} />
          </p>
        )}
      </div>
    );
  }
  const next = withOnly(withOnly(params, "cursor", nextCursor), "shown", String(shown));
  return (
    <div class="more" id="more">
      <a
        class="button"
        href={addressOf(next)}
        hx-get={addressOf(without(next, "counts"), "/search/more")}
        hx-trigger="intersect once rootMargin:1200px, click"
        hx-target="#more"
        hx-swap="outerHTML"
        hx-sync="this:drop"
      >
        More photos
      </a>
      <p class="trouble" hidden>They could not be loaded. Press to try again.</p>
    </div>
  );
}

function ShowRest({ params, title = "Show it anyway" }: { params: Params; title?: string }) {
  const href = addressOf(withOnly(firstPage(params), "everything", "1"));
  return <a id="show-rest" href={href}>{title}</a>;
}

/** Why there is nothing, and what can be done about it. */
function Nothing({ found, params }: { found: SearchResult; params: Params }) {
  const isNarrowed = hasFilter(params);
  return (
    <div class="empty">
      <p role="status" id="found-words">
        {foundWords({ ...found, shown: 0, filtered: isNarrowed })}
      </p>
      {found.cut && (
        <p>
          What comes nearest is no nearer than chance would have it.{" "}
          <ShowRest params={params} title="Show the nearest anyway" />
        </p>
      )}
      {found.total !== 0 && !isNarrowed && isAsked(params) && (
        <p>
          <a href="/search">Show all photos</a>
        </p>
      )}
      {isNarrowed && (
        <p>
          <a href={addressOf(params.filter(([name]) => ["q", "like", "picture"].includes(name)))}>
            {isAsked(params) ? "Search without the filters" : "Show all photos"}
          </a>
        </p>
      )}
      {found.total === 0 && !isNarrowed && (
        <p>
          <a href="/sessions/new">Start a session</a> over a folder with photos.
        </p>
      )}
    </div>
  );
}

const isAsked = (params: Params) =>
  params.some(([name]) => ["q", "like", "picture"].includes(name));
