import assert from "node:assert/strict";
import { join } from "node:path";
import { closeDecodeThreads } from "../models/decode_threads.ts";
import { testWorker } from "./testing.ts";

const fixture = (name: string) =>
  Deno.readFile(new URL(`../models/fixtures/${name}`, import.meta.url));

Deno.test({
  name:
    "a run over rarer formats: read by content, stored with what they tell, skipped with reasons",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const worker = await testWorker();
    const { sql, photos } = worker;
    const write = (name: string, bytes: Uint8Array) => Deno.writeFile(join(photos, name), bytes);
    // A telephone's file under another name, as messengers leave it.
    await write("mislabelled.jpg", await fixture("quadrants.heic"));
    await write("picture.jxl", await fixture("p3.jxl"));
    await write("picture.bmp", await fixture("24.bmp"));
    await write("hdr.jxl", await fixture("pq.jxl"));
    await write("layers.psd", new TextEncoder().encode("8BPS\0\x01 and layers"));
    await write("short.nef", new TextEncoder().encode("II*\0\x10\0\0\0CR\x02\0"));
    await write("drawing.svg", new TextEncoder().encode('<?xml version="1.0"?>\n<svg/>'));
    // The film of a live photo: not even counted.
    await write("mislabelled.mov", new TextEncoder().encode("\0\0\0\x14ftypqt  \0\0\0\0qt  "));
    const { status, ledger: { training } } = await worker.run();
    assert.equal(status, "completed");
    assert.deepEqual([training.done, training.skipped, training.failed], [3, 4, 0]);
    const reasons = await sql`
      select f.path, j.reason, j.message from jobs j join files f on f.id = j.subject
      where j.phase = 'training' and j.state = 'skipped' order by f.path`;
    const said = reasons.map(({ path, reason, message }) =>
      [path.slice(photos.length + 1), reason, message] as const
    );
    assert.deepEqual(said.map(([name, reason]) => [name, reason]), [
      ["drawing.svg", "unsupported"],
      ["hdr.jxl", "unsupported"],
      ["layers.psd", "unsupported"],
      ["short.nef", "unsupported"],
    ]);
    const words = [/drawing \(SVG\)/, /HDR \(PQ\)/, /Photoshop/, /raw file holds no preview/];
    words.forEach((expected, index) => assert.match(said[index][2], expected));
    const [stored] = await sql`
      select format, camera, lens, taken_at, taken_offset_minutes, latitude, longitude, rating
      from photos where first_path like '%mislabelled.jpg'`;
    assert.deepEqual({ ...stored }, {
      format: "heic",
      camera: "Apple iPhone 12",
      lens: "iPhone 12 back camera 4.2mm f/1.6",
      taken_at: "2021-05-06T07:08:09",
      taken_offset_minutes: 120,
      latitude: 47.5,
      longitude: -8.25,
      rating: 4,
    });
    await worker.close();
    closeDecodeThreads();
  },
});
