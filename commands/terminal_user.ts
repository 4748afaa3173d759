import { userInfo } from "node:os";

/** Who acts at a terminal, for what is written down about a session. */
export function terminalUser(): { by: string } {
  return { by: `${name()} at the terminal` };
}

function name(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user has a number and often no name.
    return `user ${Deno.uid()}`;
  }
}
