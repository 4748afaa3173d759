import assert from "node:assert/strict";
import { testDatabase } from "../db/testing.ts";
import { addressOf, type Params } from "../views/search_address.ts";
import { readForm, readParams, tooLong } from "./search_params.ts";

const read = (address: string): Params => readParams(new URLSearchParams(address));

Deno.test("an address keeps what it says, and of it no more than it says", () => {
  assert.deepEqual(read("q=+red+&taken=%20&people_all=1,2&people_all=2&unknown=1"), [
    ["q", "red"],
    ["people_all", "1"],
    ["people_all", "2"],
  ]);
  assert.deepEqual(read("folder=%20/a/b%20&camera=Pixel%20"), [
    ["folder", "/a/b "],
    ["camera", "Pixel "],
  ]);
});

Deno.test("a plus that nobody encoded is one", () => {
  assert.deepEqual(read("faces=3+&rating=2+"), [["faces", "3+"], ["rating", "2+"]]);
  assert.deepEqual(read("faces=3&rating=%202"), [["faces", "3"], ["rating", "2"]]);
});

Deno.test("what is there twice and means one thing is not made one", () => {
  assert.deepEqual(read("folder=/a&folder=/b&rating=1&rating=2").length, 4);
  assert.deepEqual(read("cursor=a&cursor=b&everything=1&everything=1").length, 2);
});

Deno.test("a search that no address can hold is told before anybody is led to it", () => {
  const long: Params = [["folder", `/${"é".repeat(2000)}`]];
  assert.match(tooLong(long)!.message, /^This search takes 12,01\d characters.*8,000 are the most/);
  assert.equal(tooLong([["q", "a".repeat(1000)]]), null);
});

Deno.test("a name that nobody can have is told, and is no question to the database", async () => {
  const database = await testDatabase();
  const { db } = database;
  for (const name of ["a\0", "\0", "a".repeat(401)]) {
    const form = new FormData();
    form.set("q", "red");
    form.set("name", name);
    const { params, fault } = await readForm(db, form);
    assert.equal(fault?.field, "people");
    assert.match(fault.message, /no name that anybody can have/);
    assert.equal(addressOf(params), "/search?q=red");
  }
  const form = new FormData();
  form.set("name", "Nobody");
  assert.match((await readForm(db, form)).fault!.message, /Nobody is called "Nobody"/);
  await database.drop();
});
