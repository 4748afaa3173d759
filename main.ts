import { parseArgs } from "node:util";
import { readConfig } from "./config.ts";

const USAGE = `Safelight: a photo library that shows one true progress

  serve    the web app, its database and a worker
             --host ADDRESS (127.0.0.1)  --port NUMBER (8420)  --no-worker
  worker   one more worker on the same database
  index    run over folders without the web app
             DIR…  --json  --skip-faces
  demo     make a sample library and run over it
             --exit  --port NUMBER (any free one)
  search   find pictures by words, or like a picture
             "red sunset - people"  --limit NUMBER (20)  --json  --open  --all
             --like FILE  --taken WHEN  --person NAME…  --folder DIR
  models   list, pull NAME, verify [NAME], use NAME, optimize NAME: packs of models
             --accept-licence  --json
  people   list, or export DIR: names and boxes of faces as sidecars
             --json  --format xmp|json (xmp)  --force
  db       check: compare every ledger with its rows
  doctor   say what works on this machine and what does not

  All: --data DIR   Environment: DATABASE_URL, SAFELIGHT_DATA, SAFELIGHT_MODELS, …; see the README
`;

/** Runs one sub-command; returns the exit code. Every error ends as one line a person can act on. */
export async function main(args: string[]): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === undefined || name === "help" || name === "--help") {
      console.log(USAGE);
      return name === undefined ? 2 : 0;
    }
    return await run(name, rest);
  } catch (error) {
    if (Deno.env.get("SAFELIGHT_LOG_LEVEL") === "debug") console.error(error);
    else console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

async function run(name: string, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      host: { type: "string" },
      port: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
      exit: { type: "boolean", default: false },
      limit: { type: "string" },
      "skip-faces": { type: "boolean", default: false },
      supervised: { type: "string" },
      "accept-licence": { type: "boolean", default: false },
      "no-worker": { type: "boolean", default: false },
      format: { type: "string" },
      force: { type: "boolean", default: false },
      open: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      like: { type: "string" },
      taken: { type: "string" },
      person: { type: "string", multiple: true },
      folder: { type: "string" },
    },
  });
  const config = () => readConfig(Deno.env.toObject(), values);
  // Imported when asked for: `index --help` need not load a web server, nor a worker the pages.
  switch (name) {
    case "serve":
      return await (await import("./commands/serve.ts")).serveCommand(config(), {
        worker: !values["no-worker"],
      });
    case "worker":
      return values.supervised === undefined
        ? await (await import("./commands/worker.ts")).workerCommand(config())
        : await (await import("./commands/supervised_worker.ts"))
          .supervisedWorker(config(), values.supervised);
    case "index":
      return await (await import("./commands/index.ts")).indexCommand(config(), {
        folders: positionals,
        json: values.json,
        skipFaces: values["skip-faces"],
      });
    case "demo":
      return await (await import("./commands/demo.ts")).demoCommand(values);
    case "search":
      return await (await import("./commands/search.ts")).searchCommand(config(), {
        query: positionals.join(" "),
        limit: values.limit,
        json: values.json,
        open: values.open,
        all: values.all,
        like: values.like,
        taken: values.taken,
        person: values.person,
        folder: values.folder,
      });
    case "models":
      return await (await import("./commands/models.ts")).modelsCommand(config(), {
        words: positionals,
        acceptLicence: values["accept-licence"],
        json: values.json,
      });
    case "people":
      return await (await import("./commands/people.ts")).peopleCommand(config(), {
        words: positionals,
        format: values.format,
        force: values.force,
        json: values.json,
      });
    case "db":
      return await (await import("./commands/db.ts")).dbCommand(config(), positionals);
    case "devices":
      return await (await import("./commands/devices.ts")).devicesCommand();
    case "doctor":
      return await (await import("./commands/doctor.ts")).doctorCommand(config());
    default:
      console.error(`There is no command "${name}"\n\n${USAGE}`);
      return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
