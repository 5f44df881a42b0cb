import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("calls the API by the document that is committed (npm run types writes it anew)", {
  timeout: 30_000,
}, async () => {
  const document = new URL("../../docs/reference/openapi.json", import.meta.url);
  const made = await openapiTS(document, {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    defaultNonNullable: false,
  });
  const kept = readFileSync(new URL("../src/api/schema.d.ts", import.meta.url), "utf8");
  expect(kept.endsWith(astToString(made))).toBe(true);
});
