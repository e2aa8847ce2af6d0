// Writes src/api/schema.ts from the API's own OpenAPI document on standard input: `make dashboard-client`.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { text as read } from "node:stream/consumers";
import openapiTS, { astToString } from "openapi-typescript";

const text = await read(process.stdin);
const types = astToString(await openapiTS(JSON.parse(text), { alphabetize: true }));
const hash = createHash("sha256").update(text).digest("hex");
const head = `// Written by \`make dashboard-client\` from the API's OpenAPI document ${hash}.\n\n`;
writeFileSync(new URL("../src/api/schema.ts", import.meta.url), head + types);
