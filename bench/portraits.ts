import { join } from "node:path";
import sharp from "sharp";

/**
 * Fills the folder `to` with `count` pictures made of the photographs in `from`: each is cut a little
 * smaller than the one before of its kind, and every other is mirrored, so that none is another's
 * duplicate. Gives their paths. Throws an Error if there are no JPEGs.
 */
export async function portraits(
  from: string,
  { to, count }: { to: string; count: number },
): Promise<string[]> {
  const names = [...Deno.readDirSync(from)].map(({ name }) => name)
    .filter((name) => /\.jpe?g$/i.test(name)).toSorted();
  if (names.length === 0) throw new Error(`No JPEGs in "${from}"`);
  await Deno.mkdir(to, { recursive: true });
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const turn = Math.floor(index / names.length);
    const picture = sharp(join(from, names[index % names.length])).autoOrient();
    const { autoOrient: { width, height } } = await picture.metadata();
    const share = 1 - 0.02 * turn;
    const [across, down] = [Math.round(width * share), Math.round(height * share)];
    const [left, top] = [Math.floor((width - across) / 2), Math.floor((height - down) / 2)];
    const cut = picture.extract({ left, top, width: across, height: down }).flop(turn % 2 === 1);
    const path = join(to, `IMG_${String(index).padStart(4, "0")}.jpg`);
    await Deno.writeFile(path, await cut.jpeg({ quality: 92 }).toBuffer());
    paths.push(path);
  }
  return paths;
}
