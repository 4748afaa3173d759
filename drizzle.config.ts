/** For `deno task db:generate`: writes a migration for what changed in the schema. */
export default {
  dialect: "postgresql",
  schema: "./db/schema.ts",
  out: "./db/migrations",
  casing: "snake_case",
};
