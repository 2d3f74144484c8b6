// The page around the verifier: takes two files, hands their bytes over, shows what comes back.
// It decides nothing and holds no words; every sentence is cloned from the page's templates.
// Text from files only ever becomes textContent.

import { Refused, verifyView } from './verifier.mjs';

const VIEW_BYTES_MAX = 64 * 1024 * 1024;
const ANCHOR_BYTES_MAX = 1024 * 1024;
const SNIFFED_BYTES = 4096;
const RECORDS_SHOWN_MAX = 50;
const ITEMS_SHOWN_MAX = 100;
const COLUMNS_MAX = 8;
const LONG_TEXT_CHARACTERS = 400;
const SHORT_TEXT_CHARACTERS = 100;
const STEPS = ['authentic', 'included', 'cosigned', 'member', 'key', 'ended', 'contested', 'reaffirmed', 'shown', 'erased', 'contradicts'];

const byId = (id) => document.getElementById(id);
const words = byId('words').dataset;
const ownAnchor = byId('anchor').dataset.anchor;
const ownLabels = JSON.parse(byId('labels').dataset.labels);
const chosen = { view: null, anchor: null };

// ---------------------------------------------------------------- building blocks

function make(tag, { text, className, lang } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (lang) element.lang = lang;
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

const isolated = (text) => make('bdi', { text });
const cloneOf = (id) => byId(id).content.cloneNode(true);

/** Put values into the slots of a clone; a slot without a value stays as it is. */
function fill(root, values) {
  for (const slot of root.querySelectorAll('[data-slot]')) {
    const value = values[slot.dataset.slot];
    if (value !== undefined) slot.textContent = String(value);
  }
  return root;
}

/** Drop what is said only on a condition that does not hold. */
function keepWhen(root, conditions) {
  for (const part of root.querySelectorAll('[data-when]')) {
    if (!conditions[part.dataset.when]) part.remove();
  }
  return root;
}

/** Put values into the braces of one of the page's messages. */
const say = (message, values) => message.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

function fillTime(element, milliseconds) {
  const date = new Date(Number(milliseconds));
  if (Number.isNaN(date.getTime())) {
    element.textContent = String(milliseconds);
    return;
  }
  element.dateTime = date.toISOString();
  element.textContent = say(words.readable, {
    day: date.getUTCDate(),
    month: words.months.split(' ')[date.getUTCMonth()],
    year: date.getUTCFullYear(),
    time: element.dateTime.slice(11, 19),
  });
}

// ---------------------------------------------------------------- content of a record

/** Labels are this log's own; a view of another log is shown under the names that were signed. */
function labelsFor(record, isOwn) {
  const type = isOwn ? ownLabels.types[record.type] : undefined;
  return {
    title: type?.title ?? record.type,
    group: (name) => type?.groups[name] ?? name,
    field: (pointer) => type?.fields[pointer] ?? ownLabels.fields[last(pointer)] ?? last(pointer),
    party: (did) => (isOwn ? ownLabels.parties[did] : undefined),
  };
}

const last = (pointer) => pointer.slice(pointer.lastIndexOf('/') + 1);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isShort = (value) => (typeof value === 'string'
  ? value.length <= SHORT_TEXT_CHARACTERS && !value.includes('\n')
  : typeof value !== 'object' || value === null);

function showValue(value, pointer, labels) {
  if (Array.isArray(value) && value.length) return showArray(value, pointer, labels);
  if (isObject(value) && Object.keys(value).length) return showObject(value, pointer, labels);
  return showScalar(value, pointer, labels);
}

function showObject(value, pointer, labels) {
  const list = make('dl', { className: 'fields' });
  for (const name of Object.keys(value)) {
    const place = `${pointer}/${name}`;
    const label = make('dt', {}, isolated(labels.field(place)));
    const shown = make('dd', {}, showValue(value[name], place, labels));
    list.append(make('div', { className: 'field' }, label, shown));
  }
  return list;
}

function showArray(values, pointer, labels) {
  const items = values.slice(0, ITEMS_SHOWN_MAX);
  const place = `${pointer}/*`;
  const columns = columnsOf(values);
  const className = values.every(isShort) ? 'values' : 'listing';
  const shown = columns
    ? showTable(items, columns, { place, labels })
    : make('ul', { className }, ...items.map((item) => make('li', {}, showValue(item, place, labels))));
  if (items.length === values.length) return shown;
  const text = say(words.leftOut, { count: values.length - items.length });
  return make('div', {}, shown, make('p', { className: 'left-out', text }));
}

function columnsOf(values) {
  if (!values.every((value) => isObject(value) && Object.values(value).every(isShort))) return null;
  const columns = [...new Set(values.flatMap((value) => Object.keys(value)))];
  return columns.length <= COLUMNS_MAX ? columns : null;
}

function showTable(items, columns, { place, labels }) {
  const head = columns.map((name) => {
    const cell = make('th', {}, isolated(labels.field(`${place}/${name}`)));
    cell.scope = 'col';
    return cell;
  });
  const rows = items.map((item) => make('tr', {}, ...columns.map((name) => (
    make('td', {}, ...(name in item ? [showScalar(item[name], `${place}/${name}`, labels)] : []))
  ))));
  const table = make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...rows));
  const scroll = make('div', { className: 'scroll' }, table);
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', words.table);
  return scroll;
}

function showScalar(value, pointer, labels) {
  if (value === null) return make('span', { className: 'value-absent', text: words.null });
  if (typeof value === 'boolean') return make('span', { text: value ? words.yes : words.no });
  if (typeof value === 'object') return make('span', { className: 'value-absent', text: words.empty });
  const text = String(value);
  const gloss = labels.party(text) ?? ownLabels.values[`${pointer}.${text}`];
  if (gloss) return make('span', { className: 'value-gloss' }, isolated(gloss), ' ', make('code', { className: 'long', text }));
  if (text.length > LONG_TEXT_CHARACTERS || text.includes('\n')) return showLong(text);
  return isolated(text);
}

function showLong(text) {
  const pre = make('pre', {}, isolated(text));
  pre.tabIndex = 0;
  return make('details', { className: 'document' }, make('summary', { text: words.long }), pre);
}

// ---------------------------------------------------------------- results

function variantOf(step, record) {
  if (step === 'erased') return record.erased.length ? 'some' : 'none';
  if (step === 'cosigned') return record.cosigned_by.length ? 'some' : 'none';
  if (step === 'member') {
    if (record.member_since === record.index && record.index) return 'own';
    if (record.approved_by.length) return 'approved';
    return record.member_since ? 'founder' : 'first';
  }
  if (step === 'key') {
    if (!record.key_registered_at) return 'admin';
    return record.key_registered_at === record.index ? 'own' : 'signing';
  }
  if (step !== 'shown') return undefined;
  if (record.defined === null) return 'unknown';
  return record.defined ? 'groups' : 'none';
}

/** Has the view anything to say of this step? */
function isSaid(step, record) {
  if (step === 'contradicts') return record.contradictions.length > 0;
  const later = { ended: record.key_ended_at, contested: record.contested, reaffirmed: record.reaffirmed_at };
  return !(step in later) || later[step] !== null;
}

function showSteps(record) {
  const forms = cloneOf('steps-form');
  const findings = {
    kid: record.authentic,
    index: record.included.index,
    size: record.included.size,
    witnesses: record.cosigned_by.join(words.comma),
    erased: record.erased.map(({ group, at }) => `${group} (${at})`).join(words.comma),
    registered_at: record.key_registered_at,
    member_since: record.member_since,
    approvers: record.approved_by.map((did) => did.slice(did.lastIndexOf(':') + 1)).join(words.comma),
    ended_at: record.key_ended_at,
    contested_from: record.contested?.from,
    contested_at: record.contested?.at,
    reaffirmed_at: record.reaffirmed_at,
    shown: record.shown.length,
    defined: record.defined,
    contradictions: record.contradictions.map(({ stated, basis, expected, found }) => (
      `${stated} = ${found}, ${basis.join(words.comma)}: ${expected}`)).join(words.comma),
  };
  return [...STEPS, ...record.log_word].filter((step) => isSaid(step, record)).map((step) => {
    const variant = variantOf(step, record);
    const wanted = variant ? `[data-step="${step}"][data-variant="${variant}"]` : `[data-step="${step}"]`;
    return fill(forms.querySelector(wanted), findings);
  });
}

function showContent(record, labels) {
  const sections = [];
  const add = (title, value, pointer) => sections.push(make('section', { className: 'group' },
    make('h5', {}, isolated(title)), showValue(value, pointer, labels)));
  if (record.body !== null) add(words.body, record.body, '');
  for (const name of Object.keys(record.groups)) add(labels.group(name), record.groups[name], `/${name}`);
  return sections.length ? sections : [make('p', { className: 'muted', text: words.nothing })];
}

function showRecord(record, isOwn) {
  const labels = labelsFor(record, isOwn);
  const form = fill(cloneOf('record-form'), {
    title: labels.title,
    index: record.index,
    'issuer-name': labels.party(record.issuer) ?? '',
    issuer: record.issuer,
    record_id: record.record_id,
  });
  fillTime(form.querySelector('[data-slot="admitted"]'), record.admitted_ms);
  fillTime(form.querySelector('[data-slot="signed"]'), Number(record.signed_s) * 1000);
  form.querySelector('[data-place="content"]').append(...showContent(record, labels));
  form.querySelector('[data-place="steps"]').append(...showSteps(record));
  return form;
}

function showResult(result, anchor) {
  const held = JSON.parse(anchor);
  const own = JSON.parse(ownAnchor);
  const isOwn = held.origin === own.origin && held.charter === own.charter;
  const shown = result.records.slice(0, RECORDS_SHOWN_MAX);
  const more = result.records.length - shown.length;
  const form = fill(cloneOf('passed-form'), {
    origin: result.origin,
    size: result.size,
    records: result.records.length,
    witnesses: result.cosigned_by.join(words.comma) || words.nobody,
    more,
  });
  keepWhen(form, { more: more > 0, 'own-anchor': chosen.anchor === ownAnchor });
  const place = form.querySelector('[data-place="records"]');
  place.append(...shown.map((record) => showRecord(record, isOwn)));
  return form;
}

function showRefusal(code) {
  const form = fill(cloneOf('refused-form'), { code });
  const codes = cloneOf('codes');
  const explanation = [...codes.querySelectorAll('[data-code]')]
    .find((found) => found.dataset.code === code) ?? codes.querySelector('[data-code="unknown"]');
  form.querySelector('[data-place="explanation"]').append(...explanation.children);
  return form;
}

// ---------------------------------------------------------------- one verification

async function bytesOf(file) {
  return typeof file === 'string' ? new TextEncoder().encode(file) : new Uint8Array(await file.arrayBuffer());
}

async function verify() {
  // Files that the verifier would refuse for their size are refused before they fill the memory.
  if (chosen.anchor.size > ANCHOR_BYTES_MAX) throw new Refused('malformed-anchor');
  const anchor = await bytesOf(chosen.anchor);
  if (chosen.view.size > VIEW_BYTES_MAX) throw new Refused('too-large');
  const view = await bytesOf(chosen.view);
  return showResult(await verifyView(view, anchor), new TextDecoder().decode(anchor));
}

async function run() {
  const section = byId('result');
  section.hidden = false;
  byId('outcome').replaceChildren(make('p', { className: 'busy', text: words.busy }));
  let outcome;
  try {
    outcome = await verify();
  } catch (fault) {
    outcome = fault instanceof Refused
      ? showRefusal(fault.code)
      : fill(cloneOf('failed-form'), { detail: String(fault) });
  }
  byId('outcome').replaceChildren(outcome);
  byId('result-title').focus();
}

// ---------------------------------------------------------------- choosing files

function choose(name, file, shownAs) {
  chosen[name] = file;
  const drop = document.querySelector(`[data-drop="${name}"]`);
  drop.querySelector('[data-slot="name"]').textContent = file ? shownAs ?? file.name : words.none;
  drop.classList.toggle('drop-filled', Boolean(file));
  byId('check').querySelector('[type="submit"]').disabled = !(chosen.view && chosen.anchor);
  byId('result').hidden = true;
}

/** Of two files dropped together, the one that says it is an anchor is the anchor. */
async function chooseDropped(name, files) {
  if (files.length === 1) {
    choose(name, files[0]);
    return;
  }
  for (const file of files) {
    const start = await file.slice(0, SNIFFED_BYTES).text();
    choose(start.includes('"lotmark.anchor/') ? 'anchor' : 'view', file);
  }
}

function listen() {
  for (const name of Object.keys(chosen)) {
    const drop = document.querySelector(`[data-drop="${name}"]`);
    const input = drop.querySelector('input');
    input.addEventListener('change', () => choose(name, input.files[0] ?? null));
    for (const over of ['dragenter', 'dragover']) drop.addEventListener(over, () => drop.classList.add('drop-over'));
    for (const out of ['dragleave', 'drop']) drop.addEventListener(out, () => drop.classList.remove('drop-over'));
    drop.addEventListener('drop', (event) => chooseDropped(name, [...event.dataTransfer.files]));
  }
  // A file dropped beside a field must not replace the page.
  for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());
  byId('own-anchor').addEventListener('click', () => choose('anchor', ownAnchor, words.own));
  byId('check').addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
  byId('check').addEventListener('reset', () => Object.keys(chosen).forEach((name) => choose(name, null)));
}

byId('unscripted').hidden = true;
if (globalThis.crypto?.subtle) {
  listen();
  byId('check').hidden = false;
} else {
  byId('insecure').hidden = false;
}
