import { Buffer } from "node:buffer";
import sharp, { type Sharp } from "sharp";
import { characterNamed } from "./characters.ts";
import type { Size } from "./landforms.ts";
import { drawCharacter, type Pose } from "./portrait.ts";
import { makeRandom } from "./random.ts";
import { type SceneName, scenes } from "./scenes.ts";
import { renderSky, skySize } from "./sky.ts";

/** A picture to paint: a place, who stands in front of it, and the light (gain of R, G, B). */
export interface Picture extends Size {
  scene: SceneName;
  seed: number;
  people: { name: string; pose: Pose }[];
  light: [number, number, number];
}

/** The picture, upright, ready to be encoded. */
export async function paint(picture: Picture): Promise<Sharp> {
  const { width, height, people, light } = picture;
  const backdrop = people.length === 0
    ? place(picture, { width, height })
    : await outOfFocus(picture, people.length === 1 ? 4 : 3);
  const cast = people.map(({ name, pose }) => drawCharacter(characterNamed(name), pose)).join("");
  return (people.length === 0 ? backdrop : backdrop.composite([svg(cast, { width, height })]))
    .removeAlpha()
    .linear(light, [0, 0, 0]);
}

/** The scene without people at that size. */
function place({ scene, seed }: Picture, size: Size): Sharp {
  const random = makeRandom(seed);
  const { sky, pieces } = scenes[scene](random);
  return sharp(renderSky(sky, random), { raw: { ...skySize, channels: 3 } })
    .resize(size.width, size.height, { fit: "fill", kernel: "cubic" })
    .composite([svg(pieces.map((piece) => piece(random, size)).join(""), size)]);
}

/** A portrait lens: the scene is painted `softness` times smaller, blurred and enlarged again. */
async function outOfFocus(picture: Picture, softness: number): Promise<Sharp> {
  const { width, height } = picture;
  const small = { width: Math.round(width / softness), height: Math.round(height / softness) };
  // sharp blurs before it composes, so the finished small scene is blurred in a step of its own.
  const blurred = (await raw(place(picture, small))).blur(1.3);
  return (await raw(blurred)).resize(width, height, { fit: "fill", kernel: "cubic" });
}

async function raw(image: Sharp): Promise<Sharp> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } });
}

function svg(drawing: string, { width, height }: Size): { input: Buffer } {
  const size = `width="${width}" height="${height}"`;
  return { input: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${size}>${drawing}</svg>`) };
}
