// node verdicts_in_node.mjs <verifier> <cases>: writes what the verifier says of each case as one JSON array.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [verifierPath, casesPath] = process.argv.slice(2).map((path) => resolve(path));
const verifier = await import(pathToFileURL(verifierPath));
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, 'base64'));

async function verdictOn({ document, anchor, jws }) {
  const [data, trusted] = [bytesOf(document), bytesOf(anchor)];
  try {
    if (jws === null) return { result: await verifier.verifyView(data, trusted) };
    return { result: await verifier.verifyReceipt(data, jws, trusted) };
  } catch (refusal) {
    // Anything but a refusal is a fault of the verifier, which no test expects.
    return { code: refusal instanceof verifier.Refused ? refusal.code : `crash: ${refusal.stack}` };
  }
}

const verdicts = [];
for (const item of JSON.parse(await readFile(casesPath, 'utf-8'))) verdicts.push(await verdictOn(item));
const plain = (_, value) => (typeof value === 'bigint' ? String(value) : value);
process.stdout.write(JSON.stringify(verdicts, plain));
