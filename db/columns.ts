import { customType } from "drizzle-orm/pg-core";

/** Raw bytes; postgres.js hands out Buffers. */
export const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" });

/**
 * Text ordered by bytes, whatever the server's locale: paths are compared and searched by prefix,
 * and the first path must be the same one on every server.
 */
export const pathText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** The number of a transaction, which never wraps around; as text, since it may exceed a double. */
export const xid8 = customType<{ data: string }>({ dataType: () => "xid8" });
