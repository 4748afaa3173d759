import assert from "node:assert/strict";
import { OPERATIONS } from "./openapi.ts";
import { testApp } from "./testing.ts";

Deno.test("the OpenAPI document", async (t) => {
  const test = await testApp();
  const { status, body } = await test.get("/openapi.json");
  assert.equal(status, 200);

  await t.step("names every route there is, and no other", () => {
    const routes = test.app.routes
      .filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/"))
      .map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual([...new Set(routes)].sort(), Object.keys(OPERATIONS).sort());
    const documented = Object.entries<Record<string, unknown>>(body.paths).flatMap(
      ([path, methods]) =>
        Object.keys(methods).map((method) =>
          `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`
        ),
    );
    assert.deepEqual(documented.sort(), Object.keys(OPERATIONS).sort());
  });

  await t.step("is made of the schemas the handlers check with", () => {
    assert.equal(body.openapi, "3.1.0");
    const create = body.paths["/api/v1/training/sessions"].post;
    const { schema } = create.requestBody.content["application/json"];
    assert.equal(create.requestBody.required, true);
    assert.equal(body.paths["/api/v1/changes/undo"].post.requestBody.required, false);
    assert.deepEqual(schema.required, ["name", "rootPath"]);
    assert.equal(schema.properties.skipFaceDetection.type, "boolean");
    const items = body.paths["/api/v1/sessions/{id}/items"].get.parameters;
    const by = (name: string) => items.find((one: { name: string }) => one.name === name);
    assert.deepEqual(by("id").in, "path");
    assert.deepEqual(by("phase").schema.enum, ["discovery", "training", "face_detection"]);
    assert.equal(by("phase").required, true);
    assert.equal(by("cursor").required, false);
    const replies = body.paths["/api/v1/photos/{id}/preview"].get.responses;
    assert.ok(replies[200].content["image/jpeg"]);
    const failures = body.paths["/api/v1/sessions/{id}/failures"].get.responses[200].content;
    assert.deepEqual(Object.keys(failures), ["application/json", "text/csv"]);
    const [page, lines] = failures["application/json"].schema.anyOf;
    assert.ok(page.properties.nextCursor && lines.items.properties.lastAttemptAt);
    assert.ok(replies.default.content["application/json"].schema.properties.error);
  });

  await t.step("says where exactly one field of several is wanted", () => {
    const of = (path: string, method = "post") =>
      body.paths[`/api/v1${path}`][method].requestBody.content["application/json"].schema;
    const fields = (path: string, method?: string) =>
      of(path, method).oneOf.map(({ required }: { required: string[] }) => required[0]);
    assert.deepEqual(fields("/faces/move"), ["personId", "name", "clusterId"]);
    assert.match(of("/faces/move").description, /Exactly one of personId, name, clusterId/);
    assert.deepEqual(of("/faces/move").required, ["faceIds"]);
    for (const path of ["/faces", "/faces/assign", "/clusters/{id}/name"]) {
      assert.deepEqual(fields(path), ["personId", "name"], path);
    }
    assert.deepEqual(fields("/people/{id}", "patch"), ["name", "coverFaceId", "hidden"]);
    assert.ok(of("/faces/release").properties.personId);
  });

  await test.close();
});
