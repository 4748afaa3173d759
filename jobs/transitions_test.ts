import assert from "node:assert/strict";
import { PHASE_STATUSES, SESSION_STATUSES } from "../db/schema.ts";
import {
  type Action,
  allows,
  allowsPhase,
  IllegalTransition,
  type PhaseAction,
} from "./transitions.ts";

// changes (+), already holds (=), refused (-), for each state in the order of SESSION_STATUSES:
// pending, discovering, running, paused, completed, failed, cancelled.
const EXPECTED: Record<Action, string> = {
  start: "+==+-+-",
  pause: "-++=---",
  resume: "-==+---",
  cancel: "++++--=",
  retry: "-==-+++",
};

Deno.test("every action in every state", () => {
  for (const [action, expected] of Object.entries(EXPECTED) as [Action, string][]) {
    const found = SESSION_STATUSES.map((status) => {
      try {
        return allows(action, status) ? "+" : "=";
      } catch (error) {
        assert(error instanceof IllegalTransition);
        assert.equal(error.action, action);
        assert.equal(error.current, status);
        return "-";
      }
    });
    assert.equal(found.join(""), expected, action);
  }
});

// The same for one phase, in the order of PHASE_STATUSES: pending, running, paused, completed,
// failed, cancelled, skipped.
const OF_A_PHASE: Record<PhaseAction, string> = {
  pause: "++=----",
  resume: "==+----",
  cancel: "+++--==",
  retry: "---+++-",
};

Deno.test("every action on a phase in every state", () => {
  for (const [action, expected] of Object.entries(OF_A_PHASE) as [PhaseAction, string][]) {
    const found = PHASE_STATUSES.map((status) => {
      try {
        return allowsPhase(action, { name: "training", status }) ? "+" : "=";
      } catch (error) {
        assert(error instanceof IllegalTransition);
        assert.equal(error.current, status);
        return "-";
      }
    });
    assert.equal(found.join(""), expected, action);
  }
});

Deno.test("a refused action says what the state is and when it is possible", () => {
  assert.throws(() => allows("pause", "completed"), {
    name: "IllegalTransition",
    message:
      "Cannot pause this session: it is completed; pause is possible when it is discovering, running",
  });
});
