import type { TestApp } from "./testing.ts";

/** What a browser without scripts has after it sent a form: the page it was led to, or the reply. */
export async function send(
  test: TestApp,
  path: string,
  fields: Record<string, string | number | number[]>,
): Promise<{ status: number; location: string | null; html: string }> {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)])
  );
  const response = await test.form(path, pairs);
  const location = response.headers.get("location");
  const html = location ? (await test.page(location)).html : await response.text();
  return { status: response.status, location, html };
}
