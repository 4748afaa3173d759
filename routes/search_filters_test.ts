import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "./fault.ts";
import {
  FACET_FIELDS,
  type FilterField,
  filterParams,
  FilterQuery,
  strictFilter,
  toFilter,
} from "./search_filters.ts";

const NOW = new Date(2026, 10, 22, 14, 30);
const read = (query: FilterQuery) => toFilter(FilterQuery.parse(query), NOW);

/** The filter of a query without fault. */
function understood(query: FilterQuery) {
  const { filter, faults } = read(query);
  assert.deepEqual(faults, [], JSON.stringify(query));
  return filter;
}

/** The one fault of a query with one field, which must not be in the filter. */
function refused(query: FilterQuery): string {
  const { filter, faults } = read(query);
  assert.deepEqual(filter, {}, JSON.stringify(query));
  assert.deepEqual(faults.map(({ field }) => field), Object.keys(query));
  return faults[0].message;
}

Deno.test("fields of an address become a filter", () => {
  assert.deepEqual(understood({}), {});
  assert.deepEqual(understood({ folder: "", taken: " ", people_all: [""], camera: [] }), {});
  assert.deepEqual(
    understood({ people_all: "1,2", people_any: ["3", "4, 5,"], people_none: "6" }),
    { people: { all: [1, 2], any: [3, 4, 5], none: [6] } },
  );
  assert.deepEqual(understood({ people_any: ["7", "7"] }).people?.any, [7]);
  assert.deepEqual(understood({ folder: "/a/b/" }), { folder: "/a/b" });
  assert.deepEqual(understood({ folder: "//a/./x/../b " }), { folder: "/a/b " });
  assert.deepEqual(understood({ folder: "/../.." }), { folder: "/" });
  assert.deepEqual(understood({ folder: "/a\nb/%_\\" }), { folder: "/a\nb/%_\\" });
  assert.deepEqual(understood({ camera: ["Canon EOS R5", "Pixel 8"] }).cameras, [
    "Canon EOS R5",
    "Pixel 8",
  ]);
  assert.deepEqual(understood({ type: ["JPEG", "png"] }).formats, ["jpeg", "png"]);
  assert.deepEqual(understood({ orientation: "Square" }), { orientation: "square" });
  assert.deepEqual(understood({ session: "12" }), { sessionId: 12 });
});

Deno.test("numbers of faces and stars", () => {
  const all: [FilterQuery, number | null, number | null][] = [
    [{ faces: "0" }, 0, 0],
    [{ faces: "2" }, 2, 2],
    [{ faces: "2+" }, 2, null],
    // An address with "2+" as it was typed.
    [{ faces: "2 " }, 2, null],
    [{ rating: "3 " }, 3, null],
    [{ faces: " 2" }, 2, 2],
    [{ faces: "1-3" }, 1, 3],
    [{ faces: "1 – 3" }, 1, 3],
    [{ faces: "yes" }, 1, null],
    [{ faces: "No" }, 0, 0],
    [{ rating: "3+" }, 3, null],
    [{ rating: "0-2" }, 0, 2],
    [{ rating: "5" }, 5, 5],
    [{ rating: "0" }, 0, 0],
    [{ rating: "-1" }, -1, -1],
  ];
  for (const [query, min, max] of all) {
    const filter = understood(query);
    assert.deepEqual(filter.faces ?? filter.rating, { min, max }, JSON.stringify(query));
  }
});

Deno.test("dates in words, and from the first to the last day", () => {
  const at = (from: string | null, to: string | null) => ({
    taken: { from: from && `${from}T00:00:00`, to: to && `${to}T00:00:00` },
  });
  assert.deepEqual(understood({ taken: "last month" }), at("2026-10-01", "2026-11-01"));
  assert.deepEqual(understood({ taken: "before 2010" }), at(null, "2010-01-01"));
  assert.deepEqual(understood({ from: "2019-07-21" }), at("2019-07-21", null));
  assert.deepEqual(understood({ from: "2019", to: "2019" }), at("2019-01-01", "2020-01-01"));
  assert.deepEqual(understood({ to: "July 2019" }), at(null, "2019-08-01"));
  assert.deepEqual(understood({ taken: "2019", from: "2019-07" }), at("2019-07-01", "2020-01-01"));
  // Nothing is in both: then nothing passes.
  assert.deepEqual(understood({ taken: "2018", from: "2019" }), at("2019-01-01", "2019-01-01"));
  assert.match(refused({ taken: "31 February 2019" }), /"31 February 2019" is no date.*last month/);
  assert.match(refused({ from: "before 2010" }), /has no beginning/);
  assert.match(refused({ to: "since 2010" }), /has no end/);
  const { filter, faults } = read({ from: "2020", to: "2019" });
  assert.deepEqual(filter, at("2020-01-01", null));
  assert.deepEqual(faults.map(({ field }) => field), ["to"]);
});

Deno.test("what cannot be used is named with its field and value, and is not in the filter", () => {
  const sql = "1); drop table photos; --";
  const html = "<script>alert(1)</script>";
  const long = "9".repeat(10_000);
  const bad: Partial<Record<FilterField, (string | string[])[]>> = {
    people_all: ["Ann", "0", "-1", "1.5", "1e3", "٣", "1;2", "9007199254740993", sql, html, long],
    people_none: [Array.from({ length: 51 }, (_, n) => `${n + 1}`), "1,2,x"],
    folder: ["a/b", "C:\\photos", `/${long}`, ["/a", "/b"], "/a\0b", "/a\ud800", html],
    taken: ["sunny", "99/99", "5/6/2019", sql, html, long, ["2018", "2019"]],
    camera: [long, Array.from({ length: 51 }, (_, n) => `${n}`), "a\0"],
    orientation: ["tall", "toString", sql, html, long, ["square", "portrait"]],
    faces: ["-1", "many", "3-1", "+2", "2++", "10000", "1e9", sql, long, ["1", "2"]],
    rating: ["6", "-2", "3-6", "5-3", "★★★", "2.5", "-1+", sql, long],
    type: [long],
    session: ["0", "last", "1,2", "99999999999999999999", ["1", "2"], sql],
  };
  for (const [field, values] of Object.entries(bad)) {
    for (const value of values) {
      const message = refused({ [field]: value });
      assert(message.length < 300, message);
      assert(!message.includes("\0"), message);
      if (typeof value === "string" && value.length < 50 && field !== "people_none") {
        const shown = value.toWellFormed().replaceAll("\0", "\uFFFD");
        assert(message.includes(shown), `${message} does not name ${value}`);
      }
    }
  }
});

Deno.test("a request of the API is refused as a whole, and told every field", () => {
  assert.deepEqual(strictFilter({ session: "3" }, NOW), { sessionId: 3 });
  assert.throws(() => strictFilter({ session: "x", rating: "9", faces: "1" }, NOW), (error) => {
    assert(error instanceof Fault);
    assert.equal(error.status, 400);
    assert.match(error.message, /rating: "9".*session: "x"/);
    assert.deepEqual((error.details as { field: string }[]).map(({ field }) => field), [
      "rating",
      "session",
    ]);
    return true;
  });
});

Deno.test("written into links and read again, a query says the same", () => {
  const query = {
    people_all: ["1", "2,3"],
    taken: "last month",
    folder: "/a & b/ü?",
    camera: ["A+B", "C"],
    rating: "3+",
    to: "",
  };
  const link = new URLSearchParams(filterParams(query));
  const again: Record<string, string[]> = {};
  for (const [name, value] of link) (again[name] ??= []).push(value);
  assert.deepEqual(read(again), read(query));
  assert(!link.has("to"));
  assert.equal(link.get("taken"), "last month");
});

Deno.test("what facets give is understood", () => {
  const values = {
    people: ["12"],
    years: ["2019", "1000"],
    cameras: ["Canon EOS R5"],
    formats: ["jpeg"],
    orientations: ["landscape", "portrait", "square"],
    ratings: ["-1", "0", "5"],
    faces: ["0", "1", "2", "3+"],
    folders: ["/a/b\nc", "/ä"],
  };
  for (const [kind, field] of Object.entries(FACET_FIELDS)) {
    for (const value of values[kind as keyof typeof values]) understood({ [field]: value });
  }
});

Deno.test("whatever stands in an address: no error, and every field is used or refused", () => {
  const fields = Object.keys(FilterQuery.shape) as FilterField[];
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("1", "2+", "1-3", "2019", "/a", "yes", "square", "last month", ",", "0"),
  );
  const query = fc.dictionary(fc.constantFrom(...fields), fc.oneof(value, fc.array(value)));
  fc.assert(
    fc.property(query, (query) => {
      const { faults } = read(query);
      for (const { field } of faults) assert(Object.hasOwn(query, field), field);
      new URLSearchParams(filterParams(query));
    }),
    { numRuns: 1000 },
  );
});
