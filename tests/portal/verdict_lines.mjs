// node verdict_lines.mjs <verifier>: for each case on a line of its input, a line with what the verifier says.
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const verifier = await import(pathToFileURL(resolve(process.argv[2])));
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, 'base64'));
const plain = (_, value) => (typeof value === 'bigint' ? String(value) : value);

async function verdictOn({ document, anchor }) {
  try {
    return { result: await verifier.verifyView(bytesOf(document), bytesOf(anchor)) };
  } catch (refusal) {
    // Anything but a refusal is a fault of the verifier, which no test expects.
    return { code: refusal instanceof verifier.Refused ? refusal.code : `crash: ${refusal.stack}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await verdictOn(JSON.parse(line)), plain)}\n`);
}
