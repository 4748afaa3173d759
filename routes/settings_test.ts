import assert from "node:assert/strict";
import { testApp } from "./testing.ts";

const NIGHT = { from: "22:00", to: "06:00", timeZone: "Europe/Berlin" };

Deno.test("settings of the installation", async (t) => {
  const app = await testApp();

  await t.step("nobody has set anything: sessions run at any time", async () => {
    const { status, body } = await app.get("/settings");
    assert.equal(status, 200);
    assert.deepEqual(body, {
      hours: null,
      open: true,
      until: null,
      changedBy: null,
      changedAt: null,
    });
    const { html } = await app.page("/settings");
    assert.match(html, /Sessions run at any time/);
    assert.doesNotMatch(html, /Last changed/);
  });

  await t.step("hours over midnight, and who set them", async () => {
    const { status, body } = await app.put("/settings", { hours: NIGHT });
    assert.equal(status, 200);
    assert.deepEqual(body.hours, NIGHT);
    assert.equal(typeof body.open, "boolean");
    assert(Date.parse(body.until) > Date.now());
    assert.match(body.changedBy, /^API client at /);
    assert.deepEqual((await app.get("/settings")).body, body);
    const { html } = await app.page("/settings");
    assert.match(html, /Sessions run from 22:00 to 06:00 \(Europe\/Berlin\)/);
    assert.match(html, /Last changed .* by API client at/);
    assert.match(html, /<option value="Europe\/Berlin" selected/);
  });

  await t.step(
    "what cannot be hours is refused, with the reason, and changes nothing",
    async () => {
      const wrong = [
        [{ hours: { ...NIGHT, to: "22:00" } }, /begin and end at the same time/],
        [{ hours: { ...NIGHT, from: "24:00" } }, /a time of day is written as 22:00/],
        [{ hours: { ...NIGHT, from: "6:00" } }, /a time of day is written as 22:00/],
        [{ hours: { ...NIGHT, timeZone: "Europe/Atlantis" } }, /there is no such time zone/],
        [{ hours: { from: "22:00", to: "06:00" } }, /timeZone/],
        [{}, /hours/],
      ] as const;
      for (const [body, said] of wrong) {
        const answer = await app.put("/settings", body);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error.message, said);
      }
      assert.deepEqual((await app.get("/settings")).body.hours, NIGHT);
    },
  );

  await t.step("the form says what is wrong and keeps what was typed", async () => {
    const answer = await app.form("/settings", [
      ["limited", "yes"],
      ["from", "23:15"],
      ["to", "23:15"],
      ["timeZone", '<b>"Nowhere'],
    ]);
    assert.equal(answer.status, 400);
    const html = await answer.text();
    assert.match(html, /role="alert"/);
    assert.match(html, /there is no such time zone/);
    assert.match(html, /id="from"[^>]* value="23:15"/);
    assert.doesNotMatch(html, /<b>/);
    assert.deepEqual((await app.get("/settings")).body.hours, NIGHT);
  });

  await t.step("the form sets hours, and takes them away", async () => {
    const fields: [string, string][] = [["from", "01:00"], ["to", "05:30"], ["timeZone", "UTC"]];
    const set = await app.form("/settings", [["limited", "yes"], ...fields]);
    assert.equal(set.status, 303);
    const { body } = await app.get("/settings");
    assert.deepEqual(body.hours, { from: "01:00", to: "05:30", timeZone: "UTC" });
    assert.match(body.changedBy, /^browser at /);
    await app.form("/settings", fields);
    const off = (await app.get("/settings")).body;
    assert.equal(off.hours, null);
    assert.match(off.changedBy, /^browser at /);
  });

  await app.close();
});
