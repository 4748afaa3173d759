import assert from "node:assert/strict";
import type { Facets, PhotoFilter } from "../db/search/types.ts";
import type { Params } from "./search_address.ts";
import { FacetMenus } from "./search_facets.tsx";

const values = (...of: string[]) => of.map((value) => ({ value, label: "", photos: 7 }));
const none: Facets = {
  ...{ people: [], years: [], cameras: [], formats: [], orientations: [], ratings: [] },
  ...{ faces: [], folders: [], counted: 7, more: false },
};

function shown(
  facets: Partial<Facets>,
  { params = [], filter = {}, total = 7 }: {
    params?: Params;
    filter?: PhotoFilter;
    total?: number | null;
  } = {},
): string {
  const given = { ...none, ...facets };
  return String(<FacetMenus facets={given} params={params} filter={filter} total={total} />);
}

const year = (from: string, to: string) => ({
  taken: { from: `${from}-01T00:00:00`, to: `${to}-01T00:00:00` },
});

Deno.test("a value that would show other photos too is no link", () => {
  const july = shown({ years: values("2019"), formats: values("jpeg") }, {
    params: [["taken", "July 2019"]],
    filter: year("2019-07", "2019-08"),
  });
  assert.doesNotMatch(july, /Years/);
  assert.match(july, /href="\/search\?taken=July\+2019&amp;type=jpeg"/);
  const two = shown({ years: values("2018", "2019") }, {
    params: [["taken", "July 2018 to December 2019"]],
    filter: year("2018-07", "2020-01"),
  });
  assert.match(two, /<span[^>]*><bdi>2018<\/bdi> <b>7<\/b><\/span>/);
  assert.match(two, /href="\/search\?taken=2019"/);
  const cameras = shown({ cameras: values("A", " ") }, {
    params: [["camera", "A"], ["camera", "B"]],
    filter: { cameras: ["A", "B"] },
  });
  assert.match(cameras, /href="\/search\?camera=A"/);
  assert.equal(cameras.match(/<a /g)?.length, 1, "a blank camera cannot be asked for");
});

Deno.test("that not all were counted is said where it is so, and nowhere else", () => {
  const years = values("2019");
  assert.match(shown({ years, more: true }, { total: 900 }), /Counted in 7 photos of 900</);
  assert.match(shown({ years, more: true }, { total: null }), /Counted in 7 photos of more</);
  // Of what is similar to something, fewer are found than there are.
  assert.doesNotMatch(shown({ years }, { total: 900 }), /Counted/);
});

Deno.test("who was rejected is called so", () => {
  assert.match(shown({ ratings: values("-1") }), /<bdi>Rejected<\/bdi>/);
});
