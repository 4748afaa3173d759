import assert from "node:assert/strict";
import {
  addressOf,
  hasFilter,
  type Params,
  withAlso,
  withOnly,
  without,
} from "./search_address.ts";
import { chipsOf, spanWords } from "./search_chips.ts";

const params: Params = [
  ["q", "a & b"],
  ["people_all", "1"],
  ["people_all", "2"],
  ["taken", "summer 2021"],
  ["cursor", "x"],
];

Deno.test("an address is put together of fields, one by one", () => {
  assert.equal(addressOf([]), "/search");
  assert.equal(addressOf([["q", "a & b"]], "/search/more"), "/search/more?q=a+%26+b");
  assert.equal(without(params, "people_all").length, 3);
  assert.equal(without(params, "people_all", "1").length, 4);
  assert.equal(withOnly(params, "people_all", "3").length, 4);
  assert.equal(withAlso(params, "people_all", "2").length, 5);
  assert.ok(hasFilter(params));
  assert.ok(!hasFilter([["q", "x"], ["like", "1"], ["everything", "1"]]));
});

Deno.test("a chip is what narrows down, with the address without it", () => {
  const people = new Map([[1, { id: 1, name: "Anna", coverFaceId: 7 }]]);
  const chips = chipsOf(params, { people, sessions: new Map(), taken: "1 June 2021" });
  assert.deepEqual(chips.map(({ label }) => label), [
    "Anna",
    "person 2",
    "summer 2021 (1 June 2021)",
  ]);
  assert.equal(chips[0].faceId, 7);
  assert.equal(chips[0].without, "/search?q=a+%26+b&people_all=2&taken=summer+2021");
});

Deno.test("chips say what they mean", () => {
  const known = { people: new Map(), sessions: new Map(), taken: null };
  const words = (name: string, value: string) => {
    const [{ kind, label }] = chipsOf([[name, value]], known);
    return `${kind} ${label}`;
  };
  // 2019 belongs to it.
  assert.equal(words("to", "2019"), "taken until 2019");
  assert.equal(words("from", "2019"), "taken since 2019");
  assert.equal(words("rating", "-1"), "only rejected");
  assert.equal(words("rating", "3+"), "with 3 stars or more");
  assert.equal(words("faces", "yes"), "with faces");
});

Deno.test("a stretch of time is told by its days", () => {
  const span = (from: string | null, to: string | null) =>
    spanWords({ from: from && `${from}T00:00:00`, to: to && `${to}T00:00:00` });
  assert.equal(span("2021-06-01", "2021-09-01"), "1 June 2021 to 31 August 2021");
  assert.equal(span("2021-06-01", "2021-06-02"), "1 June 2021");
  assert.equal(span("2021-06-01", null), "since 1 June 2021");
  assert.equal(span(null, "2021-01-01"), "until 31 December 2020");
  assert.equal(
    spanWords({ from: "2021-06-01T14:00:00", to: "2021-06-01T15:00:00" }),
    "1 June 2021, 14:00 to 1 June 2021, 15:00",
  );
});
