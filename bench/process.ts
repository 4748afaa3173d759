import process from "node:process";
import sharp from "sharp";
import { env } from "../models/onnxruntime.ts";

/** What Linux says of processes; the benches that need it run there only. */

// In clock ticks, of which a second has 100 on every Linux.
const TICKS = 100;

/** CPU seconds of this process while `work` ran, those of its threads among them. */
export async function coreSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** CPU seconds a process has taken since it started, all its threads together. */
export function processSeconds(pid: number): number {
  return secondsOf(Deno.readTextFileSync(`/proc/${pid}/stat`));
}

/** The process that started another. */
export function parentOf(pid: number): number {
  return Number(afterName(Deno.readTextFileSync(`/proc/${pid}/stat`))[1]);
}

/** CPU seconds of a process and of those it started that live now. */
export function familySeconds(pid: number): number {
  let sum = processSeconds(pid);
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      if (Number(afterName(stat)[1]) === pid) sum += secondsOf(stat);
    } catch (error) {
      // It ended between the two looks.
      if (!isGone(error)) throw error;
    }
  }
  return sum;
}

/** CPU seconds of the threads that live now, by their names. */
export function threadSeconds(pid: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { name: thread } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/stat`);
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      sums.set(name, (sums.get(name) ?? 0) + secondsOf(stat));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return sums;
}

/** Memory of a process in MB: what it holds now, and the most it ever held. */
export function memory(pid: number): { resident: number; peak: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const megabytes = (field: string) =>
    Number(status.match(new RegExp(`${field}:\\s+(\\d+) kB`))?.[1]) * 1024 / 1e6;
  return { resident: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** Machine, versions and date, for reports. */
export function circumstances(): string {
  const processor = Deno.readTextFileSync("/proc/cpuinfo").match(/model name\s*: (.+)/)?.[1];
  return [
    `${processor ?? "unknown processor"}, ${navigator.hardwareConcurrency} cores`,
    `Deno ${Deno.version.deno}`,
    `ONNX Runtime ${env.versions.node}`,
    `sharp ${sharp.versions.sharp} with libvips ${sharp.versions.vips}`,
    new Date().toISOString().slice(0, 10),
  ].join("; ");
}

function secondsOf(stat: string): number {
  const fields = afterName(stat);
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

// From the state on: the name, in brackets before it, may hold anything.
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || /ESRCH|os error 3\b/.test(String(error));
}
