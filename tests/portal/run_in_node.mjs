// node run_in_node.mjs <verifier> <vectors>: writes the outcomes as one JSON document.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { viewOutcomes } from './view_outcomes.mjs';

const [verifier, vectors] = process.argv.slice(2).map((path) => resolve(path));
const outcomes = await viewOutcomes(
  await import(pathToFileURL(verifier)),
  JSON.parse(await readFile(vectors, 'utf-8')),
);
process.stdout.write(JSON.stringify(outcomes));
