import process from "node:process";
import { code } from "./client.ts";

/** Whether a process of this host runs. One that is dead, but that nobody has buried yet, does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: somebody else's process; only ESRCH says that there is none.
    return code(error) !== "ESRCH";
  }
  return !isZombie(pid);
}

// Dead, but nobody has asked how it ended: so it stays in containers without an init process.
function isZombie(pid: number): boolean {
  try {
    // "4711 (deno) Z …"; the name may hold anything, brackets too.
    return / Z [^)]*$/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    // No Linux, or no right to look: then it is taken at its word.
    return false;
  }
}
