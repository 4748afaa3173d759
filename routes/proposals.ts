import { Hono } from "hono";
import { listProposals } from "../db/suggestion_queries.ts";
import { answerProposal } from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { proposalShape } from "./people_shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/proposals: what a grouping would change about people, waiting for a yes or no. */
export const proposalRoutes = new Hono<Env>()
  .get("/", validate("query", Api.ListQuery), async (c) => {
    const { limit, offset } = c.req.valid("query");
    const found = await listProposals(c.var.database.db, { limit, offset });
    return c.json({ items: found.proposals.map(proposalShape), total: found.total, limit, offset });
  })
  .post(
    "/:id/answer",
    validate("param", Api.IdParam),
    validate("json", Api.ProposalAnswer),
    async (c) => {
      const { id: proposalId } = c.req.valid("param");
      const { answer } = c.req.valid("json");
      return c.json(
        await answerProposal(c.var.database.db, { proposalId, answer }, actor(c).by),
      );
    },
  );
