/** Process ids below (and without) `pid`, at this moment. */
export async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const id of await processIds()) {
    const stat = await Deno.readTextFile(`/proc/${id}/stat`).catch(() => null);
    // Behind the name, which may hold anything: state and parent.
    if (stat) parents.set(id, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found: number[] = [];
  for (let level = [pid]; level.length > 0;) {
    level = [...parents].filter(([, parent]) => level.includes(parent)).map(([id]) => id);
    found.push(...level);
  }
  return found;
}

/** Processes, with their command, that have `text` in their command line or environment. */
export async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of await processIds()) {
    const read = (name: string) => Deno.readTextFile(`/proc/${id}/${name}`).catch(() => "");
    const command = await read("cmdline");
    if (!command.includes(text) && !(await read("environ")).includes(text)) continue;
    found.push(`${id} ${command.replaceAll("\0", " ").slice(0, 200)}`);
  }
  return found;
}

async function processIds(): Promise<number[]> {
  const entries = await Array.fromAsync(Deno.readDir("/proc"));
  return entries.map((entry) => Number(entry.name)).filter((id) => id > 0);
}

/** Sends a signal to a process that may have ended meanwhile; false if it had. */
export function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Deno has no name for ESRCH of a process that is gone.
    if (error instanceof TypeError && /ESRCH/.test(error.message)) return false;
    throw error;
  }
}
