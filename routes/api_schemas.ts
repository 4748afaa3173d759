/** What the API takes and gives: handlers check against these, and the OpenAPI document is made of them. */

export { CursorQuery, IdParam, PageQuery } from "./common_schemas.ts";
export * from "./library_schemas.ts";
export * from "./models_schemas.ts";
export * from "./people_schemas.ts";
export * from "./progress_schemas.ts";
export * from "./session_schemas.ts";
export * from "./system_schemas.ts";
export * from "./timeline_schemas.ts";
