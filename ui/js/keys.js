// Shortcuts, only for people who have them switched on; each has a visible control too.

const SECOND_KEY_WITHIN = 1500;
const MAY_REPEAT = 'jknp';
const ROW_LINKS = '#rows tr[data-testid=log-row] th > a'; // not those of alerts and of entries that are alike

const KEYS = {
  '/': () => focus(find('#q')),
  '?': () => find('#keys-help')?.showModal(),
  g: () => (goUntil = Date.now() + SECOND_KEY_WITHIN),
  j: () => step(ROW_LINKS, 'tr', 1),
  k: () => step(ROW_LINKS, 'tr', -1),
  n: () => step('[data-change]', '[data-change]', 1),
  p: () => step('[data-change]', '[data-change]', -1),
  x: openValueMenu,
  f: openFacets,
  t: () => find('[data-testid=tail-toggle]')?.click(),
  e: () => find('[data-key-export]')?.click(),
  '.': () => find('[data-newest]')?.click(),
};

const seen = new WeakSet();
const places = new Map(); // selector → where j/k or n/p were last
let goUntil = 0;

export function enhance(root) {
  const page = root.ownerDocument ?? root;
  if (seen.has(page)) return;
  seen.add(page);
  page.addEventListener('keydown', pressed);
}

function pressed(event) {
  if (document.documentElement.dataset.shortcuts !== 'on' || isForOthers(event)) return;
  if (event.key === 'Escape') return closePanel();
  if (find('dialog:modal')) return;
  const act = goingTo(event.key) ?? (Object.hasOwn(KEYS, event.key) && KEYS[event.key]);
  if (!act || (event.repeat && !MAY_REPEAT.includes(event.key))) return;
  event.preventDefault();
  act();
}

function isForOthers(event) {
  const { target, ctrlKey, altKey, metaKey, isComposing, defaultPrevented } = event;
  return ctrlKey || altKey || metaKey || isComposing || defaultPrevented
    || target.isContentEditable || target.matches?.('input, textarea, select');
}

/** The second key after `g`. */
function goingTo(key) {
  const isGoing = Date.now() < goUntil && /^[a-z]$/.test(key);
  goUntil = 0;
  const link = isGoing && find(`[data-key="${key}"]`);
  return link ? () => link.click() : undefined;
}

/** A dialog above the panel closes first, by itself. */
function closePanel() {
  (find('dialog:modal') ?? document).querySelector('[data-close-panel]')?.click();
}

/** Moves the focus by one; without focus it goes on from where it was last. */
function step(selector, unit, by) {
  const all = [...document.querySelectorAll(selector)];
  const here = document.activeElement?.closest(unit);
  let at = all.findIndex(one => one.closest(unit) === here);
  if (at < 0) at = all.indexOf(places.get(selector));
  const next = all[at < 0 ? 0 : at + by];
  if (!next) return;
  places.set(selector, next);
  focus(next);
}

function openValueMenu() {
  const menu = document.activeElement?.closest('#rows tr')?.querySelector('details.menu');
  if (!menu) return;
  menu.open = true;
  focus(menu.querySelector('a, button'));
}

function openFacets() {
  const toggle = find('#facets-toggle');
  if (toggle) toggle.open = true;
  const links = document.querySelectorAll('[data-testid^="facet-"] a, a[data-testid^="facet-"]');
  focus([...links].find(link => link.checkVisibility()) ?? toggle?.querySelector('summary'));
}

function focus(element) {
  if (!element) return;
  if (element.tabIndex < 0 && !element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: 'nearest' });
}

function find(selector) {
  return document.querySelector(selector);
}
