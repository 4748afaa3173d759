import fc from "fast-check";
import assert from "node:assert/strict";
import {
  type EventKind,
  PHASE_NAMES,
  PHASE_STATUSES,
  type PhaseName,
  type PhaseStatus,
} from "../db/schema.ts";
import { phaseRow } from "./session_model.ts";
import { type Sample, throughput } from "./throughput.ts";
import { idleSpans, phaseSegments, type Segment } from "./timeline.ts";

const at = (seconds: number) => new Date(Date.parse("2030-01-01T00:00:00Z") + seconds * 1000);
const seconds = (date: Date) => (date.getTime() - at(0).getTime()) / 1000;

type Told = [
  second: number,
  kind: EventKind,
  phase?: PhaseName | null,
  by?: string,
  message?: string,
];
const told = (events: Told[]) =>
  events.map(([second, kind, phase, by, message], id) => ({
    id,
    at: at(second),
    kind,
    phase: phase ?? null,
    by: by ?? "Safelight",
    message: message ?? null,
  }));

/** The segments of training as "state from–to". */
function training(
  events: Told[],
  row: { status: PhaseStatus; startedAt?: Date; completedAt?: Date },
  end = 100,
): string[] {
  const phases = PHASE_NAMES.map((name) => phaseRow(name, name === "training" ? row : {}));
  const segments = phaseSegments({ phases, events: told(events), from: at(0), to: at(end) });
  return segments.training.map(({ state, from, to }) => `${state} ${seconds(from)}–${seconds(to)}`);
}

Deno.test("a phase is cut where it was paused, held and let go on", () => {
  const events: Told[] = [
    [1, "phase_started", "training"],
    [10, "paused", "training", "browser at 127.0.0.1"],
    [20, "resumed", "training", "browser at 127.0.0.1"],
    [30, "held", null, "Safelight", "No room on the disk"],
    [40, "released"],
    [50, "phase_completed", "training"],
  ];
  const row = { status: "completed" as const, startedAt: at(1), completedAt: at(50) };
  assert.deepEqual(training(events, row), [
    "running 1–10",
    "paused 10–20",
    "running 20–30",
    "held 30–40",
    "running 40–50",
  ]);
  const phases = PHASE_NAMES.map((name) => phaseRow(name, name === "training" ? row : {}));
  const segments = phaseSegments({ phases, events: told(events), from: at(0), to: at(60) });
  assert.equal(segments.training[1].by, "browser at 127.0.0.1");
  assert.equal(segments.training[3].reason, "No room on the disk");
  assert.deepEqual(segments.discovery, []);
});

Deno.test("what goes on ends now, and what ended stays so", () => {
  assert.deepEqual(training([[1, "phase_started", "training"]], { status: "running" }), [
    "running 1–100",
  ]);
  const paused: Told[] = [[1, "phase_started", "training"], [5, "paused"]];
  assert.deepEqual(training(paused, { status: "paused" }), ["running 1–5", "paused 5–100"]);
  const failed: Told[] = [[1, "phase_started", "training"], [7, "phase_failed", "training"]];
  assert.deepEqual(training(failed, { status: "failed", completedAt: at(7) }), ["running 1–7"]);
  const cancelled: Told[] = [[1, "phase_started", "training"], [9, "cancelled"]];
  assert.deepEqual(training(cancelled, { status: "cancelled" }), ["running 1–9"]);
});

Deno.test("a new round leaves a time of waiting between", () => {
  const events: Told[] = [
    [1, "phase_started", "training"],
    [5, "phase_completed", "training"],
    [60, "retried", null, "browser at ::1"],
    [61, "phase_started", "training"],
    [70, "phase_completed", "training"],
    [71, "cancelled", "training"],
  ];
  const row = { status: "completed" as const, startedAt: at(1), completedAt: at(70) };
  assert.deepEqual(training(events, row), ["running 1–5", "waiting 5–61", "running 61–70"]);
});

Deno.test("a phase held back before its turn is shown as that", () => {
  const events: Told[] = [
    [1, "phase_started", "discovery"],
    [2, "paused", "training", "browser at ::1"],
    [8, "phase_completed", "discovery"],
    [20, "resumed", "training", "browser at ::1"],
    [21, "phase_started", "training"],
  ];
  assert.deepEqual(training(events, { status: "running", startedAt: at(21) }, 30), [
    "paused 2–20",
    "waiting 20–21",
    "running 21–30",
  ]);
  const started: Told[] = [
    [1, "started"],
    [2, "phase_started", "training"],
    [3, "paused", "training"],
    [7, "started", "training"],
  ];
  assert.deepEqual(training(started, { status: "running", startedAt: at(2) }, 30), [
    "running 2–3",
    "paused 3–7",
    "running 7–30",
  ]);
});

Deno.test("without events, or with the newest only, the rows say where it began", () => {
  const row = { status: "completed" as const, startedAt: at(3), completedAt: at(9) };
  assert.deepEqual(training([], row), ["running 3–9"]);
  assert.deepEqual(training([[6, "resumed", "training"]], row), ["paused 3–6", "running 6–9"]);
  assert.deepEqual(training([[6, "released", "training"]], row), ["held 3–6", "running 6–9"]);
  assert.deepEqual(training([], { status: "cancelled" }), []);
  assert.deepEqual(training([[2, "cancelled", "training"]], { status: "cancelled" }), []);
});

Deno.test("a clock that was set back makes nothing negative", () => {
  const events: Told[] = [
    [50, "phase_started", "training"],
    [10, "paused", "training"],
    [20, "resumed", "training"],
    [60, "phase_completed", "training"],
  ];
  const row = { status: "completed" as const, startedAt: at(50), completedAt: at(30) };
  assert.deepEqual(training(events, row), ["running 50–60"]);
  assert.deepEqual(training([], { ...row }), []);
});

const KINDS: EventKind[] = [
  "created",
  "started",
  "paused",
  "resumed",
  "cancelled",
  "retried",
  "held",
  "released",
  "phase_started",
  "phase_completed",
  "phase_failed",
  "worker_died",
  "recovered",
];

const anyEvents = fc.array(
  fc.tuple(
    fc.integer({ min: -50, max: 1000 }),
    fc.constantFrom(...KINDS),
    fc.constantFrom(null, ...PHASE_NAMES),
  ),
  { maxLength: 40 },
);
const moment = fc.option(fc.integer({ min: -50, max: 1000 }).map(at), { nil: null });
const anyPhases = fc.tuple(...PHASE_NAMES.map((name) =>
  fc.record({
    status: fc.constantFrom(...PHASE_STATUSES),
    startedAt: moment,
    completedAt: moment,
  }).map((fields) => phaseRow(name, fields))
));

Deno.test("segments touch, have a length and stay in the session's time, whatever happened", () => {
  fc.assert(fc.property(anyEvents, anyPhases, (events, phases) => {
    const drawn = phaseSegments({
      phases,
      events: told(events as Told[]),
      from: at(0),
      to: at(1000),
    });
    for (const phase of phases) {
      const segments = drawn[phase.name];
      if (phase.status === "skipped") assert.deepEqual(segments, []);
      segments.forEach(({ from, to }, index) => {
        assert.ok(from < to, "a segment without length");
        if (index > 0) assert.deepEqual(from, segments[index - 1].to);
      });
      assert.ok(segments.length === 0 || segments[0].from >= at(0));
      assert.ok(segments.length === 0 || segments.at(-1)!.to <= at(1000));
      assert.notEqual(segments.at(-1)?.state, "waiting");
    }
    const idle = idleSpans(Object.values(drawn));
    for (const { from, to } of idle) {
      assert.ok(from < to);
      for (const segment of Object.values(drawn).flat()) {
        const outside = segment.to <= from || segment.from >= to;
        assert.ok(outside || segment.state === "waiting", "something was open in idle time");
      }
    }
  }));
});

const anySegments = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 100_000 }),
    fc.constantFrom("running", "running", "paused", "held", "waiting"),
  ),
  { minLength: 1, maxLength: 8 },
).map((parts) => {
  let time = 0;
  return parts.map(([length, state]): Segment => {
    const from = at(time);
    return {
      from,
      to: at(time += length),
      state: state as Segment["state"],
      by: null,
      reason: null,
    };
  });
});

Deno.test("throughput adds up to what was counted, never falls below nothing and has gaps", () => {
  fc.assert(fc.property(
    anySegments,
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(500)), { maxLength: 60 }),
    (segments, steps) => {
      const running = segments.filter(({ state }) => state === "running");
      // Samples while it runs, in the order of time, each with something more.
      const moments = steps.map(([share, more]) => {
        const segment = running[Math.floor(share * (running.length - 1e-9))];
        const part = (share * running.length) % 1;
        return segment && {
          at: new Date(
            segment.from.getTime() +
              Math.max(1, part * (segment.to.getTime() - segment.from.getTime())),
          ),
          more,
        };
      }).filter((sample) => sample !== undefined).sort((a, b) => a.at.getTime() - b.at.getTime());
      let counted = 0;
      const samples = moments.map(({ at, more }): Sample => ({ at, counted: counted += more }));
      const points = throughput(segments, samples);
      const sum = points.reduce(
        (all, { from, to, perMinute }) =>
          all + perMinute * (to.getTime() - from.getTime()) / 60_000,
        0,
      );
      assert.ok(Math.abs(sum - counted) < 1e-3 * Math.max(1, counted), `${sum} for ${counted}`);
      assert.ok(points.length <= 200 + segments.length);
      for (const point of points) {
        assert.ok(point.perMinute >= 0 && Number.isFinite(point.perMinute));
        assert.ok(
          running.some(({ from, to }) =>
            from.getTime() - 1 <= point.from.getTime() && point.to.getTime() <= to.getTime() + 1
          ),
          "a point in a pause",
        );
      }
    },
  ));
});

Deno.test("throughput of a short run, of a new round and of a batch in hand at a pause", () => {
  const segment = (state: Segment["state"], from: number, to: number): Segment => ({
    state,
    from: at(from),
    to: at(to),
    by: null,
    reason: null,
  });
  const rates = (segments: Segment[], samples: [number, number][]) =>
    throughput(segments, samples.map(([second, counted]) => ({ at: at(second), counted })))
      .map(({ from, to, perMinute }) =>
        `${seconds(from)}–${seconds(to)}: ${Math.round(perMinute)}`
      );
  assert.deepEqual(rates([segment("running", 0, 0.5)], [[0.5, 5]]), ["0–0.5: 600"]);
  assert.deepEqual(rates([], [[1, 5]]), []);
  const paused = [segment("running", 0, 4), segment("paused", 4, 60), segment("running", 60, 62)];
  // The batch of 8 was finished two seconds into the pause.
  assert.deepEqual(rates(paused, [[2, 4], [6, 12], [62, 14]]), [
    "0–2: 120",
    "2–4: 240",
    "60–62: 60",
  ]);
  const rounds = [segment("running", 0, 4), segment("waiting", 4, 90), segment("running", 90, 94)];
  // Ten failed items are open again; a sweep of cancelled ones between the rounds is no work.
  assert.deepEqual(rates(rounds, [[4, 100], [50, 400], [92, 95], [94, 100]]), [
    "0–2: 1500",
    "2–4: 1500",
    "90–92: 0",
    "92–94: 150",
  ]);
});
