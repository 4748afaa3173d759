/** The program as a user starts it: a process of its own, with its output collected. */
export interface Program {
  pid: number;
  /** Lines of standard output so far. */
  lines: string[];
  errors(): string;
  /** Resolves with the first line, past or future, that satisfies `matches`; rejects if it ends without. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** Does nothing once the program has ended. */
  kill(signal: Deno.Signal): void;
  ended: Promise<Deno.CommandStatus>;
}

/** Starts `main.ts` with a sub-command; `env` is added to this process's own. */
export function startProgram(args: string[], env: Record<string, string> = {}): Program {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL("../main.ts", import.meta.url).pathname, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  let errors = "";
  let [gone, over] = [false, false];
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of [...waiting]) look();
  };
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      lines.push(...parts);
      tell();
    }
  })();
  const complaining = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) errors += text;
  })();
  const ended = (async () => {
    const status = await child.status;
    gone = true;
    await Promise.all([reading, complaining]);
    over = true;
    tell();
    return status;
  })();
  return {
    pid: child.pid,
    lines,
    errors: () => errors,
    line: (matches) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(matches);
          if (found === undefined && !over) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`The program ended without the line; it complained: ${errors}`));
        };
        waiting.add(look);
        look();
      }),
    kill: (signal) => {
      if (!gone) child.kill(signal);
    },
    ended,
  };
}
