/** Columns and rows of the greyscale picture a difference hash is made from. */
export const DHASH_WIDTH = 9;
export const DHASH_HEIGHT = 8;

// Grey levels between the darkest and the brightest of the 72 cells. JPEG at quality 60 moves a
// cell by less than 2 levels, so below 8 the bits of a hash say more about noise than about content.
const LEAST_CONTRAST = 8;

/**
 * The difference hash of 9×8 grey levels, row by row: a bit is 1 where a cell is darker than its
 * right neighbour; 16 hex digits. `flat` is true if it cannot tell pictures apart: all bits alike, or
 * fewer than 8 of 256 grey levels between the darkest and the brightest cell.
 */
export function differenceHash(grey: Uint8Array): { dhash: string; flat: boolean } {
  if (grey.length !== DHASH_WIDTH * DHASH_HEIGHT) {
    throw new Error(`A difference hash needs 72 grey levels, got ${grey.length}`);
  }
  let bits = 0n;
  for (let row = 0; row < DHASH_HEIGHT; row++) {
    for (let column = 0; column < DHASH_WIDTH - 1; column++) {
      const at = row * DHASH_WIDTH + column;
      bits = (bits << 1n) | (grey[at] < grey[at + 1] ? 1n : 0n);
    }
  }
  const contrast = Math.max(...grey) - Math.min(...grey);
  const flat = bits === 0n || bits === 0xffffffffffffffffn || contrast < LEAST_CONTRAST;
  return { dhash: bits.toString(16).padStart(16, "0"), flat };
}
