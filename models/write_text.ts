/**
 * Writes a small text file at once or not at all: beside its place first, then renamed, so that who
 * reads meanwhile sees the old one whole. If that fails nothing stays behind, and the error is the
 * system's own.
 */
export async function writeText(path: string, text: string): Promise<void> {
  const partial = `${path}-${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(partial, text);
    await Deno.rename(partial, path);
  } catch (error) {
    await Deno.remove(partial).catch(() => {/* it was never made, or the first error says why */});
    throw error;
  }
}
