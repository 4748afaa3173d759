import buffaloL from "./catalogue/buffalo_l.json" with { type: "json" };
import buffaloS from "./catalogue/buffalo_s.json" with { type: "json" };
import clip from "./catalogue/clip-vit-b-32.json" with { type: "json" };
import yunetSface from "./catalogue/yunet-sface.json" with { type: "json" };
import { checkManifest, type Manifest } from "./manifest.ts";

/** The packs that can be pulled by name, with where their files come from. */
export function catalogue(): Manifest[] {
  return [clip, yunetSface, buffaloL, buffaloS].map((json) =>
    checkManifest(json, `models/catalogue/${json.name}.json`)
  );
}
