// Completes what is typed into the search box: an ARIA combobox over a list of at most ten.

const ASK_AFTER = 120;
const ITEMS_MAX = 10;

const seen = new WeakSet();

export function enhance(root) {
  const input = root.querySelector('form#search input#q');
  if (!input || !document.getElementById('q-list')) return;
  describe(input); // each time: a swap takes away what the server did not write
  if (seen.has(input)) return;
  seen.add(input);
  complete(input);
}

function describe(input) {
  const wanted = { role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': 'q-list', autocomplete: 'off' };
  for (const [name, value] of Object.entries(wanted)) input.setAttribute(name, value);
  if (!input.hasAttribute('aria-expanded')) input.setAttribute('aria-expanded', 'false');
}

function complete(input) {
  let answer = { from: 0, items: [] };
  let active = -1;
  let timer;
  let asked = new AbortController();
  const list = () => document.getElementById('q-list');

  const KEYS = {
    ArrowDown: () => (isOpen() ? activate(active + 1) : ask()),
    ArrowUp: () => isOpen() && activate(active - 1),
    Enter: () => accept(active),
    Tab: () => accept(active),
    Escape: () => isOpen() && close(),
    ArrowLeft: leave,
    ArrowRight: leave,
    Home: leave,
    End: leave,
  };

  input.addEventListener('input', event => event.isComposing || askSoon());
  input.addEventListener('compositionend', askSoon);
  input.addEventListener('blur', close);
  input.form.addEventListener('submit', close);
  input.addEventListener('keydown', event => {
    const { key, altKey, ctrlKey, metaKey, shiftKey, isComposing } = event;
    if (altKey || ctrlKey || metaKey || shiftKey || isComposing || !Object.hasOwn(KEYS, key)) return;
    if (KEYS[key]() !== false) event.preventDefault();
  });

  function askSoon() {
    activate(-1);
    forget();
    timer = setTimeout(ask, ASK_AFTER);
  }

  async function ask() {
    forget();
    const { signal } = (asked = new AbortController());
    const found = await suggestions(input, signal).catch(() => ({ from: 0, items: [] }));
    if (!signal.aborted && document.activeElement === input) open(found);
  }

  /** Late answers, and questions not yet asked, no longer count. */
  function forget() {
    clearTimeout(timer);
    asked.abort();
  }

  function open(found) {
    answer = found;
    const items = found.items.slice(0, ITEMS_MAX).map(option);
    list()?.replaceChildren(...items);
    items.forEach((item, at) => (item.onclick = () => accept(at)));
    if (list()) list().onpointerdown = event => event.preventDefault(); // the focus stays in the box
    toggle(items.length > 0);
  }

  function close() {
    forget();
    toggle(false);
  }

  function leave() {
    close();
    return false;
  }

  function toggle(isShown) {
    if (list()) list().hidden = !isShown;
    input.setAttribute('aria-expanded', isShown);
    activate(-1);
  }

  function isOpen() {
    return input.getAttribute('aria-expanded') === 'true';
  }

  /** One step beyond either end is the box itself. */
  function activate(at) {
    const items = [...(list()?.children ?? [])];
    active = at < -1 ? items.length - 1 : at < items.length ? at : -1;
    items.forEach((item, each) => item.setAttribute('aria-selected', each === active));
    items[active]?.scrollIntoView({ block: 'nearest' });
    if (items[active]) input.setAttribute('aria-activedescendant', items[active].id);
    else input.removeAttribute('aria-activedescendant');
  }

  function accept(at) {
    const item = isOpen() && answer.items[at];
    const caret = input.selectionStart;
    if (!item || caret < answer.from) return leave();
    close();
    const wantsMore = item.text.endsWith(':');
    const text = wantsMore ? item.text : `${item.text} `;
    const until = !wantsMore && input.value[caret] === ' ' ? caret + 1 : caret;
    input.setRangeText(text, answer.from, until, 'end');
    if (wantsMore) ask();
  }
}

async function suggestions(input, signal) {
  const text = input.value.slice(0, input.selectionStart);
  const url = `${input.dataset.suggest ?? '/log/suggest'}?q=${encodeURIComponent(text)}`;
  const answer = await fetch(url, { headers: { Accept: 'application/json' }, signal });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

function option({ label, hint, count }, at) {
  const item = document.createElement('li');
  item.id = `q-list-${at}`;
  item.dir = 'auto';
  item.setAttribute('role', 'option');
  item.append(label, ...[hint, number(count)].filter(Boolean).map(small));
  return item;
}

function small(text) {
  const element = document.createElement('small');
  element.textContent = text;
  return element;
}

function number(count) {
  return count == null ? '' : new Intl.NumberFormat(document.documentElement.lang || undefined).format(count);
}
