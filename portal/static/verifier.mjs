// Independent verifier for Lotmark views and receipts, written from the specification alone. An ES module that
// needs only the one beside it, for Node >= 20 and browsers; nothing else is fetched. "json.md 1": a section.
// In results, indexes, sizes and times are Numbers where they are safe integers, else BigInts.
import { contradictionsIn } from './consistency.mjs';
import { readDecision } from './decision.mjs';
import { KeyPath } from './key-path.mjs';

/** Every refusal; `code` is the literal word of the specification. */
export class Refused extends Error {
  name = 'Refused';
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Unless `condition` holds, the check ends with `code`. */
function must(condition, code) {
  if (!condition) throw new Refused(code);
}
/** The result of `action`, or null if it fails. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

// ---------------------------------------------------------------- bytes, texts, hashes
const MIB = 1 << 20;
const MAX_63 = (1n << 63n) - 1n;
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const toNumber = (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);

/** Strict UTF-8, or a refusal. `ignoreBOM` keeps a byte order mark visible instead of dropping it. */
function fromUtf8(bytes, code) {
  const text = attempt(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  must(text !== null, code);
  return text;
}

/** Bytes of canonical base64, else null. `atob` alone is too lenient: encoding must give the text again. */
function base64(text, length = null) {
  const binary = attempt(() => atob(text));
  if (binary === null || btoa(binary) !== text || (length ?? binary.length) !== binary.length) return null;
  return Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
}
function base64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  return base64(standard + '='.repeat((4 - (text.length % 4)) % 4)); // '===' is never canonical
}

async function digest(name, ...parts) {
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  return new Uint8Array(await globalThis.crypto.subtle.digest(name, bytes));
}
/** base64url(SHA-256(UTF-8 of the text)). */
async function digestOf(text) {
  const standard = btoa(String.fromCharCode(...await digest('SHA-256', utf8(text))));
  return standard.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
}

/** Decimal of tree.md as a BigInt; null if it is none or above 2^63-1. */
function decimal(text) {
  const value = /^(0|[1-9][0-9]{0,18})$/.test(text) ? BigInt(text) : null;
  return value !== null && value <= MAX_63 ? value : null;
}

// ---------------------------------------------------------------- shapes of parsed values
const isText = (value) => typeof value === 'string';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isDigest = (value) => isText(value) && value.length === 43 && base64url(value) !== null;
const isAscending = (list) => list.every((item, i) => i === 0 || list[i - 1] < item);
const pattern = (regex) => (value) => isText(value) && regex.test(value);
const exactly = (wanted) => (value) => value === wanted;
const listOf = (isItem, min = 0, max = Infinity) => (value) => (
  Array.isArray(value) && value.length >= min && value.length <= max && value.every((item) => isItem(item)));

/** Exactly these members, each as its test wants it. Parsed objects have no prototype: `in` is safe. */
function fits(value, tests) {
  const names = Object.keys(tests);
  return isObject(value) && Object.keys(value).length === names.length
    && names.every((name) => name in value && tests[name](value[name]));
}

// ---------------------------------------------------------------- strict JSON (json.md 1)
const WORDS = { null: null, true: true, false: false };
const ESCAPES = new Map([['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t']]);
const token = (sign) => new RegExp(`[ \\t\\n\\r]*${sign}`, 'y');
const [SPACE, COMMA, COLON, QUOTE, BRACKET, BRACE] = ['', ',', ':', '"', ']', '}'].map(token);
// Neither -0 nor 01: a second digit, a fraction, an exponent or a 17th digit is what may not follow a value.
const START = token('(?:(["[{])|(null|true|false)|(0|-?[1-9][0-9]{0,15}))');
const CHARACTERS = /([^"\\\u0000-\u001f]*)("?)/y;
// Raw characters are whole, as UTF-8 has no surrogates; so a pair is two escapes, and no other stands.
const PAIR = '[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
const ESCAPE = new RegExp(`\\\\(?:(["\\\\/bfnrt])|u((?![dD][89a-fA-F])[0-9a-fA-F]{4}|${PAIR}))`, 'y');

/**
 * A value whose objects have no prototype. `input`: bytes, or text that came from UTF-8. maxContainers: with
 * more arrays and objects it is judged but not kept, and given as null; 64 MiB of `{},{}` would be gigabytes.
 */
export function parseStrictJson(input, limits = {}) {
  const { maxBytes = Infinity, depth = 32, code = 'malformed-json', maxContainers = Infinity } = limits;
  must(input.length <= maxBytes, code);
  const text = isText(input) ? input : fromUtf8(input, code);
  let [at, containers] = [0, 0];
  const take = (sticky) => { // what stands here, or null
    sticky.lastIndex = at;
    const found = sticky.exec(text);
    if (found !== null) at = sticky.lastIndex;
    return found;
  };
  const string = () => { // behind the first quotation mark
    const pieces = [];
    for (;;) {
      const [, run, end] = take(CHARACTERS);
      if (run !== '') pieces.push(run);
      if (end !== '') return pieces.join('');
      const [, letter, digits = ''] = take(ESCAPE) ?? [];
      must(letter !== undefined || digits !== '', code);
      const units = digits.split('\\u').map((unit) => parseInt(unit, 16));
      pieces.push(letter === undefined ? String.fromCharCode(...units) : ESCAPES.get(letter) ?? letter);
    }
  };
  const value = (level) => { // inside `level` containers, so that the depth bounds the recursion
    const [, sign, word, number] = take(START) ?? [];
    if (sign === '"') return string();
    if (word !== undefined) return WORDS[word];
    must(sign !== undefined ? level < depth : Number.isSafeInteger(Number(number)), code);
    if (sign === undefined) return Number(number);
    containers++;
    const isArray = sign === '[';
    const [out, close] = isArray ? [[], BRACKET] : [Object.create(null), BRACE]; // `__proto__` is a name
    if (take(close)) return out;
    do {
      const name = isArray ? out.length : take(QUOTE) && string();
      must(isArray || (name !== null && !(name in out) && take(COLON)), code);
      const item = value(level + 1);
      if (containers <= maxContainers) out[name] = item;
      else if (!isArray) out[name] = null; // the name still counts
    } while (take(COMMA));
    must(take(close), code);
    return out;
  };
  const result = value(0);
  must(take(SPACE) && at === text.length, code);
  return containers <= maxContainers ? result : null;
}

// ---------------------------------------------------------------- Ed25519 (keys.md 1 and 2)
// Decision: the curve is computed here, over BigInt; WebCrypto only hashes. Platforms differ in the cases
// that verify (cofactor, small order, encodings that are not canonical), older ones have no Ed25519, and
// keys.md wants one answer; its prime-order test needs this arithmetic anyway. All values are public, so the
// running time need not be constant.
const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const mod = (a) => ((a % P) + P) % P;
const power = (base, exponent) => [...exponent.toString(2)].reduce(
  (result, bit) => (result * result * (bit === '1' ? base : 1n)) % P, 1n);
const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);
const IDENTITY = [0n, 1n, 1n, 0n];

/** Sum in extended coordinates [X, Y, Z, T], RFC 8032, section 5.1.4: complete, so no point is special. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = ((y1 - x1) * (y2 - x2)) % P;
  const b = ((y1 + x1) * (y2 + x2)) % P;
  const c = (((2n * D * t1) % P) * t2) % P;
  const d = (2n * z1 * z2) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

/** [m]A + [n]B, bit by bit of both (Shamir's trick). */
function combine(m, a, n = 0n, b = IDENTITY) {
  const choices = [IDENTITY, a, b, add(a, b)];
  let sum = IDENTITY;
  for (let bit = BigInt((m | n).toString(2).length) - 1n; bit >= 0n; bit--) {
    sum = add(sum, sum);
    const choice = Number((m >> bit) & 1n) + 2 * Number((n >> bit) & 1n);
    if (choice !== 0) sum = add(sum, choices[choice]);
  }
  return sum;
}
const isIdentity = ([x, y, z]) => mod(x) === 0n && mod(y - z) === 0n;
const hasSmallOrder = (point) => isIdentity(combine(8n, point));
const littleEndian = (bytes) => BigInt('0x' + hex(bytes.slice().reverse()));

/** The point of a canonical encoding, else null. (x = 0 with the sign set has small order: never used.) */
function decodePoint(bytes) {
  const number = bytes.length === 32 ? littleEndian(bytes) : P;
  const y = BigInt.asUintN(255, number);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n)); // RFC 8032, section 5.1.3
  if (mod(v * x * x - u) !== 0n) x = mod(x * SQRT_MINUS_1);
  if (mod(v * x * x - u) !== 0n) return null;
  if ((x & 1n) !== number >> 255n) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}
const BASE = decodePoint(Uint8Array.of(0x58, ...new Array(31).fill(0x66))); // y = 4/5, x even
/** May this Ed25519 key be registered or configured (keys.md 1)? */
export function checkPublicKey(bytes) {
  const point = decodePoint(bytes);
  return point !== null && !hasSmallOrder(point) && isIdentity(combine(L, point));
}

/** Is the signature valid (keys.md 2)? Promise of a boolean. */
export async function verifyEd25519(publicKey, message, signature) {
  const point = decodePoint(publicKey);
  if (signature.length !== 64 || point === null || hasSmallOrder(point)) return false; // rule 2
  const [r, s] = [signature.slice(0, 32), littleEndian(signature.slice(32))];
  if (s >= L) return false; // rule 1
  const k = littleEndian(await digest('SHA-512', r, publicKey, message)) % L;
  const [x, y, z, t] = point;
  const result = combine(s, BASE, k, [-x, y, z, -t]);
  const inverse = power(mod(result[2]), P - 2n);
  const encoding = mod(result[1] * inverse) | ((mod(result[0] * inverse) & 1n) << 255n);
  // Rules 4 and 3: an R that is not canonical equals no encoding; another has small order if the result has.
  return encoding === littleEndian(r) && !hasSmallOrder(result);
}

// ---------------------------------------------------------------- names (keys.md 3 and 4)
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const isMultikey = pattern(/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/); // all of Ed25519 begin so and are as long
const isOrigin = pattern(/^(?=.{1,200}$)[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/);

/** The key of the multikey of an Ed25519 key that may be registered, else null. */
function parseMultikey(text) {
  const digits = isMultikey(text) ? [...text.slice(1)] : [];
  const number = digits.reduce((sum, digit) => sum * 58n + BigInt(BASE58.indexOf(digit)), 0n);
  const key = Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(248 - 8 * i)) & 255n));
  return number >> 256n === 0xed01n && checkPublicKey(key) ? key : null;
}

/** {origin, slug} of a party DID, else null. It is divided at its last `:parties:`, hence the greedy `.*`. */
function parseParty(did) {
  const [, name, slug] = (isText(did) && /^did:web:(.*):parties:([a-z0-9-]{2,40})$/.exec(did)) || [];
  if (name === undefined || !/^[^:%/]+(%3A[0-9]+)?(:[^:%/]+)*$/.test(name)) return null; // %3A: the port
  const origin = name.replaceAll(':', '/').replace('%3A', ':');
  return isOrigin(origin) ? { origin, slug } : null;
}

// ---------------------------------------------------------------- trust anchor (tree.md 5 and 8)
const KEY_NAME = /^[^\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/;
const isKeyName = (name) => KEY_NAME.test(name) && utf8(name).length <= 255; // tree.md 5, form rule 4
/** tree.md 8, and 5 for verifier keys. `code` is for every fault. */
async function parsePolicy(text, code) {
  const [logs, witnesses, groups, quorums] = [[], [], [], []];
  const [names, grouped, keys] = [new Set(['none']), new Set(), new Set()];
  const addOnce = (set, what) => must(!set.has(what) && set.add(what), code);
  const readKey = async (type, vkey = '', url = '', more = '') => { // the URL is not looked at
    const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.*)$/s.exec(vkey) ?? [];
    must(more === '' && name !== undefined && isKeyName(name), code);
    const bytes = base64(encoded, 33);
    must(bytes?.[0] === type && checkPublicKey(bytes.slice(1)), code);
    must(hex(await digest('SHA-256', utf8(name + '\n'), bytes)).slice(0, 8) === id, code);
    const key = bytes.slice(1);
    for (const what of [id, hex(key)]) addOnce(keys, what);
    return { name, id, key };
  };
  must(utf8(text).length <= 65536 && text.endsWith('\n'), code);
  must(!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), code); // "control characters" read as C0
  for (const line of text.split('\n')) {
    const [word, ...words] = line.split(/[ \t]+/).filter((part) => part !== '');
    if (word === undefined || word.startsWith('#')) continue;
    const [name, ...rest] = words;
    if (word === 'log') {
      logs.push(await readKey(1, ...words));
    } else if (word === 'witness') {
      witnesses.push({ name, verifier: await readKey(4, ...rest) });
      addOnce(names, name);
    } else if (word === 'group') {
      const [threshold = '', ...members] = rest;
      for (const member of members) {
        must(member !== 'none' && names.has(member), code); // defined above
        addOnce(grouped, member);
      }
      const all = BigInt(members.length);
      const k = threshold === 'any' ? 1n : threshold === 'all' ? all : decimal(threshold);
      must(k !== null && k >= 1n && k <= all, code);
      groups.push({ name, k, members });
      addOnce(names, name);
    } else {
      must(word === 'quorum' && words.length === 1 && names.has(name), code);
      quorums.push(name);
    }
  }
  must(logs.length <= 32 && witnesses.length <= 64 && groups.length <= 64 && quorums.length === 1, code);
  return { logs, witnesses, groups, quorum: quorums[0] };
}

/** Check A1. */
async function parseAnchor(bytes) {
  const code = 'malformed-anchor';
  const anchor = parseStrictJson(bytes, { maxBytes: MIB, code });
  const tests = { format: exactly('lotmark.anchor/v1'), origin: isOrigin, policy: isText, charter: isDigest };
  must(fits(anchor, tests), code);
  return { ...anchor, policy: await parsePolicy(anchor.policy, code) };
}

// ---------------------------------------------------------------- checkpoint (tree.md 2, 5 to 9)
/** A signed note: its text and its signature lines. */
function parseNote(bytes, code) {
  must(bytes.length <= 65536, code);
  const note = fromUtf8(bytes, code);
  const cut = note.lastIndexOf('\n\n');
  must(cut >= 0 && note.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/.test(note), code);
  const text = note.slice(0, cut + 1);
  const signatures = note.slice(cut + 2).split('\n').slice(0, -1).map((line) => {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const content = name !== undefined && isKeyName(name) ? base64(encoded) : null;
    must(content?.length >= 5, code);
    return { name, id: hex(content.slice(0, 4)), content: content.slice(4) };
  });
  must(signatures.length >= 1 && signatures.length <= 100, code);
  return { text, signatures };
}

/** The signature lines of a note by this key. */
const linesBy = (signatures) => ({ name, id, key }) => signatures.flatMap((line) => (
  line.name === name && line.id === id ? [{ key, content: line.content }] : []));

/** A signed note whose text is a checkpoint. */
function parseCheckpoint(bytes) {
  const code = 'malformed-note';
  const { text, signatures } = parseNote(bytes, code);
  const lines = text.slice(0, -1).split('\n');
  must(lines.length >= 3 && !lines.includes(''), code);
  const [origin, size, root] = [lines[0], decimal(lines[1]), base64(lines[2], 32)];
  must(size !== null && root !== null, code);
  return { origin, size, root, text, signatures };
}

/** Checks B1 to B6, which are tree.md 9. */
async function believe(bytes, { origin, policy }) {
  const { signatures, text, ...checkpoint } = parseCheckpoint(bytes);
  const linesOf = linesBy(signatures); // keys of other logs are unknown keys here
  const logLines = policy.logs.filter(({ name }) => name === origin).flatMap(linesOf);
  must(logLines.length > 0, 'log-signature-missing');
  for (const { key, content } of logLines) {
    must(await verifyEd25519(key, utf8(text), content), 'bad-log-signature');
  }
  must(checkpoint.origin === origin, 'wrong-origin');
  const marked = new Set(['none']);
  for (const { name, verifier } of policy.witnesses) {
    for (const { key, content } of linesOf(verifier)) { // tree.md 7
      const time = littleEndian(content.slice(0, 8).reverse()); // sent big-endian
      const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
      must(content.length === 72 && time <= MAX_63, 'bad-cosignature');
      must(await verifyEd25519(key, message, content.slice(8)), 'bad-cosignature');
      marked.add(name);
    }
  }
  const cosignedBy = policy.witnesses.flatMap(({ name }) => (marked.has(name) ? [name] : []));
  for (const { name, k, members } of policy.groups) {
    if (members.filter((member) => marked.has(member)).length >= k) marked.add(name);
  }
  must(marked.has(policy.quorum), 'quorum-not-met');
  return { ...checkpoint, cosignedBy };
}

/** tree.md 2; `path` holds base64 texts. */
async function mustBeIncluded(index, leaf, path, { size, root }) {
  const code = 'not-included';
  must(index < size, code);
  const differing = index ^ (size - 1n);
  const inner = differing === 0n ? 0 : differing.toString(2).length;
  const border = (index >> BigInt(inner)).toString(2).replaceAll('0', '').length;
  must(path.length === inner + border, code); // which is never more than 63
  let result = leaf;
  for (const [i, text] of path.entries()) {
    const sibling = base64(text, 32);
    must(sibling !== null, code);
    const onTheLeft = i >= inner || ((index >> BigInt(i)) & 1n) === 1n;
    result = await digest('SHA-256', [1], ...(onTheLeft ? [sibling, result] : [result, sibling]));
  }
  must(hex(result) === hex(root), code);
}

// ---------------------------------------------------------------- entries (entry.md, record.md)
/** Check C1. */
async function parseEntry(head, jws) {
  const code = 'malformed-entry';
  must(head.length + jws.length < 61440, code); // a first bound, before anything is made of it
  const bytes = utf8(head + jws + '\n');
  const lines = head.split('\n');
  must(bytes.length <= 61440 && lines.length === 6 && lines[5] === '' && lines[1] !== '', code);
  const [index, previous, admitted] = [decimal(lines[2]), base64(lines[3], 32), decimal(lines[4])];
  must(lines[0] === 'lotmark.entry/v1' && index !== null && previous !== null && admitted !== null, code);
  return { origin: lines[1], index, previous, admitted, leaf: await digest('SHA-256', [0], bytes) };
}
const OF_KEYS = ['key/v1', 'admin-key/v1', 'key-revocation/v1'];
const BY_ADMIN_KEY = ['charter/v1', 'proposal/v1', 'endorsement/v1', ...OF_KEYS];
const DOCUMENTS = ['record-type/v1', 'policy/v1', 'parameters/v1', 'document-part/v1'];
const GOVERNANCE = [...BY_ADMIN_KEY, ...DOCUMENTS];
const isTime = (value) => typeof value === 'number' && value >= 0;
const isVct = pattern(/^[a-z][a-z0-9-]{1,39}\/v[1-9][0-9]{0,2}$/);
const isJti = pattern(/^[A-Za-z0-9_-]{22}$/);
/** Check C9 (record.md 3). Left to C10 and C11: the value of `aud`, the origin of `iss`, and `kid`. */
function checkClaims(claims, index) {
  // Of a type that it does not know a verifier accepts either form, but at least one.
  const isKnown = GOVERNANCE.includes(claims.vct);
  const tests = { iss: parseParty, iat: isTime, jti: isJti, aud: isText, vct: isVct, policy: isDigest };
  if (isKnown || 'body' in claims) tests.body = isObject;
  const needsDigests = isKnown ? claims.vct === 'key/v1' : '_sd' in claims || !('body' in claims);
  if (needsDigests) tests._sd = (list) => listOf(isDigest, 1, 128)(list) && isAscending(list);
  must(fits(claims, tests) && (index !== 0n || claims.policy === 'A'.repeat(43)), 'malformed-claims');
}

/** Checks C1 to C11. `keyOf` is parseMultikey. */
async function readEntry({ head, jws, path }, before, anchor, checkpoint, keyOf) {
  const { origin, index, previous, admitted, leaf } = await parseEntry(head, jws);
  must(origin === anchor.origin, 'wrong-origin');
  must(index < checkpoint.size && (before === undefined || index > before.index), 'wrong-index');
  if (index === 0n) must(hex(previous) === '0'.repeat(64), 'chain-broken');
  else if (before?.index === index - 1n) must(hex(previous) === hex(before.leaf), 'chain-broken');
  await mustBeIncluded(index, leaf, path, checkpoint);
  const parts = jws.split('.');
  const [headerBytes, payloadBytes, signature] = parts.map(base64url);
  must(parts.length === 3 && headerBytes && payloadBytes && signature?.length === 64, 'malformed-record');
  const header = parseStrictJson(headerBytes, { code: 'malformed-record' });
  const claims = parseStrictJson(payloadBytes, { code: 'malformed-record' });
  must(isObject(header) && isObject(claims), 'malformed-record');
  must(fits(header, { alg: () => true, kid: () => true, typ: exactly('lotmark+sd-jwt') }), 'malformed-header');
  must(header.alg === 'EdDSA', 'algorithm-not-allowed');
  const [did, multikey] = isText(header.kid) ? header.kid.split(/#(.*)/s) : [];
  const key = keyOf(multikey);
  must(parseParty(did) !== null && key !== null, 'malformed-header');
  checkClaims(claims, index);
  must(claims.aud === anchor.origin, 'wrong-audience');
  const { origin: home, slug } = parseParty(claims.iss);
  must(home === anchor.origin && did === claims.iss, 'foreign-key');
  let answer = null; // a signature is verified once, however many records need it
  const isSigned = () => (answer ??= verifyEd25519(key, utf8(`${parts[0]}.${parts[1]}`), signature));
  const { vct, body = null } = claims;
  const recordId = await digestOf(jws);
  return { index, leaf, admitted, recordId, kid: header.kid, multikey, claims, vct, body, slug, isSigned };
}

// ---------------------------------------------------------------- records (view.md 2, D)
/** Check D1 but for the choice of the entry. Gives the key path's beginning and the listed types. */
function readCharter(entry, anchor, keyOf) {
  const code = 'charter-mismatch';
  must(entry.index === 0n && entry.vct === 'charter/v1' && entry.recordId === anchor.charter, code);
  const { origin, founders, types } = entry.body;
  const isFounder = (one) => isObject(one) && isText(one.slug) && listOf(isText)(one.admin_keys);
  const isType = (one) => isObject(one) && isText(one.vct) && isText(one.sha256);
  must(origin === anchor.origin && listOf(isFounder, 1)(founders) && listOf(isType)(types), code);
  must(new Set(founders.map(({ slug }) => slug)).size === founders.length, code); // slugs are distinct
  const isKey = (text) => keyOf(text) !== null;
  return { types, path: new KeyPath(entry, founders, { digestOf, isKey, toNumber }) };
}

/** Check D8: names of the groups that the type defines, or null where its definition is not known. */
async function definedGroups(record, type, listed) {
  const code = 'type-mismatch';
  must((type === null) === GOVERNANCE.includes(record.vct), code);
  if (type === null) return record.vct === 'key/v1' ? ['holder'] : [];
  must(type.vct === 'record-type/v1' && type.body.vct === record.vct && type.index < record.index, code);
  const { definition, sha256 } = type.body;
  must(listed.every((item) => item.vct !== record.vct || item.sha256 === sha256), code);
  if (definition === null) return null;
  must(isText(definition) && sha256 === await digestOf(definition), code);
  const { vct, groups = {} } = parseStrictJson(definition, { code }) ?? {};
  must(vct === record.vct && isObject(groups), code);
  return Object.keys(groups);
}

const CLOSED = ['manifest', 'address', 'filing'];
const isSalt = pattern(/^[A-Za-z0-9_-]{38}$/);
const isGroup = pattern(/^(?!(iss|iat|jti|aud|vct|policy|body)$)[a-z][a-z0-9_]{0,39}$/);
/** Check D9 (record.md 4): the disclosed groups. */
async function readDisclosures(texts, claims) {
  const code = 'disclosure-malformed';
  must(texts.length <= 64, code);
  const groups = Object.create(null);
  const tag = (await digestOf(`${claims.iss}\n${claims.jti}`)).slice(0, 16);
  for (const text of texts) {
    const bytes = text.length <= MIB ? base64url(text) : null;
    const content = bytes && parseStrictJson(bytes, { code });
    must(Array.isArray(content) && content.length === 3, code);
    const [salt, group, value] = content;
    must(isSalt(salt) && isGroup(group), code);
    must(salt.slice(22) === tag, 'disclosure-not-of-this-record');
    must(!(group in groups), 'disclosure-duplicate'); // the same digest is the same group, too
    must(claims._sd?.includes(await digestOf(text)), 'disclosure-unused');
    groups[group] = value;
  }
  return groups;
}

const isIndex = (value) => typeof value === 'number' && value >= 0;
const isReader = (value) => value === null || isText(value);
const TOOLS = { must, utf8, fits, parseNote, linesBy, parseStrictJson, verifyEd25519, isDigest, isAscending, isGroup };
/** Checks D1 to D15 and the result. */
async function verifyRecord(row, table, anchor, checkpoint, keyOf) {
  const record = table[row.entry];
  const [keys, after] = [row.keys, row.after].map((list) => list.map((position) => table[position]));
  const [charter = record, ...links] = keys;
  const { types, path } = readCharter(charter, anchor, keyOf); // D1; without `keys` the record is the charter
  const code = 'key-path-broken';
  must(path.isFounded() && await charter.isSigned(), code); // D2
  for (const link of links) must(await path.take(link) && await link.isSigned(), code); // D3
  must(keys.every((link) => link.index < record.index), code); // D4
  must(after.every((link) => link.index > record.index), code);
  must(path.mayStand(record), code); // D5
  must(await path.mayUse(record, BY_ADMIN_KEY.includes(record.vct)), 'key-not-registered'); // D6
  const found = { ...path.factsOf(record), key_ended_at: null, contested: null, reaffirmed_at: null };
  must(await record.isSigned(), 'bad-signature'); // D7
  const defined = await definedGroups(record, table[row.type] ?? null, types); // D8
  const groups = await readDisclosures(row.disclosures, record.claims); // D9
  // D10; where the type is not known, all but the closed groups are its
  const isOfType = (name) => defined?.includes(name) ?? !CLOSED.includes(name);
  must(Object.keys(groups).every((name) => isOfType(name) || CLOSED.includes(name)), 'type-mismatch');
  if ('manifest' in groups) {
    const named = isObject(groups.manifest) ? groups.manifest.groups : null;
    must(isObject(named) && (defined ?? []).every((name) => name in named), 'type-mismatch');
    must(defined === null || Object.keys(named).length === defined.length, 'type-mismatch');
  }
  if (after.length > 0) await path.take(record); // D11, where the record may itself be a step
  for (const link of after) must(await path.takeAfter(record, link, found) && await link.isSigned(), code);
  const isErased = ({ group, at }) => ( // D12
    !(group in groups) && BigInt(at) > record.index && BigInt(at) < checkpoint.size);
  must(row.erased.every(isErased), 'erased-mismatch');
  const { decision: said, erased } = row; // D13 to D15
  const decision = said === null ? null : await readDecision(said, record, Object.keys(groups), { ...TOOLS, anchor });
  const [index, size] = [toNumber(record.index), toNumber(checkpoint.size)];
  // The digest in the charter proves a type that it lists; that another was admitted is the log's word.
  const typeWord = row.type === null || types.some(({ vct }) => vct === record.vct) ? [] : ['type-admitted'];
  return {
    record_id: record.recordId, index, issuer: record.claims.iss, type: record.vct,
    admitted_ms: toNumber(record.admitted), signed_s: record.claims.iat,
    authentic: record.kid, included: { index, size }, cosigned_by: [...checkpoint.cosignedBy],
    ...found,
    shown: Object.keys(groups).filter(isOfType).sort(), defined: defined?.length ?? null,
    decision, erased, contradictions: contradictionsIn(table[row.type]?.body.definition, groups, parseStrictJson),
    log_word: ['approvals-sufficed', 'no-later-revocation', ...typeWord], groups, body: record.body,
  };
}

// ---------------------------------------------------------------- view (view.md) and receipt
/** Check A3. Containers: 2 for each entry, 5 for each record, one for each group erased; more are not kept. */
function readForm(text) {
  // JSONL: an LF inside of the outer white space, and strict JSON before the first such LF.
  const [, first] = /^[ \t\n\r]*([^ \t\n\r][^\n]*)\n[ \t\n\r]*[^ \t\n\r]/.exec(text) ?? [];
  if (first === undefined || attempt(() => [parseStrictJson(first, { maxContainers: 0 })]) === null) {
    return parseStrictJson(text, { maxContainers: 830000 });
  }
  const lines = [];
  for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+/g)) {
    const value = parseStrictJson(line, { maxContainers: lines.length === 0 ? 200000 : 70 });
    if (lines.length <= 10001) lines.push(value); // one record too many tells that there are too many
  }
  const [view, ...records] = lines;
  const isHead = isObject(view) && !('records' in view) && text.endsWith('\n');
  return isHead ? Object.assign(view, { records }) : null;
}

/** Check A4. */
function mustBeView(view) {
  const isEntry = (row) => fits(row, { head: isText, jws: isText, path: listOf(isText) });
  const isPosition = (value) => typeof value === 'number' && value >= 0 && value < view.entries.length;
  const type = (value) => value === null || isPosition(value);
  const positions = (max) => (value) => listOf(isPosition, 0, max)(value) && isAscending(value);
  const [keys, after] = [positions(256), positions(64)];
  const isGone = (item) => fits(item, { group: isText, at: isIndex });
  const erased = (list) => listOf(isGone, 0, 64)(list) && isAscending(list.map(({ group }) => group));
  const [disclosures, decision] = [listOf(isText), isReader];
  const isRecord = (row) => fits(row, { entry: isPosition, type, keys, after, disclosures, decision, erased });
  const [entries, records] = [listOf(isEntry, 1, 65536), listOf(isRecord, 1, 10000)];
  // Members are looked at in this order: positions need the entries.
  const tests = { format: exactly('lotmark.view/v1'), checkpoint: isText, entries, records };
  must(fits(view, tests), 'malformed-view');
}

/** Verifies a view (either form) against a trust anchor, in the order of view.md 2. */
export async function verifyView(viewBytes, anchorBytes) {
  const anchor = await parseAnchor(anchorBytes);
  must(viewBytes.length <= 64 * MIB, 'too-large'); // A2
  const view = readForm(fromUtf8(viewBytes, 'malformed-json'));
  mustBeView(view);
  const checkpoint = await believe(utf8(view.checkpoint), anchor);
  const [table, records, known] = [[], [], new Map()];
  // Judging a key takes milliseconds, so it is done once.
  const keyOf = (text) => known.get(text) ?? known.set(text, parseMultikey(text)).get(text);
  for (const row of view.entries) table.push(await readEntry(row, table.at(-1), anchor, checkpoint, keyOf));
  for (const row of view.records) records.push(await verifyRecord(row, table, anchor, checkpoint, keyOf));
  const { size, cosignedBy } = checkpoint;
  return { origin: anchor.origin, size: toNumber(size), cosigned_by: cosignedBy, records };
}

/** Verifies a receipt (entry.md; tree.md 10) with the JWS that its holder kept, a text. */
export async function verifyReceipt(receiptBytes, jws, anchorBytes) {
  const anchor = await parseAnchor(anchorBytes);
  const code = 'malformed-proof';
  must(receiptBytes.length <= 131072, code);
  const cut = receiptBytes.findIndex((byte, i) => byte === 10 && receiptBytes[i + 1] === 10);
  const note = receiptBytes.slice(cut + 2);
  const [first, ...lines] = fromUtf8(receiptBytes.slice(0, Math.max(cut, 0)), code).split('\n');
  const hasExtra = lines[0]?.startsWith('extra ');
  const extra = hasExtra ? base64(lines.shift().slice(6)) : new Uint8Array(0);
  const index = lines[0]?.startsWith('index ') ? decimal(lines.shift().slice(6)) : null;
  must(first === 'c2sp.org/tlog-proof@v1' && extra !== null && hasExtra === extra.length > 0, code);
  must(index !== null && note.length > 0, code);
  must(lines.length <= 63 && lines.every((line) => base64(line, 32) !== null), code);
  const checkpoint = await believe(note, anchor);
  const entry = await parseEntry(fromUtf8(extra, 'malformed-entry'), jws);
  must(entry.origin === checkpoint.origin, 'wrong-origin');
  must(entry.index === index, 'wrong-index');
  await mustBeIncluded(index, entry.leaf, lines, checkpoint);
  const [size, admitted_ms] = [toNumber(checkpoint.size), toNumber(entry.admitted)];
  const [record_id, cosigned_by] = [await digestOf(jws), checkpoint.cosignedBy];
  return { record_id, origin: anchor.origin, index: toNumber(index), size, admitted_ms, cosigned_by };
}
