import assert from "node:assert/strict";
import { DrizzleQueryError } from "drizzle-orm";
import { withoutPaths } from "./without_paths.ts";

const same = (cases: Record<string, string>) => {
  for (const [text, left] of Object.entries(cases)) assert.equal(withoutPaths(text), left);
};

Deno.test("absolute paths in quotes, with whatever a name can hold", () => {
  same({
    "No such file (os error 2): open '/photos/Anna & Ben.jpg'":
      "No such file (os error 2): open '[path]'",
    'cannot read "/photos/2019": the disk isn\'t there':
      'cannot read "[path]": the disk isn\'t there',
    "cannot read '/photos/2019': the disk isn't there":
      "cannot read '[path]': the disk isn't there",
    "stat `/photos/a b`, then": "stat `[path]`, then",
    "open '/photos/Anna's \"best\".jpg'": "open '[path]'",
    "open '/photos/Anna\nand Ben.jpg': gone": "open '[path]': gone",
    'told: {"file":"/photos/\\"Anna\\".jpg"}': 'told: {"file":"[path]"}',
    "rename '/photos/a' -> '/photos/b'": "rename '[path]'",
    "open '/photos/Anna, cut o": "open '[path]",
    "could not decode 'Anna & Ben.HEIC'": "could not decode '[path]'",
  });
});

Deno.test("pictures without quotes", () => {
  same({
    "Input file is missing: /photos/Anna & Ben.jpg": "Input file is missing: [path]",
    "/photos/ä/Ünal.JPEG: premature end": "[path]: premature end",
    "Key (path)=(/photos/a.jpg.b.tif) exists": "Key (path)=([path]) exists",
    "file:///photos/Anna%20B.png": "file:[path]",
  });
});

Deno.test("the lines of a stack stay, and text that names no file", () => {
  const stack = "Error: open '/photos/Anna.jpg'\n" +
    "    at readOriginal (file:///srv/safelight/jobs/read_original.ts:31:9)\n" +
    "    at async Promise.all (index 0)\n" +
    "    at new Promise (<anonymous>)\n" +
    "    at async file:///srv/safelight/jobs/lane.ts:58:5";
  assert.equal(withoutPaths(stack), stack.replace("/photos/Anna.jpg", "[path]"));
  const real = new Error("no photo").stack!;
  assert.equal(withoutPaths(real), real);
  const plain = 'GET /api/v1/photos/7 and/or 3.5 images/s isn\'t "quoted": jpeg';
  assert.equal(withoutPaths(plain), plain);
});

Deno.test("a name cannot pass itself off as a line of the stack", () => {
  const text = withoutPaths(
    "open '/photos/x\n    at Anna and Ben.jpg'\n    at f (file:///a.ts:1:2)",
  );
  assert.equal(text, "open '[path]'\n    at f (file:///a.ts:1:2)");
});

Deno.test("values of a failed statement", () => {
  const values = ["Anna's wedding", "/home/anna/Pictures\nwedding", 7];
  const error = new DrizzleQueryError(
    "insert into sessions values ($1, $2, $3)",
    values,
    new Error(),
  );
  assert.doesNotMatch(withoutPaths(error.stack!), /Anna|anna|wedding/);
  assert.match(
    withoutPaths(error.stack!),
    /insert into sessions.*\nparams: \[…\]\n {4}at .*_test\.ts/,
  );
  assert.doesNotMatch(withoutPaths(String(error)), /Anna|anna|wedding/);
});
