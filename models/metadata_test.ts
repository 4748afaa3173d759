import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import sharp, { type Exif } from "sharp";
import { parseExif } from "./exif_block.ts";
import { readShot } from "./metadata.ts";
import type { Shot } from "./types.ts";

const NOTHING: Shot = {
  takenAt: null,
  takenOffsetMinutes: null,
  camera: null,
  lens: null,
  latitude: null,
  longitude: null,
  rating: null,
};

// Through a real file, written by libvips.
async function shotOf(exif: Exif, xmp = ""): Promise<Shot> {
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: "#555" } });
  const bytes = await picture.withExif(exif).jpeg().toBuffer();
  const header = await sharp(bytes).metadata();
  return readShot({
    exif: header.exif ? [header.exif] : [],
    xmp: xmp ? Buffer.from(packet(xmp)) : null,
  });
}

const packet = (properties: string) =>
  `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${properties}</rdf:RDF></x:xmpmeta>
  <?xpacket end="w"?>`;

const described = (attributes: string) => packet(`<rdf:Description rdf:about="" ${attributes}/>`);

const xmpShot = (text: string) => readShot({ exif: [], xmp: Buffer.from(text) });

const time = "2019:07:04 18:30:05";

Deno.test("a time has the offset that its camera wrote", async () => {
  const offset = async (OffsetTimeOriginal: string) =>
    (await shotOf({ IFD2: { DateTimeOriginal: time, OffsetTimeOriginal } })).takenOffsetMinutes;
  assert.equal(await offset("+02:00"), 120);
  assert.equal(await offset("-03:30"), -210);
  assert.equal(await offset("+00:00"), 0);
  assert.equal(await offset("+14:00"), 840);
  for (const nonsense of ["   :  ", "+15:00", "-12:15", "02:00", "+02:75", "Z+1"]) {
    assert.equal(await offset(nonsense), null, nonsense);
  }
  assert.equal((await shotOf({ IFD2: { OffsetTimeOriginal: "+02:00" } })).takenOffsetMinutes, null);
});

Deno.test("a scan, or what an editor left, has the time it was digitised", async () => {
  const scan = await shotOf({ IFD2: { DateTimeDigitized: time, OffsetTimeDigitized: "+01:00" } });
  assert.deepEqual([scan.takenAt, scan.takenOffsetMinutes], ["2019-07-04T18:30:05", 60]);
  const both = { DateTimeOriginal: "1999:01:01 10:00:00", DateTimeDigitized: time };
  assert.equal((await shotOf({ IFD2: both })).takenAt, "1999-01-01T10:00:00");
  const changed = { DateTimeOriginal: time, OffsetTime: "-05:00" };
  assert.equal((await shotOf({ IFD2: changed })).takenOffsetMinutes, -300);
});

Deno.test("without one it is what the clock is ahead of GPS, to the quarter of an hour", async () => {
  const offset = async (GPSDateStamp: string, GPSTimeStamp: string) =>
    (await shotOf({ IFD2: { DateTimeOriginal: time }, IFD3: { GPSDateStamp, GPSTimeStamp } }))
      .takenOffsetMinutes;
  assert.equal(await offset("2019:07:04", "16/1 30/1 5/1"), 120);
  // A fix of some minutes ago; half an hour; the day before.
  assert.equal(await offset("2019:07:04", "16/1 25/1 40/1"), 120);
  assert.equal(await offset("2019:07:04", "13/1 0/1 5/1"), 330);
  assert.equal(await offset("2019:07:05", "4/1 30/1 0/1"), -600);
  // A clock that is days wrong, and receivers without a fix.
  assert.equal(await offset("2019:07:01", "16/1 30/1 5/1"), null);
  assert.equal(await offset("2019:07:04", "0/0 0/0 0/0"), null);
  assert.equal(await offset("    :  :  ", "16/1 30/1 5/1"), null);
  assert.equal(await offset("2019:07:04", "25/1 30/1 5/1"), null);
});

Deno.test("places have their hemisphere, and are none where they cannot be", async () => {
  const at = async (latitude: string, longitude: string, [north, east] = ["N", "E"]) => {
    const shot = await shotOf({
      IFD3: {
        GPSLatitude: latitude,
        GPSLatitudeRef: north,
        GPSLongitude: longitude,
        GPSLongitudeRef: east,
      },
    });
    return [shot.latitude, shot.longitude];
  };
  assert.deepEqual(await at("47/1 22/1 30/1", "8/1 32/1 60/2"), [47.375, 8 + 32.5 / 60]);
  assert.deepEqual(await at("33/1 30/1 0/1", "70/1 3/4 0/1", ["S", "W"]), [-33.5, -70.0125]);
  for (
    const [latitude, longitude] of [
      ["0/0 0/0 0/0", "0/0 0/0 0/0"],
      ["0/1 0/1 0/1", "0/1 0/1 0/1"],
      ["91/1 0/1 0/1", "8/1 0/1 0/1"],
      ["47/1 0/1 0/1", "181/1 0/1 0/1"],
      ["47/1 22/1 0/0", "8/1 0/1 0/1"],
    ]
  ) {
    assert.deepEqual(await at(latitude, longitude), [null, null], latitude);
  }
  assert.deepEqual(await at("47/1 0/1 0/1", "8/1 0/1 0/1", [" ", "E"]), [null, null]);
});

Deno.test("cameras and lenses have names a person would know", async () => {
  const names = async (Make: string, Model: string, LensModel: string) => {
    const { camera, lens } = await shotOf({ IFD0: { Make, Model }, IFD2: { LensModel } });
    return [camera, lens];
  };
  assert.deepEqual(await names("NIKON CORPORATION", "NIKON D850", "50.0 mm f/1.8"), [
    "NIKON D850",
    "50.0 mm f/1.8",
  ]);
  assert.deepEqual(await names("SONY", "ILCE-7M4", "----"), ["SONY ILCE-7M4", null]);
  assert.deepEqual(await names("Panasonic", "DC-G9", "0.0 mm f/0.0"), ["Panasonic DC-G9", null]);
});

Deno.test("ratings: XMP before EXIF, −1 is rejected, what is none is null", () => {
  // libexif, with which sharp writes, does not know this tag.
  const exif = (stars: number) => {
    const block = Buffer.from("4d4d002a0000000800014746000300000001000000000000000000", "hex");
    block.writeUInt16BE(stars, 18);
    return [block];
  };
  const five = Buffer.from(described('xmp:Rating="5"'));
  assert.equal(readShot({ exif: exif(3), xmp: null }).rating, 3);
  assert.equal(readShot({ exif: exif(99), xmp: null }).rating, null);
  assert.equal(readShot({ exif: exif(3), xmp: five }).rating, 5);
  assert.equal(xmpShot(described('xmp:Rating="-1"')).rating, -1);
  assert.equal(xmpShot(described('xmp:Rating="4.0"')).rating, 4);
  assert.equal(xmpShot(described('xmp:Rating="0"')).rating, 0);
  assert.equal(xmpShot(described('xmp:Rating="-2"')).rating, null);
  assert.equal(xmpShot(described('xmp:Rating="good"')).rating, null);
  assert.equal(xmpShot(described('xmp:Rating=""')).rating, null);
});

Deno.test("XMP fills in what EXIF does not say", async () => {
  const shot = xmpShot(packet(`
    <rdf:Description tiff:Make="Canon" tiff:Model="Canon EOS R5" exif:GPSLatitude="47,22.5N"/>
    <rdf:Description>
      <photoshop:DateCreated>2019-07-04T18:30:05.25+02:00</photoshop:DateCreated>
      <exif:GPSLongitude>8,32,30W</exif:GPSLongitude>
      <aux:Lens>RF24-70mm F2.8 L &amp; more</aux:Lens>
    </rdf:Description>`));
  assert.deepEqual(shot, {
    takenAt: "2019-07-04T18:30:05",
    takenOffsetMinutes: 120,
    camera: "Canon EOS R5",
    lens: "RF24-70mm F2.8 L & more",
    latitude: 47.375,
    longitude: -(8 + 32 / 60 + 30 / 3600),
    rating: null,
  });
  const later = '<rdf:Description photoshop:DateCreated="2020-01-01T00:00:00+01:00"/>';
  const both = await shotOf({ IFD2: { DateTimeOriginal: time } }, later);
  // Its offset belongs to another time.
  assert.deepEqual([both.takenAt, both.takenOffsetMinutes], ["2019-07-04T18:30:05", null]);
  const same = '<rdf:Description exif:DateTimeOriginal="2019-07-04T18:30:05+02:00"/>';
  assert.equal(
    (await shotOf({ IFD2: { DateTimeOriginal: time } }, same)).takenOffsetMinutes,
    120,
  );
  assert.equal(xmpShot(described('photoshop:DateCreated="2019-07-04"')).takenAt, null);
  assert.equal(xmpShot(described('photoshop:DateCreated="2019-02-30T10:00:00"')).takenAt, null);
});

Deno.test("XMP that is none, or wants to explode, says nothing", () => {
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' +
    described('xmp:Rating="3"');
  const deep = "<a>".repeat(20_000);
  for (const text of ["", "no XML", "<x:xmpmeta><rdf:RDF>", "\0\0\0", bomb, deep]) {
    assert.deepEqual(xmpShot(text), NOTHING, text.slice(0, 40));
  }
});

Deno.test("whatever the blocks hold, reading them throws nothing", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", "II*\0\x08\0\0\0", "MM\0*\0\0\0\x08", "Exif\0\0II*\0\x08\0\0\0"),
      fc.uint8Array({ maxLength: 200 }),
      (head, rest) => {
        const block = Buffer.concat([Buffer.from(head, "latin1"), rest]);
        readShot({ exif: [block], xmp: block });
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a block that names the same bytes thousands of times says nothing", () => {
  // 5,000 entries of 64 K values each would be gigabytes; a whole raw file even more.
  const hostile = (type: number, size: number) => {
    const block = Buffer.alloc(size);
    block.write("MM\0*\0\0\0\x08", "latin1");
    block.writeUInt16BE(5_000, 8);
    for (let i = 0; i < 5_000; i++) {
      const at = 10 + i * 12;
      block.writeUInt16BE(0x8000 + i, at);
      block.writeUInt16BE(type, at + 2);
      block.writeUInt32BE(size, at + 4);
    }
    return block;
  };
  const before = Deno.memoryUsage().heapUsed;
  for (const [type, size] of [[1, 64 << 10], [2, 64 << 10], [5, 64 << 10], [1, 16 << 20]]) {
    assert.equal(parseExif(hostile(type, size)), null, `${size} bytes of type ${type}`);
  }
  assert(Deno.memoryUsage().heapUsed - before < 500e6);
  // One nonsensical count costs nothing but its own value.
  const block = Buffer.from("4d4d002a00000008000201120003000000010006", "hex");
  const honest = Buffer.concat([
    block,
    Buffer.from("00009000000100ffffff000000000000000000", "hex"),
  ]);
  assert.equal(parseExif(honest)?.Image?.Orientation, 6);
});
