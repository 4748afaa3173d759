import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../config.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

const read = (path: string) => Deno.readTextFile(join(ROOT, path));

/** The cells of every row of a document's tables. */
const rows = (text: string) =>
  [...text.matchAll(/^\|(.+)\|$/gm)].map(([, row]) => row.split("|").map((cell) => cell.trim()));

/** The environment variables the configuration asks for, as it asks for them. */
function settingsRead(): string[] {
  const asked = new Set<string>();
  readConfig(
    new Proxy({}, {
      get(_, name) {
        asked.add(String(name));
        return undefined;
      },
    }),
  );
  return [...asked].filter((name) => /^(SAFELIGHT_|DATABASE_URL$)/.test(name)).sort();
}

Deno.test("the README's table has every setting, and no other, with its default", async () => {
  const table = rows(await read("README.md"))
    .map((cells) => cells.map((cell) => cell.replaceAll("`", "")))
    .filter(([name]) => /^(SAFELIGHT_|DATABASE_URL$)/.test(name));
  assert.deepEqual(table.map(([name]) => name).sort(), settingsRead());
  const plain = readConfig({});
  for (const [name, value] of table) {
    if (value !== "") assert.deepEqual(readConfig({ [name]: value }), plain, `${name}=${value}`);
  }
  const given = table.filter(([, value]) => value !== "").map(([name]) => name);
  assert(given.includes("SAFELIGHT_PORT"), "the table's defaults are not read");
});

Deno.test("settings of the tests are in CONTRIBUTING.md", async () => {
  const named = new Set<string>();
  for (const folder of ["e2e", "db", "models"]) {
    for await (const { name } of Deno.readDir(join(ROOT, folder))) {
      if (!name.endsWith(".ts")) continue;
      for (const [setting] of (await read(`${folder}/${name}`)).matchAll(/SAFELIGHT_[A-Z_]+/g)) {
        named.add(setting);
      }
    }
  }
  const text = await read("CONTRIBUTING.md");
  const settings = settingsRead();
  const missing = [...named].filter((name) => !settings.includes(name) && !text.includes(name));
  assert.deepEqual(missing, []);
});

Deno.test("the README has every command of the program, and no other", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", join(ROOT, "main.ts"), "help"],
  }).output();
  const usage = [...new TextDecoder().decode(stdout).matchAll(/^ {2}([a-z]+) {2,}/gm)];
  const [, section] = /^## Commands$([^]*?)^## /m.exec(await read("README.md"))!;
  // A command with words of its own has a row for each.
  const listed = new Set(
    [...section.matchAll(/^\| `([a-z]+)[^|]*` \|/gm)].map(([, name]) => name),
  );
  assert.deepEqual([...listed].sort(), usage.map(([, name]) => name).sort());
  assert(listed.size >= 5);
});

Deno.test("tasks, files and sections the documents name are there", async () => {
  const { tasks, imports } = JSON.parse(await read("deno.json"));
  const faults: string[] = [];
  const isThere = (path: string) => Deno.stat(join(ROOT, path)).then(() => true, () => false);
  for (const document of DOCUMENTS) {
    const text = await read(document);
    for (const [, task] of text.matchAll(/(?:deno|deno@[\d.]+) task ([a-z:]+)/g)) {
      if (!(task in tasks)) faults.push(`${document} names the task ${task}: not in deno.json`);
    }
    for (const [, path] of text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:tsx?|md|json|sql))`/g)) {
      if (!await isThere(path)) faults.push(`${document} names ${path}: not there`);
    }
    for (const [, path, section] of text.matchAll(/\]\(([^)#\s]*)(?:#([\w-]+))?\)/g)) {
      const target = path === "" ? document : join(dirname(document), path);
      if (!await isThere(target)) faults.push(`${document} links to ${target}: not there`);
      else if (section && !(await sections(target)).includes(section)) {
        faults.push(`${document} links to ${target}#${section}: no such section`);
      }
    }
  }
  const explained = rows(await read("ARCHITECTURE.md")).flatMap(([name]) => name.split(", "));
  for (const name of Object.keys(imports)) {
    if (!explained.includes(name)) faults.push(`ARCHITECTURE.md does not say why there is ${name}`);
  }
  assert.deepEqual(faults, []);
});

/** Names of a document's headings, as GitHub makes them. */
const sections = async (document: string) =>
  [...(await read(document)).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title.toLowerCase().replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-")
  );
