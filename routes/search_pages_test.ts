import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { files } from "../db/schema.ts";
import { insertPerson, showModel } from "../db/people_testing.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { addDrawings, draw, drawing } from "./drawn_photos_testing.ts";
import { testApp } from "./testing.ts";

Deno.test("the search page", async (t) => {
  const test = await testApp();
  const { db, dataDir, app } = test;
  const page = async (path: string, status = 200) => {
    const reply = await test.page(path);
    assert.equal(reply.status, status, path.slice(0, 80));
    return reply.html;
  };
  const post = (fields: [string, string | File][]) => {
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    return app.request("/search", {
      method: "POST",
      body,
      headers: { origin: "http://localhost" },
    });
  };
  const shown = (html: string) =>
    [...html.matchAll(/<li id="photo-(\d+)"/g)].map(([, id]) => Number(id));

  await t.step("before anything was indexed it says what to do", async () => {
    for (const path of ["/search", "/search?q=red", "/search?taken=2019"]) {
      const html = await page(path);
      assert.match(html, /<input type="search"/);
      assert.match(html, /role="status"/);
      assert.deepEqual(shown(html), []);
    }
    assert.match(await page("/search"), /href="\/sessions\/new"/);
  });

  const engine = await openEngine({ modelsDir: null, roles: ["images"], threads: 1 });
  const sessionId = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  const drawings = Array.from({ length: 70 }, (_, index) => ({
    ...drawing(index),
    path: `/p/${index % 2 ? "odd" : "even"}/a <b>${index}.png`,
    takenAt: `20${10 + index % 5}-07-21T12:00:00`,
    camera: index === 3 ? `"><script>alert(1)</script>` : "Leica M6",
  }));
  const ids = await addDrawings({ db, dataDir, engine }, { sessionId, drawings });
  const [copy] = await addDrawings({ db, dataDir, engine }, {
    sessionId,
    drawings: [{ ...drawing(0), path: "/p/copy.png", representativeId: ids[0] }],
  });
  await engine.close();
  await new Promise((resolve) => setTimeout(resolve, 600));

  await t.step("without a question it shows the newest photos, page after page", async () => {
    assert.equal(shown(await page("/search")).length, 60);
    const html = await page("/search?folder=/p");
    assert.match(html, /70 photos, the newest first/);
    const [, next] = html.match(/href="(\/search\?folder=%2Fp&amp;cursor=[^"]+)"/)!;
    const rest = shown(await page(next.replaceAll("&amp;", "&")));
    assert.equal(new Set([...shown(html), ...rest]).size, 70);
    const [, more] = html.match(/hx-get="(\/search\/more\?[^"]+)"/)!;
    const fragment = await page(more.replaceAll("&amp;", "&"));
    assert.deepEqual(shown(fragment), rest);
    assert.match(fragment, /<div class="more" id="more"><\/div><hx-partial hx-target="#found"/);
    assert.ok(!fragment.includes("<html"));
  });

  await t.step("names and cameras stay text", async () => {
    const html = await page(`/search?camera=${encodeURIComponent(drawings[3].camera)}`);
    assert.deepEqual(shown(html), [ids[3]]);
    assert.ok(!html.includes("<script>alert") && !html.includes("<b>3"));
    assert.match(html, /alt="a &lt;b&gt;3.png"/);
  });

  await t.step("whatever is typed comes back as text, and is searched for", async () => {
    for (
      const words of [
        `"><script>alert(1)</script><img src=x onerror=alert(1)> red`,
        "'; drop table photos; --",
        "שלום 🐕 \u202e red",
        "red \0 %00",
      ]
    ) {
      const html = await page(`/search?q=${encodeURIComponent(words)}`);
      assert.ok(!html.includes("<script>alert") && !html.includes("<img src=x"));
      assert.match(html, /dir="auto"/);
    }
    const [first] = shown(await page("/search?q=red"));
    assert.equal(first, ids[0], "the red one is not the first");
  });

  await t.step("ten thousand characters are refused on the page, and kept", async () => {
    const words = "red <b> ".repeat(1250);
    const html = await page(`/search?q=${encodeURIComponent(words)}`, 400);
    assert.match(html, /These are 9999 characters; 1000 are the most/);
    assert.ok(
      html.includes(`value="${words.trim().replaceAll("<", "&lt;").replaceAll(">", "&gt;")}"`),
    );
  });

  await t.step("a time that is none is said where it was typed, and nothing is shown", async () => {
    const html = await page("/search?q=red&taken=sumer+of+love", 400);
    assert.match(html, /id="by-taken"[^>]*value="sumer of love"/);
    assert.match(html, /role="alert"/);
    assert.deepEqual(shown(html), []);
    assert.match(await page("/search?taken=summer+2012"), /1 June 2012 to 31 August 2012/);
  });

  await t.step("a cursor of another search has a way to start over", async () => {
    const [, cursor] = (await page("/search")).match(/cursor=([^&"]+)/)!;
    const html = await page(`/search?q=red&cursor=${cursor}`, 400);
    assert.match(html, /<a href="\/search\?q=red">Start over<\/a>/);
    assert.equal((await test.page(`/search/more?q=red&cursor=${cursor}`)).status, 400);
    await page("/search?cursor=%00%ff", 400);
  });

  await t.step("a photo that is not there, and no photo at all", async () => {
    assert.match(await page("/search?q=red&like=999999", 404), /href="\/search\?q=red"/);
    await page("/search?like=1e3", 400);
    await page("/search?like=%3Cb%3E", 400);
    await page("/search?picture=AAAA", 400);
  });

  await t.step("a form leads to the address of its results", async () => {
    const reply = await post([
      ["q", " red "],
      ["like", String(ids[1])],
      ["taken", ""],
      ["camera", "Leica M6"],
      ["camera", "Canon"],
      ["person-7", "none"],
      ["person-8", ""],
      ["file", new File([], "")],
    ]);
    assert.equal(reply.status, 303);
    assert.equal(
      reply.headers.get("location"),
      `/search?q=red&like=${ids[1]}&people_none=7&camera=Leica+M6&camera=Canon`,
    );
  });

  await t.step(
    "what an address cannot hold is told by the form, which stays as it is",
    async () => {
      for (
        const [field, value, message] of [
          ["q", "green ".repeat(500), /These are 2999 characters; 1000 are the most/],
          ["folder", `/${"x".repeat(30_000)}`, /takes 30,\d+ characters as an address/],
          ["taken", "sumer of love", /&quot;sumer of love&quot; is no date/],
          ["name", "a\0", /no name that anybody can have/],
        ] as const
      ) {
        const reply = await post([["camera", "Leica M6"], [field, value]]);
        assert.equal(reply.status, 400, field);
        assert.equal(reply.headers.get("location"), null);
        const html = await reply.text();
        assert.match(html, message);
        assert.match(html, /value="Leica M6" checked/);
        if (field !== "name") assert.ok(html.includes(`value="${value.trim()}"`), field);
      }
    },
  );

  await t.step("no part of a question gets lost in the form", async () => {
    const html = await page("/search?people_all=999&people_any=7&people_none=7&q=red");
    const kept = (role: string, id: number) =>
      new RegExp(`<input type="hidden" name="people_${role}" value="${id}"`);
    assert.match(html, kept("all", 999));
    assert.match(html, kept("any", 7));
    assert.match(html, kept("none", 7));
    const both = await page(`/search?like=${ids[1]}&picture=AAAA`, 400);
    assert.match(both, /<input type="hidden" name="like"/);
    assert.match(both, /<input type="hidden" name="picture" value="AAAA"/);
    for (
      const [query, told] of [
        [
          "folder=/p&folder=/q",
          /id="by-folder-told" class="trouble">Is given 2 times; give it once\.</,
        ],
        ["rating=1&rating=2", /Stars: is given 2 times/],
        [`like=${ids[0]}&like=${ids[1]}`, /&quot;like&quot; 2 times: give it once/],
        ["q=red&q=blue", /&quot;q&quot; 2 times: give it once/],
      ] as const
    ) {
      assert.match(await page(`/search?${query}`, 400), told);
    }
  });

  await t.step("a chip tells what was typed, whatever else narrows it down", async () => {
    const html = await page("/search?taken=2010+to+2012&from=2011");
    assert.match(html, /2010 to 2012 \(1 January 2010 to 31 December 2012\)/);
    assert.match(html, /taken since<\/span> <bdi>2011/);
  });

  await t.step("a picture leads to photos like it; what is none is told on the page", async () => {
    const bytes = new Uint8Array(await draw(drawing(2)));
    const given = new File([bytes], "given.png", { type: "image/png" });
    const reply = await post([["q", ""], ["like", "5"], ["file", given]]);
    assert.equal(reply.status, 303);
    const location = reply.headers.get("location")!;
    assert.match(location, /^\/search\?picture=[\w-]+$/);
    const html = await page(`${location}&everything=1`);
    assert.equal(shown(html)[0], ids[2], "the green one is not the first");
    assert.match(html, /a picture you gave/);

    const text = new File(["not a picture"], "a <b>.txt", { type: "text/plain" });
    const refused = await post([["q", "kept words"], ["file", text]]);
    assert.equal(refused.status, 400);
    const told = await refused.text();
    assert.match(told, /&quot;a &lt;b&gt;.txt&quot; cannot be used/);
    assert.match(told, /value="kept words"/);
  });

  await t.step("too large a picture is refused on the page before it is read", async () => {
    const reply = await app.request("/search", {
      method: "POST",
      body: new Uint8Array(1),
      headers: {
        origin: "http://localhost",
        referer: "http://localhost/search?q=kept&taken=2010&cursor=x",
        "content-length": "200000000",
        "content-type": "multipart/form-data; boundary=x",
      },
    });
    assert.equal(reply.status, 413);
    const html = await reply.text();
    assert.match(html, /<form[^]*larger than[^]*<a href="\/search\?q=kept&amp;taken=2010">Back to/);
    assert.match(html, /name="q" value="kept"/);
  });

  await t.step("a form that is none is a bad request", async () => {
    const reply = await app.request("/search", {
      method: "POST",
      body: "nonsense",
      headers: { origin: "http://localhost", "content-type": "multipart/form-data; boundary=x" },
    });
    assert.equal(reply.status, 400);
  });

  await t.step("people are asked for by name, and one who is nobody is told", async () => {
    await showModel(db);
    const anna = await insertPerson(db, { name: "Anna", count: 1, like: 1 });
    const reply = await post([["name", "anna"], ["role", "all"]]);
    assert.equal(reply.headers.get("location"), `/search?people_all=${anna.id}`);
    const html = await page(`/search?people_all=${anna.id}`);
    assert.match(html, /<bdi>Anna<\/bdi>/);
    const offered = await page(`/search/people?people_none=${anna.id}`);
    assert.match(offered, new RegExp(`name="person-${anna.id}"`));
    const nobody = await post([["q", "red"], ["name", "<i>Nobody"], ["role", "none"]]);
    assert.equal(nobody.status, 400);
    assert.match(await nobody.text(), /Nobody is called &quot;&lt;i&gt;Nobody&quot;/);
    assert.match(await page("/search?people_all=987654"), /not there any more/);

    // Two things at once: one in the choice, the other beside it.
    const twice = await page(`/search?people_all=${anna.id}&people_none=${anna.id}`);
    assert.match(twice, /type="hidden" name="people_none"/);
    assert.doesNotMatch(twice, /type="hidden" name="people_all"/);

    const anne = await insertPerson(db, { name: "Anne", count: 1, like: 2 });
    assert.equal((await test.post(`/people/${anna.id}/merge`, { from: anne.id })).status, 200);
    const merged = await page(`/search?people_all=${anne.id}`);
    assert.match(merged, /Anne was merged into Anna/);
    assert.match(merged, /class="chips"[^]*<bdi>Anna<\/bdi>/);
    const [, select] = merged.match(new RegExp(`name="person-${anna.id}">([^]*?)</select>`))!;
    assert.match(select, /value="all" selected/);
  });

  await t.step(
    "counts come with a fragment, and with the page for those without scripts",
    async () => {
      const fragment = await page("/search/facets?folder=%2Fp%2Fodd");
      assert.match(fragment, /href="\/search\?folder=%2Fp%2Fodd&amp;taken=2011"/);
      assert.match(await page("/search?counts=1"), /<nav class="facets"/);
      assert.match(await page("/search"), /hx-get="\/search\/facets"/);
      assert.match(await page("/search/facets?taken=nonsense"), /id="facets"/);
    },
  );

  await t.step("duplicates fold under their photo", async () => {
    const html = await page("/search?taken=21+July+2010");
    assert.match(html, new RegExp(`href="/photos/${ids[0]}#copies"[^>]*data-copies="${ids[0]}"`));
    assert.ok(!shown(html).includes(copy));
  });

  await t.step("a photo whose files are gone is not shown", async () => {
    const before = shown(await page("/search?folder=/p/odd")).length;
    await db.update(files).set({ missingAt: new Date() }).where(eq(files.photoId, ids[1]));
    assert.equal(shown(await page("/search?folder=/p/odd")).length, before - 1);
  });

  await t.step("once the index is ready nothing asks for it any more", async () => {
    const html = await page("/search/index");
    assert.match(html, /id="index-news"/);
    assert.ok(!html.includes("hx-get"));
  });

  await test.close();
});
