import type { SearchResult } from "../db/search.ts";
import { several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { DemoNote } from "./parts.tsx";
import { PhotoGrid } from "./photo_grid.tsx";

/** The field, and below it what was found; `found` is null before anything was asked. */
export function SearchPage({ query, found }: { query: string; found: SearchResult | null }) {
  return (
    <Layout title={query === "" ? "Search" : `${query} · Search`} place="search">
      <h1>Search</h1>
      <form method="get" action="/search" role="search" class="go">
        <label for="q">Show me</label>
        <input
          type="search"
          id="q"
          name="q"
          value={query}
          maxlength={1000}
          required
          placeholder="red sunset"
          autocomplete="off"
        />
        <button type="submit" class="primary">Search</button>
      </form>
      {found && (
        <p class="lead" role="status">
          {found.message ?? `${several(found.results.length, "photo")}, the most similar first`}
        </p>
      )}
      {found?.notice && <p class="note" role="note">{found.notice}</p>}
      {found && found.results.length > 0 && (
        <PhotoGrid photos={found.results} label="Photos found, the most similar first" />
      )}
      {found?.builtinModels && found.results.length > 0 && <DemoNote />}
    </Layout>
  );
}
