import { type Context, Hono } from "hono";
import { z } from "zod";
import { type Hours, type HoursSetting, readHours, writeHours } from "../db/settings.ts";
import { isOpen, nextClosing, nextOpening } from "../jobs/hours.ts";
import { SettingsPage, type SettingsView } from "../views/settings_page.tsx";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { validate } from "./validate.ts";

const SettingsForm = z.object({
  limited: z.string().optional(),
  from: z.string().default(""),
  to: z.string().default(""),
  timeZone: z.string().default(""),
});

/** /settings: what is set for the whole installation. */
export const settingsPages = new Hono<Env>()
  .get("/", async (c) => {
    const setting = await readHours(c.var.database.db);
    return c.html(<SettingsPage {...settingsView(setting)} />);
  })
  .post("/", validate("form", SettingsForm), async (c) => {
    const { db } = c.var.database;
    const { limited, ...typed } = c.req.valid("form");
    const asked = Api.Hours.safeParse(typed);
    if (limited && !asked.success) {
      const form = { limited: true, ...typed };
      const error = asked.error.issues.map((issue) => issue.message).join("; ");
      return c.html(<SettingsPage {...settingsView(await readHours(db), { form, error })} />, 400);
    }
    await writeHours(db, limited ? asked.data! : null, actor(c).by);
    return c.redirect("/settings", 303);
  });

/** /api/v1/settings: the same for programs. */
export const settingsRoutes = new Hono<Env>()
  .get("/", (c) => reply(c))
  .put("/", validate("json", Api.SettingsChange), async (c) => {
    await writeHours(c.var.database.db, c.req.valid("json").hours, actor(c).by);
    return await reply(c);
  });

async function reply(c: Context<Env>): Promise<Response> {
  const setting = await readHours(c.var.database.db);
  const state = stateOf(setting);
  const body: z.infer<typeof Api.Settings> = {
    hours: setting.hours,
    open: state?.open ?? true,
    until: state?.until.toISOString() ?? null,
    changedBy: setting.changed?.by ?? null,
    changedAt: setting.changed?.at.toISOString() ?? null,
  };
  return c.json(body);
}

function stateOf({ hours, now }: HoursSetting): SettingsView["state"] {
  if (hours === null) return null;
  const open = isOpen(hours, now);
  return { open, until: open ? nextClosing(hours, now) : nextOpening(hours, now) };
}

const PROPOSAL = { from: "22:00", to: "06:00" };

function settingsView(
  setting: HoursSetting,
  typed: { form: SettingsView["form"]; error: string } | null = null,
): SettingsView {
  const serverZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const hours: Hours = setting.hours ?? { ...PROPOSAL, timeZone: serverZone };
  const form = typed?.form ?? { limited: setting.hours !== null, ...hours };
  return {
    setting,
    state: stateOf(setting),
    form,
    // A zone may have a name that is not on the list, such as UTC.
    zones: [
      ...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", serverZone, hours.timeZone]),
    ].sort(),
    serverZone,
    error: typed?.error ?? null,
    now: setting.now,
  };
}
