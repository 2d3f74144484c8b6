// What the log says that a reader gets of a record, written from sharing.md 6 alone. A part of the verifier
// beside it, whose tools it is given. Entries and disclosures have passed their checks.

const CLOSED = ['manifest', 'address', 'filing'];
const TIERS = ['public', 'consortium', 'partner', 'restricted', 'sealed'];
const BY_RECORD = ['case', 'partner', 'grant', 'delegation', 'order'];
const RULES = ['public', 'issuer', 'owner', 'subject', 'consortium', 'auditor', 'none', ...BY_RECORD];
const NEEDS = ['membership', 'relation', 'grant', 'both-owners', 'sealing-key'];
const isText = (value) => typeof value === 'string';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value) => typeof value === 'number' && value >= 0;
const isReader = (value) => value === null || isText(value);

/** One group: readable, rule, by and needs say one thing. */
function isDecided(name, group, { fits, isDigest, isGroup }) {
  const inOrder = (needs) => Array.isArray(needs) && needs.every(isText)
    && NEEDS.filter((need) => needs.includes(need)).join() === needs.join();
  const tiers = name === 'filing' ? ['filing'] : TIERS;
  return (CLOSED.includes(name) || isGroup(name)) && fits(group, {
    tier: (tier) => tiers.includes(tier),
    rule: (rule) => RULES.includes(rule),
    readable: (readable) => readable === (group.rule !== 'none'),
    by: (by) => (BY_RECORD.includes(group.rule) ? isDigest(by) : by === null),
    needs: (needs) => inOrder(needs) && (needs.length === 0 || group.readable === false),
  });
}

/** Check D13: the origin that the note names, and the decision. */
function parseDecision(text, tools) {
  const { must, fits, parseStrictJson, isDigest, isAscending } = tools;
  const code = 'malformed-decision';
  const [purpose, origin, json, ...more] = text.slice(0, -1).split('\n');
  must(purpose === 'lotmark decision v1' && json !== undefined && more.length === 0, code);
  const decision = parseStrictJson(json, { maxBytes: 65536, code });
  const areDecided = (groups) => isObject(groups) && Object.keys(groups).length <= 128
    && isAscending(Object.keys(groups))
    && Object.entries(groups).every(([name, group]) => isDecided(name, group, tools));
  const tests = { record: isDigest, reader: isReader, at_ms: isCount, size: isCount, policy: isDigest };
  must(fits(decision, { ...tests, groups: areDecided }), code);
  return { origin, decision };
}

/** Checks D13 to D15 of view.md. `shown`: the names of the disclosed groups. */
export async function readDecision(note, record, shown, tools) {
  const { must, utf8, parseNote, linesBy, verifyEd25519, anchor } = tools;
  const { text, signatures } = parseNote(utf8(note), 'malformed-decision');
  const { origin, decision } = parseDecision(text, tools);
  const lines = anchor.policy.logs.filter(({ name }) => name === anchor.origin).flatMap(linesBy(signatures));
  must(lines.length > 0, 'bad-decision-signature');
  for (const { key, content } of lines) {
    must(await verifyEd25519(key, utf8(text), content), 'bad-decision-signature');
  }
  must(origin === anchor.origin, 'wrong-origin');
  // What is sealed no log opens: a holder of a key shows it.
  const isOpened = (name) => {
    const group = decision.groups[name];
    return group?.readable === true || group?.tier === 'sealed';
  };
  must(decision.record === record.recordId && shown.every(isOpened), 'decision-mismatch');
  must(BigInt(decision.size) > record.index, 'decision-mismatch');
  return decision;
}
