/** The twelve people of the sample library, as attributes that a drawing turns into a face. */
export interface Character {
  name: string;
  skin: string;
  /** Colour of the hair, or of what covers it. */
  top: string;
  style: "short" | "long" | "bun" | "curls" | "cap" | "beanie" | "wrap" | "hood";
  iris: string;
  clothes: string;
  glasses?: string;
  beard?: string;
  freckles?: boolean;
}

const skins: Record<string, string> = {
  pale: "#fbdcc6",
  light: "#efc19d",
  tan: "#c98f62",
  deep: "#8a5636",
};

/**
 * Everybody differs from everybody else in the colour on top of the head and in at least one more
 * attribute; nothing they wear comes near the rose of the cheeks, which is the detector's mark.
 */
export const characters: readonly Character[] = [
  character("Ada", "deep long #2a2530 #5a3a22 #f2b134 #d9a441"),
  character("Bruno", "light short #6b4226 #4a7a4c #3d6b8e", { beard: "#6b4226" }),
  character("Clara", "pale long #efd184 #3f78c0 #7a9e7e"),
  character("Dario", "pale short #d0601f #4a7a4c #2f4858", { freckles: true }),
  character("Emma", "light bun #a4aab4 #3f78c0 #8d6a9f #3a3a44"),
  character("Farid", "tan short #f3efe6 #5a3a22 #41644a", { beard: "#f3efe6" }),
  character("Greta", "pale beanie #c8301f #3f78c0 #dfe3e8"),
  character("Hugo", "tan cap #2c5fb8 #5a3a22 #e07a3f"),
  character("Ines", "light curls #8450b4 #4a7a4c #f0e3c8"),
  character("Jun", "light hood #1fa3a0 #33303a #1f7f83", { freckles: true }),
  character("Kemi", "deep wrap #2f9148 #33303a #c9842b"),
  character("Liam", "tan beanie #f5b916 #3f78c0 #55606e #26364f"),
];

/** The character of that name. */
export function characterNamed(name: string): Character {
  const found = characters.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no character is called ${name}`);
  return found;
}

function character(name: string, traits: string, more: Partial<Character> = {}): Character {
  const [skin, style, top, iris, clothes, glasses] = traits.split(" ");
  return {
    name,
    skin: skins[skin],
    style: style as Character["style"],
    top,
    iris,
    clothes,
    ...(glasses ? { glasses } : {}),
    ...more,
  };
}
