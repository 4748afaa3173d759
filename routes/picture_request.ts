import { Fault } from "./fault.ts";

/** A picture that somebody sent, and what they asked with it. */
export interface PictureRequest {
  bytes: Uint8Array;
  /** As a query string has them: a field with several values is a list. */
  fields: Record<string, string | string[]>;
}

/**
 * Reads a request with a picture: a form with the file as `picture` and everything else as fields,
 * or the bare picture, and everything else in the address. How large it may be is checked before.
 * Throws a Fault for any other body.
 */
export async function readPictureRequest(request: Request): Promise<PictureRequest> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  const query = [...new URL(request.url).searchParams];
  if (type.startsWith("image/") || type === "application/octet-stream") {
    return { bytes: new Uint8Array(await request.arrayBuffer()), fields: asFields(query) };
  }
  if (type !== "multipart/form-data") {
    throw new Fault(
      415,
      "unsupported_media_type",
      `A search with a picture takes multipart/form-data with the file as "picture", or the ` +
        `picture itself as image/*; this is "${type.slice(0, 100)}"`,
    );
  }
  const form = await request.formData().catch((error) => {
    throw new Fault(400, "malformed_request", `The form cannot be read: ${error.message}`);
  });
  const picture = form.get("picture");
  if (!(picture instanceof File)) {
    throw new Fault(
      400,
      "invalid_request",
      `Cannot use this request: no file is sent as "picture"`,
    );
  }
  const given = [...form].flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : []
  );
  return { bytes: await picture.bytes(), fields: asFields([...query, ...given]) };
}

function asFields(pairs: [string, string][]): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of pairs) {
    const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}
