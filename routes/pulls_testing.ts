import type { Manifest } from "../models/manifest.ts";
import { cutAfter, MODELS, serve, type Source } from "../models/pull_testing.ts";

/** How the source of a pack answers: well, or with what goes wrong on the way to a real one. */
export type Behaviour =
  | "well"
  /** Some bytes of each graph, the rest after `goOn`. */
  | "halting"
  /** Some bytes of a graph, then the connection ends. */
  | "breaking"
  /** As many bytes as promised, but others. */
  | "wrong"
  /** A status of HTTP instead of a file. */
  | number;

/** Fewer than any graph of a tiny pack has. */
const SOME = 100;

type Answer = NonNullable<ReturnType<Source["answers"]["get"]>>;

/** Makes a source behave; one that halts does so until it is told to go on, however long that is. */
export function behaving({ answers }: Source): {
  behave(how: Behaviour): void;
  goOn(): void;
} {
  let gate = Promise.withResolvers<void>();
  const halting: Answer = async (request, bytes) => {
    const whole = await serve(request, bytes);
    const body = new Uint8Array(await whole.arrayBuffer());
    async function* parts() {
      yield body.slice(0, SOME);
      await gate.promise;
      yield body.slice(SOME);
    }
    const headers = new Headers(whole.headers);
    headers.set("content-length", String(body.length));
    return new Response(ReadableStream.from(parts()), { status: whole.status, headers });
  };
  const answerOf = (how: Exclude<Behaviour, "well">): Answer => {
    if (how === "halting") return halting;
    if (how === "breaking") return cutAfter(SOME);
    if (how === "wrong") return (request, bytes) => serve(request, bytes.map((byte) => byte ^ 1));
    return () => new Response("No", { status: how });
  };
  return {
    behave(how) {
      answers.clear();
      if (how !== "well") { for (const name of MODELS) answers.set(name, answerOf(how)); }
    },
    goOn() {
      answers.clear();
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
  };
}

/** A manifest under another name, and with a licence to be agreed to if that is wanted. */
export function renamed(
  manifest: Manifest,
  name: string,
  { nonCommercial = false }: { nonCommercial?: boolean } = {},
): Manifest {
  const licence = { name: "Tiny Licence", url: "https://example.org/licence", nonCommercial };
  return { ...manifest, name, licence, description: "Knows the mean colour of a picture." };
}
