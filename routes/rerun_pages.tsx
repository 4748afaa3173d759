import { type Context, Hono } from "hono";
import { z, type ZodType } from "zod";
import type { Config } from "../config.ts";
import { FACE_DEFAULTS, LEAST_QUALITY } from "../jobs/clustering/face_defaults.ts";
import { ensureClusteringRun, ensureFaceRun } from "../jobs/rerun.ts";
import {
  CLUSTERING_FIELDS,
  ClusteringRunPage,
  FACE_FIELDS,
  FaceRunPage,
  type RunField,
  type RunForm,
} from "../views/rerun_page.tsx";
import { actor } from "./actor.ts";
import { NewClusteringRun, NewFaceRun } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { describeError } from "./errors.tsx";
import { faceRun } from "./face_sessions.ts";
import { Fault } from "./fault.ts";
import { mustFind } from "./sessions.ts";
import { validate } from "./validate.ts";

const FromQuery = z.object({
  session: z.coerce.number().pipe(z.int().positive()).optional(),
});
const from = validate("query", FromQuery);

/** /runs: the forms for one phase again over what exists. */
export const rerunPages = new Hono<Env>()
  .get("/faces", from, async (c) => {
    const session = await sourceOf(c, c.req.valid("query").session);
    const form = {
      values: faceDefaults(c.var.config),
      over: session ? String(session.id) : "",
      group: true,
    };
    return c.html(<FaceRunPage session={session} form={form} error={null} />);
  })
  .post("/faces", from, async (c) => {
    const form = await readForm(c, FACE_FIELDS);
    return await submitted(c, {
      make: async () => {
        const wanted = checked(NewFaceRun, form, {
          fields: FACE_FIELDS,
          rest: {
            trainingSessionId: form.over === "" ? null : Number(form.over),
            skipClustering: !form.group,
          },
        });
        return await ensureFaceRun(c.var.database.db, { ...faceRun(wanted), ...actor(c) });
      },
      page: async (error) => {
        const session = await sourceOf(c, c.req.valid("query").session);
        return <FaceRunPage session={session} form={form} error={error} />;
      },
    });
  })
  .get("/clustering", from, async (c) => {
    const session = await cameFrom(c, c.req.valid("query").session);
    const form = { values: CLUSTERING_DEFAULTS, over: "", group: true };
    return c.html(<ClusteringRunPage session={session} form={form} error={null} />);
  })
  .post("/clustering", from, async (c) => {
    const form = await readForm(c, CLUSTERING_FIELDS);
    return await submitted(c, {
      make: async () => {
        const settings = checked(NewClusteringRun, form, { fields: CLUSTERING_FIELDS, rest: {} });
        return await ensureClusteringRun(c.var.database.db, { settings, ...actor(c) });
      },
      page: async (error) => {
        const session = await cameFrom(c, c.req.valid("query").session);
        return <ClusteringRunPage session={session} form={form} error={error} />;
      },
    });
  });

const faceDefaults = ({ minFaceScore, minFaceSize }: Config) => ({
  // Where nobody has set one it is the face model's, which the workers know.
  minConfidence: String(minFaceScore ?? ""),
  minFaceSize: String(minFaceSize),
});

const CLUSTERING_DEFAULTS = {
  minClusterSize: String(FACE_DEFAULTS.minClusterSize),
  // The face model's, which the workers know.
  similarityFloor: "",
  minQuality: String(LEAST_QUALITY),
};

const cameFrom = async (c: Context<Env>, id: number | undefined) =>
  id === undefined ? null : await mustFind(c.var.database.db, id);

// A run over the whole library has no pictures of its own.
async function sourceOf(c: Context<Env>, id: number | undefined) {
  const session = await cameFrom(c, id);
  const own = session?.kind === "folders" || session?.sourceSessionId;
  return own ? session : null;
}

async function readForm(c: Context<Env>, fields: RunField[]): Promise<RunForm> {
  const body = await c.req.parseBody();
  const text = (name: string) => typeof body[name] === "string" ? body[name].trim() : "";
  return {
    values: Object.fromEntries(fields.map(({ name }) => [name, text(name)])),
    over: text("over"),
    group: body.group !== undefined,
  };
}

/** The request a form stands for; empty fields are left to the defaults. Throws a Fault for a person. */
function checked<Schema extends ZodType>(
  schema: Schema,
  form: RunForm,
  { fields, rest }: { fields: RunField[]; rest: Record<string, unknown> },
): z.infer<Schema> {
  const given = Object.entries(form.values).filter(([, value]) => value !== "")
    .map(([name, value]) => [name, Number(value)]);
  const parsed = schema.safeParse({ ...Object.fromEntries(given), ...rest });
  if (parsed.success) return parsed.data;
  const told = parsed.error.issues.map((issue) => {
    const field = fields.find(({ name }) => name === issue.path[0]);
    if (!field) return "Choose where to look";
    const { label, name, least, most } = field;
    const number = name === "minClusterSize" ? "a whole number" : "a number";
    return `${label} is “${form.values[name]}”; it must be ${number} from ${least} to ${most}`;
  });
  throw new Fault(400, "invalid_request", told.join(". "));
}

/** Makes the run and shows it; a mistake comes back with its reason and nothing lost. */
async function submitted(c: Context<Env>, { make, page }: {
  make: () => Promise<number>;
  page: (error: string) => Promise<ReturnType<typeof FaceRunPage>>;
}): Promise<Response> {
  try {
    return c.redirect(`/sessions/${await make()}`, 303);
  } catch (error) {
    const { status, body } = describeError(error);
    if (status >= 500) throw error;
    return c.html(await page(body.error.message), status);
  }
}
