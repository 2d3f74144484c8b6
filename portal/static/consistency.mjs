// Rules between the groups of a record (docs/spec/record-types.md, section 7): what exact values disprove.
// Arithmetic is exact, with fractions [n, d] of BigInts, d > 0. Rules that are no rules are not asked.

const VALUES_MAX = 5000;
const DIGITS_MAX = 34;

const isText = (value) => typeof value === 'string';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isLess = ([an, ad], [bn, bd]) => an * bd < bn * ad;

/** A decimal text or an integer as a fraction; null for anything else. */
function numberOf(value) {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? [BigInt(value), 1n] : null;
  const found = isText(value) ? /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(value) : null;
  if (found === null) return null;
  const [, sign, whole, part = ''] = found;
  const n = BigInt(whole + part);
  if (whole.length + part.length > DIGITS_MAX || (sign && n === 0n)) return null;
  return [sign ? -n : n, 10n ** BigInt(part.length)];
}

/** Every value but null at a pointer in which `*` stands for each position of an array. */
function gather(value, [step, ...rest]) {
  let children = [];
  if (step === '*') children = Array.isArray(value) ? value : [];
  else if (isObject(value) && Object.hasOwn(value, step)) children = [value[step]];
  if (rest.length > 0) return children.flatMap((child) => gather(child, rest));
  return children.filter((child) => child !== null);
}

const valuesAt = (groups, pointer) => gather(groups, pointer.split('/').slice(1));

/** The pointers that an expression reads. */
function pointersOf(of) {
  if (isText(of)) return [of];
  const { ratio, least, greatest, sum } = of;
  return ratio ? ratio.flatMap(pointersOf) : [least ?? greatest ?? sum];
}

/** The number that an expression comes to; null where there is nothing to make it of. */
function evaluate(of, groups) {
  if (!isText(of) && of.ratio) {
    const [above, below] = of.ratio.map((term) => evaluate(term, groups));
    if (above === null || below === null || below[0] === 0n) return null;
    const [times, sign] = [numberOf(of.times), below[0] < 0n ? -1n : 1n];
    return [sign * above[0] * below[1] * times[0], sign * above[1] * below[0] * times[1]];
  }
  const [pointer] = pointersOf(of);
  const numbers = valuesAt(groups, pointer).map(numberOf).filter((number) => number !== null);
  if (numbers.length === 0) return null;
  if (isText(of)) return numbers[0];
  if (of.sum) return numbers.reduce(([an, ad], [bn, bd]) => [an * bd + bn * ad, ad * bd]);
  return numbers.reduce((a, b) => (isLess(b, a) === Boolean(of.least) ? b : a));
}

function expectedBy(rule, groups) {
  if (rule.among) {
    const [text] = valuesAt(groups, rule.text);
    return isText(text) ? rule.among.includes(text) : null;
  }
  const value = evaluate(rule.of, groups);
  if (value === null) return null;
  if (rule.flag) return !isLess(value, numberOf(rule.at_least));
  return rule.edges.find(({ below }) => below === undefined || isLess(value, numberOf(below))).name;
}

function* contradictionsOf(rules, groups) {
  for (const rule of rules) {
    const stated = rule.band ?? rule.flag;
    const basis = rule.text === undefined ? pointersOf(rule.of) : [rule.text];
    const [found] = valuesAt(groups, stated);
    const isThere = (pointer) => Object.hasOwn(groups, pointer.split('/')[1]);
    const isBounded = (pointer) => valuesAt(groups, pointer).length <= VALUES_MAX;
    if (found === undefined || !basis.every(isThere) || !basis.every(isBounded)) continue;
    const expected = expectedBy(rule, groups);
    if (found !== expected) yield { stated, basis, expected, found };
  }
}

/** What the groups disprove by the rules of a definition, which D8 has checked; none without it. */
export function contradictionsIn(definition, groups, parse) {
  if (!isText(definition)) return [];
  return findContradictions(parse(definition, { code: 'type-mismatch' }).consistency ?? [], groups);
}

/** What the groups at hand disprove: places, what follows and what is said. */
export function findContradictions(rules, groups) {
  try {
    return [...contradictionsOf(rules, groups)];
  } catch {
    return []; // no rules of section 7: admission refuses such a definition
  }
}
