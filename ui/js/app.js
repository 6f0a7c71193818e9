// Starts all scripts, again after each swap, and does what every page needs:
// loading bar, banners, menus, row clicks, focus and the warning about unsaved text.

import * as brush from './brush.js';
import * as combo from './combo.js';
import * as copy from './copy.js';
import * as dialog from './dialog.js';
import * as drop from './drop.js';
import * as keys from './keys.js';
import * as progress from './progress.js';
import * as tail from './tail.js';
import * as time from './time.js';

const LOADING_AFTER = 200;
const PROBE_EVERY = 5000;
const MODULES = [keys, time, tail, brush, combo, copy, dialog, drop, progress];

let due = false;

export function enhance(root) {
  for (const module of MODULES) module.enhance(root);
  closeFilters(root);
}

const filtersSeen = new WeakSet();

/** Where there is no room beside the rows, filters open on request instead of standing before them. */
function closeFilters(root) {
  const filters = root.querySelector('#facets-toggle');
  if (!filters || filtersSeen.has(filters)) return;
  filtersSeen.add(filters);
  filters.open = matchMedia('(min-width: 1200px)').matches;
}

/** One swap reports many pieces; they are taken up together. */
function enhanceSoon() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    enhance(document.body);
  });
}

function show(id, shown) {
  const element = document.getElementById(id);
  if (element) element.hidden = !shown;
}

// Loading

const targets = new Map(); // of the requests under way
let loading;

function began({ detail: { ctx } }) {
  if (ctx.target?.matches?.('[data-poll], [data-quiet]')) return; // nobody waits for a poll
  targets.set(ctx, ctx.target);
  ctx.target?.setAttribute?.('aria-busy', 'true');
  loading ??= setTimeout(show, LOADING_AFTER, 'loading', true);
}

function finished({ detail: { ctx } }) {
  const target = targets.get(ctx);
  targets.delete(ctx);
  if (![...targets.values()].includes(target)) target?.setAttribute?.('aria-busy', 'false');
  if (targets.size) return;
  clearTimeout(loading);
  loading = undefined;
  show('loading', false);
}

// Banners

let probing;

function failed({ detail: { ctx } }) {
  if (ctx && ctx.text === undefined) lost();
}

function lost() {
  show('offline', true);
  const url = document.getElementById('offline')?.dataset.probe;
  if (url) probing ??= setInterval(probe, PROBE_EVERY, url);
}

function probe(url) {
  fetch(url, { cache: 'no-store' }).then(answer => answer.ok && found(), () => {});
}

function found() {
  clearInterval(probing);
  probing = undefined;
  show('offline', false);
}

/** What is on the page stays when the session has ended, unsaved text included. */
function keepSignedOut(event) {
  const status = event.detail.ctx?.response?.status;
  if (!status) return;
  show('signed-out', status === 401);
  if (status === 401) event.preventDefault();
}

// Menus

function closeMenus({ target }) {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(target)) menu.open = false;
  }
}

function escapeMenu(event) {
  const menu = [...document.querySelectorAll('details.menu[open]')].pop();
  if (event.key !== 'Escape' || event.defaultPrevented || !menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector('summary')?.focus();
}

// Rows and panel

let opener = ''; // id of the row whose entry is in the panel

function clickRow(event) {
  const row = event.target.closest('#rows tr[data-testid=log-row]');
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest('a, button, summary, details, input, select, label')) return;
  if (String(getSelection())) return;
  row.querySelector('th a')?.click();
}

function rememberOpener({ detail: { ctx } }) {
  if (ctx.target?.id === 'panel') opener = ctx.sourceElement.closest('#rows tr')?.id ?? opener;
}

/** The row of the entry that is in the panel now. */
function selectRow() {
  const index = document.querySelector('#panel [data-index]')?.dataset.index;
  for (const row of document.querySelectorAll('#rows tr')) {
    row.classList.toggle('selected', index !== undefined && row.dataset.index === index);
  }
}

/** Whoever searched goes on in what was found; whoever mistyped, where they typed. */
function focusResult() {
  const box = document.getElementById('q');
  const { activeElement } = document;
  if (activeElement !== box && activeElement !== document.body) return;
  if (!box.hasAttribute('aria-invalid')) document.getElementById('result-h').focus({ preventScroll: true });
}

function settled({ target }) {
  if (target.id === 'panel') selectRow();
  if (target.id === 'panel') focusPanel(target);
  if (target.id === 'result') focusResult();
}

function focusPanel(target) {
  if (target.contains(document.activeElement)) return;
  const heading = document.getElementById('panel-h');
  if (heading) heading.focus();
  else if (document.activeElement === document.body) {
    document.getElementById(opener)?.querySelector('th a')?.focus();
  }
}

// Forms

const touched = new WeakSet(); // fields
const leaving = new WeakSet(); // forms on their way to the server

function submitOnChange({ target }) {
  if (target.closest('[data-submit-on-change]')) target.form?.requestSubmit();
}

function touch({ target }) {
  const form = target.form;
  if (!form?.matches('[data-guard]')) return;
  touched.add(target);
  leaving.delete(form);
  addEventListener('beforeunload', warn); // only now: it can keep a page out of the back/forward cache
}

function warn(event) {
  const forms = [...document.querySelectorAll('form[data-guard]')];
  if (forms.some(isUnsaved)) event.preventDefault();
}

function isUnsaved(form) {
  const isChanged = field => touched.has(field) && field.value !== field.defaultValue;
  return !leaving.has(form) && (form.dataset.guard === 'dirty' || [...form.elements].some(isChanged));
}

function submitted(event) {
  if (!event.defaultPrevented) leaving.add(event.target);
}

const LISTENERS = {
  'htmx:after:swap': [enhanceSoon],
  'htmx:after:process': [enhanceSoon],
  'htmx:after:settle': [settled],
  'htmx:before:request': [began, rememberOpener],
  'htmx:finally:request': [finished],
  'htmx:before:response': [found],
  'htmx:before:swap': [keepSignedOut],
  'htmx:error': [failed],
  click: [closeMenus, clickRow],
  focusin: [closeMenus],
  keydown: [escapeMenu],
  change: [submitOnChange],
  input: [touch],
  submit: [submitted],
};

for (const [name, listeners] of Object.entries(LISTENERS)) {
  for (const listener of listeners) document.addEventListener(name, listener);
}
addEventListener('offline', lost);
addEventListener('online', found);
enhance(document);
