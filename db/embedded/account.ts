/** The system user PostgreSQL runs as; null: the user of this process. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root. Root therefore hands it to the user `postgres` where one
 * exists, else to `nobody`, which every system has; everybody else runs it as themselves. A server
 * that already owns its folder keeps its owner, so that a `postgres` user created later does not
 * lock it out.
 */
export async function databaseAccount(owned_dir: string): Promise<Account | null> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return null;
  const accounts = (await Deno.readTextFile("/etc/passwd")).split("\n")
    .map((line) => line.split(":"))
    .filter((fields) => fields.length >= 4)
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const owner = await Deno.stat(owned_dir).then((stat) => stat.uid, () => null);
  const chosen = accounts.find((account) => owner && account.uid === owner) ??
    accounts.find((account) => account.name === "postgres") ??
    accounts.find((account) => account.name === "nobody");
  if (!chosen) {
    throw new Error(
      `Cannot start the embedded PostgreSQL as root: /etc/passwd has neither "postgres" nor ` +
        `"nobody" to run it as; run Safelight as an ordinary user, or set DATABASE_URL`,
    );
  }
  return chosen;
}

/** True if `account` may pass through every folder above `path` (the execute bit). */
export async function canReach(account: Account, path: string): Promise<boolean> {
  const parts = path.split("/").slice(1, -1);
  for (let depth = 0; depth <= parts.length; depth++) {
    const stat = await Deno.stat("/" + parts.slice(0, depth).join("/"));
    const mode = stat.mode ?? 0;
    const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001;
    if (!(mode & bit)) return false;
  }
  return true;
}
