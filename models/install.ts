import { join } from "node:path";
import { ifMissing } from "./installed.ts";
import { PullError } from "./pull_error.ts";

/** Where a pack is put together before it is installed. */
export const pullDir = (packsDir: string, name: string): string => join(packsDir, ".pulls", name);

const oldDir = (packsDir: string, name: string) => join(packsDir, ".pulls", `${name}.old`);

/**
 * Works on one pack while nobody else does, in this process or another; the kernel frees the lock of
 * whoever dies. Throws a PullError if somebody else is at it.
 */
export async function alone<T>(
  { packsDir, name }: { packsDir: string; name: string },
  work: () => Promise<T>,
): Promise<T> {
  await Deno.mkdir(join(packsDir, ".pulls"), { recursive: true });
  const lock = await Deno.open(join(packsDir, ".pulls", `${name}.lock`), {
    create: true,
    write: true,
  });
  try {
    if (!await lock.tryLock(true)) {
      throw new PullError(
        "busy",
        `The pack "${name}" is being pulled already, by this program or another; wait for that`,
      );
    }
    await recover(packsDir, name);
    return await work();
  } finally {
    lock.close();
  }
}

/**
 * Puts a complete folder in the place of the pack, all files in one step. Whoever has the old ones
 * open keeps them.
 */
export async function install(packsDir: string, name: string): Promise<void> {
  const target = join(packsDir, name), old = oldDir(packsDir, name);
  await Deno.rename(target, old).catch(ifMissing(undefined));
  try {
    await Deno.rename(pullDir(packsDir, name), target);
  } catch (error) {
    await Deno.rename(old, target).catch(ifMissing(undefined));
    throw error;
  }
  await Deno.remove(old, { recursive: true }).catch(ifMissing(undefined));
}

/**
 * Puts a pack back that a process left aside which died while it replaced it; false if there is none (any
 * more), or if somebody is at it.
 */
export async function putBackOld(packsDir: string, name: string): Promise<boolean> {
  const isAside = await Deno.stat(oldDir(packsDir, name)).then(() => true, () => false);
  if (!isAside) return false;
  try {
    return await alone({ packsDir, name }, () => Promise.resolve(true));
  } catch (error) {
    if (error instanceof PullError) return false;
    throw error;
  }
}

// A process that dies between the two renames leaves no pack but the old one, put aside.
async function recover(packsDir: string, name: string): Promise<void> {
  const target = join(packsDir, name), old = oldDir(packsDir, name);
  const isThere = (path: string) => Deno.lstat(path).then(() => true, ifMissing(false));
  if (!await isThere(old)) return;
  if (await isThere(target)) await Deno.remove(old, { recursive: true });
  else await Deno.rename(old, target);
}
