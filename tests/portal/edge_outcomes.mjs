// Puts Ed25519 cases to a verifier's own arithmetic: in Node and in a browser.

const bytesOf = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** [registrable, verifies] for each {key, message, signature}, all in hexadecimal digits. */
export async function edgeOutcomes({ checkPublicKey, verifyEd25519 }, cases) {
  const outcomes = [];
  for (const { key, message, signature } of cases) {
    const [publicKey, signed, by] = [key, message, signature].map(bytesOf);
    outcomes.push([checkPublicKey(publicKey), await verifyEd25519(publicKey, signed, by)]);
  }
  return outcomes;
}
