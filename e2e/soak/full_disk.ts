import { join } from "node:path";
import { openDataDir } from "../../db/data_dir.ts";
import { startEmbedded } from "../../db/embedded/server.ts";
import { between, pick } from "../../models/sample/random.ts";
import type { Site } from "./site.ts";
import { CannotRun, compare, type World } from "./world.ts";

export const name = "full_disk";

const SIZE_MB = 128;

/**
 * The data directory lies on a small disk (tmpfs) that is nearly full, the database elsewhere: the
 * run must pause itself with that reason, and go on by itself when there is room.
 */
export async function run(world: World): Promise<void> {
  const disk = join(world.dir, "disk");
  const other = join(world.dir, "database");
  // What the short version keeps of its pictures takes 3.8 MB.
  const roomMb = between(world.random, world.short ? [1, 3] : [3, 20]);
  const reserve = pick(world.random, ["0", "3"]);
  await Deno.mkdir(disk);
  await mount(disk);
  const filler = join(disk, "filler");
  await Deno.writeFile(filler, new Uint8Array(Math.round((SIZE_MB - roomMb) * 2 ** 20)));
  await openDataDir(other);
  const server = await startEmbedded(other);
  let site: Site | null = null;
  try {
    site = await world.site({
      dataDir: join(disk, "data"),
      databaseUrl: server.url,
      env: { SAFELIGHT_MIN_FREE_MB: reserve },
    });
    await site.startSession();
    const message = await held(site);
    world.did(`held with ${roomMb.toFixed(1)} MB of room, ${reserve} MB in reserve: "${message}"`);
    await Deno.remove(filler);
    await compare(world, site);
  } finally {
    await site?.stop();
    await server.release();
    await command("umount", ["--lazy", disk]);
  }
}

/** Waits until the session is held because of the disk; resolves with what it says. */
async function held(site: Site): Promise<string> {
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    const [session] = await site.database.sql`
      select status, hold, hold_message, error from sessions where id = ${site.session}`;
    if (session.status === "paused" && session.hold === "disk_full") return session.hold_message;
    if (["completed", "failed", "cancelled"].includes(session.status)) {
      throw new Error(
        `the disk was full and the session ended as ${session.status}: ` +
          (session.error ?? "no error"),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the disk was full for two minutes and the session was not held");
}

async function mount(folder: string): Promise<void> {
  const fault = await command("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MB}m`, "tmpfs", folder]);
  if (fault) throw new CannotRun(`a tmpfs cannot be mounted here (${fault}); run it as root`);
}

/** Runs a command; what it complained about, or null if it succeeded. */
async function command(name: string, args: string[]): Promise<string | null> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  return success ? null : new TextDecoder().decode(stderr).trim() || `${name} failed`;
}
