// Writes openapi.json, the document of the legacy REST API, from the built routes. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { printOpenApi } from '../dist/src/rest/openapi/document.js';

const document = printOpenApi('documented');
if (process.argv.includes('--check')) {
  if (readFileSync('openapi.json', 'utf8') !== document)
    throw new Error('openapi.json is not what the routes say; run: npm run codegen');
} else {
  writeFileSync('openapi.json', document);
}
