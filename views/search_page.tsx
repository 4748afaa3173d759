import { Layout } from "./layout.tsx";
import { isFilterField, type Params, valueOf } from "./search_address.ts";
import { QuestionFaults, SearchBox } from "./search_box.tsx";
import { FacetMenus, FacetsLater } from "./search_facets.tsx";
import { IndexNews } from "./search_index.tsx";
import { SearchKeys } from "./search_keys.tsx";
import { Results } from "./search_results.tsx";
import type { SearchView } from "./search_view.ts";

/** The one box, and below it what was found; before anything is asked, the newest photos. */
export function SearchPage({ view }: { view: SearchView }) {
  const { params, filter, found, faults, facets, index } = view;
  const asked = isAsked(params);
  const hasPhotos = found !== null && found.results.length > 0;
  return (
    <Layout title={titleOf(params)} place="search" grid>
      <h1 class={asked ? "unseen" : undefined}>Search</h1>
      <SearchBox view={view}>
        {hasPhotos && (facets
          ? <FacetMenus facets={facets} params={params} filter={filter} total={found.total} />
          : <FacetsLater params={params} />)}
      </SearchBox>
      <QuestionFaults faults={faults} />
      <IndexNews index={index} />
      <Results view={view} />
      {hasPhotos && <SearchKeys />}
    </Layout>
  );
}

const isAsked = (params: Params) =>
  params.some(([name]) => isFilterField(name) || ["q", "like", "picture"].includes(name));

function titleOf(params: Params): string {
  const words = valueOf(params, "q");
  if (words !== "") return `${words.slice(0, 80)} · Search`;
  if (valueOf(params, "like") !== "" || valueOf(params, "picture") !== "") {
    return "Like a picture · Search";
  }
  return "Search";
}
