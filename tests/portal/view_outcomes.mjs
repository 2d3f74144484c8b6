// Runs the cases of docs/spec/vectors/views.json through a verifier: in Node and in a browser.

/** The outcome of every case, in order: {name, code} or {name, result}. */
export async function viewOutcomes(verifier, vectors) {
  const texts = {};
  for (const [name, pieces] of Object.entries(vectors.texts)) {
    texts[name] = new TextDecoder().decode(documentOf(pieces, texts));
  }
  const outcomes = [];
  for (const { name, anchor, view } of vectors.cases) {
    const bytes = [documentOf(view, texts), documentOf(anchor, texts)];
    outcomes.push({ name, ...(await outcomeOf(verifier, bytes)) });
  }
  return outcomes;
}

async function outcomeOf(verifier, [view, anchor]) {
  try {
    return { result: await verifier.verifyView(view, anchor) };
  } catch (refusal) {
    // Anything but a refusal is a fault of the verifier, and no outcome.
    if (!(refusal instanceof verifier.Refused)) throw refusal;
    return { code: refusal.code };
  }
}

function documentOf(pieces, texts) {
  const parts = pieces.map((piece) => bytesOf(piece, texts));
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

function bytesOf(piece, texts) {
  const utf8 = new TextEncoder();
  if (typeof piece === 'string') return utf8.encode(piece);
  if ('text' in piece) return utf8.encode(texts[piece.text]);
  if ('repeat' in piece) return utf8.encode(piece.repeat.repeat(piece.times));
  return Uint8Array.from(piece.hex.match(/../g), (digits) => parseInt(digits, 16));
}
