// The key path of a record, written from view.md 2.1 alone: which keys of which party the entries of a view put
// in force, which ended, and who let whom in. A part of the verifier beside it. The entries have passed checks
// C1 to C11; that a signature verifies is for the caller to check.

const SLUG = /^[a-z0-9-]{2,40}$/;
const isText = (value) => typeof value === 'string';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value, min = 0, max = Infinity) => (
  Array.isArray(value) && value.length >= min && value.length <= max && value.every(isText));

/** What the entries walked so far put in force. Parties are DIDs, indexes BigInts. */
export class KeyPath {
  commitments = new Map(); // by party
  standing = new Map(); // by party: the index of the entry that gave it
  accepted = new Map(); // by party: the proposal of its admission or last recovery
  registered = new Map(); // by kid: the index at which it was put in force; it stays when the kid ends
  adminKids = new Set();
  ended = new Set(); // kids
  proposals = new Map(); // by record id

  /** From the charter on. Its founders, in order: {slug, admin_keys, next_key}. tools: of the verifier. */
  constructor(charter, founders, tools) {
    const { slug, claims: { iss } } = charter; // its DID shows what all of this origin begin with
    const didOf = (other) => iss.slice(0, -slug.length) + other;
    const parties = founders.map((founder) => [didOf(founder.slug), founder]);
    const [[first]] = parties;
    Object.assign(this, { charter, first, didOf, tools, founders: new Set(parties.map(([party]) => party)) });
    for (const [party, { admin_keys, next_key }] of parties) {
      this.#putInForce(party, admin_keys, 0n);
      if (isText(next_key)) this.commitments.set(party, next_key);
    }
    this.standing.set(first, 0n);
  }

  /** Check D2 but for the signature. */
  isFounded() {
    return this.charter.claims.iss === this.first && this.#isByAdminKey(this.charter);
  }

  #isAdminKey = (kid) => this.adminKids.has(kid) && !this.ended.has(kid);
  /** "By an admin key": one in force for `iss`, the party of the kid by C11; and `iss` has standing. */
  #isByAdminKey = ({ claims, kid }) => this.standing.has(claims.iss) && this.#isAdminKey(kid);
  /** A kid is put in force once, and not after its end. */
  #mayBegin = (kid) => !this.registered.has(kid) && !this.ended.has(kid);
  #isOfCharter = ({ vct, body }) => vct === 'endorsement/v1' && body.of === this.charter.recordId;

  /** The pending proposal that the entry accepts for its party, else undefined. */
  #accepts({ vct, body, claims }) {
    const proposal = vct === 'endorsement/v1' && body.meaning === 'accept' ? this.proposals.get(body.of) : undefined;
    return proposal?.isPending && proposal.party === claims.iss ? proposal : undefined;
  }
  async #isCommitted(party, multikey) {
    return this.commitments.get(party) === await this.tools.digestOf(multikey);
  }
  #putInForce(party, multikeys, index) {
    for (const kid of multikeys.map((multikey) => `${party}#${multikey}`)) {
      this.registered.set(kid, index);
      this.adminKids.add(kid);
    }
  }
  #giveStanding(party, index) {
    if (!this.standing.has(party)) this.standing.set(party, index);
  }

  // ---------------------------------------------------------------- steps
  /** Takes the entry as the step that it is; false, with nothing changed, where it is none. */
  async take(entry) {
    const { vct, body } = entry;
    if (vct === 'proposal/v1') return this.#propose(entry);
    if (vct === 'admin-key/v1') return this.#addAdminKey(entry);
    if (vct === 'key/v1') return this.#addKey(entry);
    if (vct === 'key-revocation/v1') return this.#revoke(entry);
    if (vct !== 'endorsement/v1') return false;
    if (this.#isOfCharter(entry)) return this.#join(entry);
    return body.meaning === 'accept' ? this.#accept(entry) : this.#approve(entry);
  }

  #join({ body, claims: { iss }, kid, index }) { // step a
    if (body.meaning !== 'approve' || !this.founders.has(iss) || !this.#isAdminKey(kid)) return false;
    this.#giveStanding(iss, index);
    return true;
  }

  #propose(entry) { // step b
    const { body: { act, content }, claims: { iss }, recordId } = entry;
    if (!this.#isByAdminKey(entry) || this.proposals.has(recordId) || !isObject(content)) return false;
    const { slug, admin_keys, next_key } = content;
    if (!isTexts(admin_keys, 1, 4) || !isText(next_key)) return false;
    const isSlug = isText(slug) && SLUG.test(slug);
    const party = act === 'admit' && isSlug ? this.didOf(slug) : content.party;
    const proposal = { act, isSlug, party, admin_keys, next_key, isPending: true, approvals: new Set() };
    if (!this.#isOpen(proposal)) return false;
    if (party !== iss) proposal.approvals.add(iss);
    this.proposals.set(recordId, proposal);
    return true;
  }

  /** May its party still be admitted, or recovered? One in standing is of this origin. */
  #isOpen({ act, isSlug, party }) {
    if (act === 'recover') return this.standing.has(party);
    return act === 'admit' && isSlug && !this.standing.has(party) && !this.founders.has(party);
  }

  #approve(entry) { // step c
    const { body: { of, meaning }, claims: { iss } } = entry;
    const proposal = this.proposals.get(of);
    const isVote = meaning === 'approve' && proposal !== undefined && proposal.party !== iss;
    if (!isVote || !this.#isByAdminKey(entry)) return false;
    proposal.approvals.add(iss);
    return true;
  }

  #accept(entry) { // step d
    const proposal = this.#accepts(entry);
    if (proposal === undefined || !this.#isOpen(proposal)) return false;
    const { party, admin_keys, next_key } = proposal;
    const areNew = admin_keys.every((key) => this.tools.isKey(key) && this.#mayBegin(`${party}#${key}`));
    if (!areNew || !admin_keys.includes(entry.multikey)) return false;
    for (const kid of this.adminKids) if (kid.startsWith(`${party}#`)) this.ended.add(kid);
    this.#putInForce(party, admin_keys, entry.index);
    this.commitments.set(party, next_key);
    this.#giveStanding(party, entry.index);
    this.accepted.set(party, Object.assign(proposal, { isPending: false }));
    return true;
  }

  async #addAdminKey(entry) { // step e
    const { body: { party, multikey, next_key, retires }, claims: { iss }, index } = entry;
    const isFormed = party === iss && this.tools.isKey(multikey) && isText(next_key) && isTexts(retires);
    if (!isFormed || !this.standing.has(iss) || !this.#mayBegin(`${iss}#${multikey}`)) return false;
    const isRotation = entry.multikey === multikey && await this.#isCommitted(iss, multikey);
    const isAddition = this.#isByAdminKey(entry) && next_key === this.commitments.get(iss);
    if (!isRotation && !isAddition) return false;
    this.#putInForce(iss, [multikey], index);
    for (const kid of retires.map((key) => `${iss}#${key}`)) if (this.adminKids.has(kid)) this.ended.add(kid);
    this.commitments.set(iss, next_key);
    return true;
  }

  #addKey(entry) { // step f
    const { body: { party, multikey }, claims: { iss }, index } = entry;
    const isNew = this.tools.isKey(multikey) && this.#mayBegin(`${iss}#${multikey}`);
    if (party !== iss || !isNew || !this.#isByAdminKey(entry)) return false;
    this.registered.set(`${iss}#${multikey}`, index);
    return true;
  }

  #revoke(entry) { // step g
    const { body: { kid, keeps, contested_from: from }, claims: { iss } } = entry;
    const isFormed = isText(kid) && kid.startsWith(`${iss}#`) && Array.isArray(keeps);
    if (!isFormed || !(from === null || typeof from === 'number') || !this.#isByAdminKey(entry)) return false;
    if (keeps.length === 0) this.ended.add(kid);
    return true;
  }

  // ---------------------------------------------------------------- the record
  /** Check D5. */
  mayStand(record) {
    const joins = this.#isOfCharter(record) && this.founders.has(record.claims.iss);
    return joins || this.standing.has(record.claims.iss) || this.#accepts(record) !== undefined;
  }

  /** Check D6. `isAct`: the type is one of those that admin keys sign. */
  async mayUse(record, isAct) {
    const { vct, body, claims: { iss }, kid, multikey } = record;
    const proposal = this.#accepts(record);
    if (proposal !== undefined) return proposal.admin_keys.includes(multikey) && this.#mayBegin(kid);
    const isForced = this.registered.has(kid) && !this.ended.has(kid) && this.adminKids.has(kid) === isAct;
    const isOwn = vct === 'admin-key/v1' && body.multikey === multikey && this.#mayBegin(kid);
    return isForced || (isOwn && await this.#isCommitted(iss, multikey));
  }

  /** What the result says of the record's key and of its party. */
  factsOf(record) {
    const { kid, index, claims: { iss } } = record;
    const proposal = this.#accepts(record) ?? this.accepted.get(iss);
    return {
      key_registered_at: this.tools.toNumber(this.registered.get(kid) ?? index),
      member_since: this.tools.toNumber(this.standing.get(iss) ?? index),
      approved_by: [...proposal?.approvals ?? []].sort(),
    };
  }

  /** Check D11 for one entry but for its signature, after take(record); `found` gets what it tells. */
  async takeAfter(record, entry, found) {
    const { vct, body, claims } = entry;
    const at = this.tools.toNumber(entry.index);
    const isOwn = claims.iss === record.claims.iss;
    const isOfRecord = vct === 'endorsement/v1' && body.of === record.recordId && body.meaning === 'accept';
    if (isOwn && isOfRecord && this.#isByAdminKey(entry)) found.reaffirmed_at ??= at;
    else if (!await this.take(entry)) return false;
    const names = vct === 'key-revocation/v1' && body.kid === record.kid;
    const retires = vct === 'admin-key/v1' && isOwn && this.adminKids.has(record.kid)
      && body.retires.includes(record.multikey);
    if (retires || (names && body.keeps.length === 0)) found.key_ended_at ??= at;
    const from = names ? body.contested_from : null;
    if (from !== null && BigInt(from) <= record.index) found.contested ??= { from, at };
    return true;
  }
}
