// node edges_in_node.mjs <verifier> <cases>: writes what the verifier decides of each case as one JSON array.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { edgeOutcomes } from './edge_outcomes.mjs';

const [verifier, cases] = process.argv.slice(2).map((path) => resolve(path));
const outcomes = await edgeOutcomes(
  await import(pathToFileURL(verifier)),
  JSON.parse(await readFile(cases, 'utf-8')),
);
process.stdout.write(JSON.stringify(outcomes));
