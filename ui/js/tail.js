// Live tail: new entries come in at the top of the log while its button is pressed.
// Of all tabs at one address, the holder of a lock reads the stream and tells the others.

const ROWS_MAX = 1000;
const RUN_FOR = 60 * 60_000;
const SPEAK_EVERY = 10_000;
const LOST_AFTER = 5000;
const RETRY_AFTER = 30_000;
const GATHER_FOR = 100;
const SCROLL_FREE = 100; // pixels
const QUIET_SECONDS = 3;

const seen = new WeakSet();
let tail = null; // the one that runs
let hasEnded = false; // by itself, so it can be continued
let spokenAt = 0;

export function enhance(root) {
  listen(root.ownerDocument ?? root);
  if (tail && (!isAllowed() || toggle().dataset.url !== tail.url)) restart();
  draw();
}

function listen(page) {
  if (seen.has(page)) return;
  seen.add(page);
  page.addEventListener('click', clicked);
  page.addEventListener('visibilitychange', () => tail && (page.hidden ? disconnect() : connect()));
}

function clicked({ target }) {
  if (target.closest('#tail-new')) press();
  else if (target.closest('#tail-continue')) start();
  else if (target.closest('[data-testid=tail-toggle]')) tail ? stop() : start();
}

// Running

function start() {
  if (tail || !isAllowed()) return;
  const { url } = toggle().dataset;
  tail = {
    url, last: newest(), until: Date.now() + RUN_FOR, clock: setInterval(tick, 1000), disconnect: null,
    waiting: [], held: 0, isHolding: false, quiet: 0, gathering: 0,
    perSecond: [0], unsaid: 0, saying: null, skipped: 0, lostAt: 0, isPaused: false,
  };
  hasEnded = false;
  if (!document.hidden) connect();
  draw();
}

function stop(text = '') {
  clearInterval(tail.clock);
  clearTimeout(tail.gathering);
  disconnect();
  if (tail.waiting.length && !isHeld()) insert(); // else they come again when it goes on
  tail = null;
  put('tail-status', text);
  draw();
}

function end(values) {
  hasEnded = true;
  stop(words('Stopped', values));
}

/** The button leads elsewhere now, so what waits is of another question. */
function restart() {
  tail.waiting = [];
  stop();
  start();
}

function tick() {
  if (Date.now() > tail.until) return end();
  tail.perSecond = [0, ...tail.perSecond.slice(0, 59)];
  tail.quiet = isHeld() ? 0 : tail.quiet + 1;
  if (tail.isHolding && tail.quiet > QUIET_SECONDS) insert();
  if (tail.lostAt && !tail.isPaused && Date.now() - tail.lostAt > LOST_AFTER) pause();
  speak();
  draw();
}

// Connection

function connect() {
  find();
  tail.disconnect ??= share(tail);
}

function disconnect() {
  tail.disconnect?.();
  tail.disconnect = null;
}

/** Joins the tabs at this address; what comes back leaves them. A tab that missed something asks for it. */
function share(tail) {
  const name = `hindcast-tail ${tail.url}`;
  const channel = navigator.locks ? new BroadcastChannel(name) : null; // missing on plain HTTP: each reads for itself
  const left = new AbortController();
  let stream, release;

  const tell = message => {
    channel?.postMessage(message);
    hear(message);
  };
  const lead = from => {
    stream?.close();
    stream = read(tail, from, tell);
    channel?.postMessage({ from });
  };
  const hold = () => {
    if (left.signal.aborted) return undefined;
    lead(tail.last);
    return new Promise(done => (release = done));
  };

  if (channel) {
    channel.onmessage = ({ data }) => {
      if ('from' in data) data.from > tail.last && channel.postMessage({ ask: tail.last });
      else if (!('ask' in data)) hear(data);
      else if (stream && data.ask >= 0 && data.ask < tail.last) lead(data.ask);
    };
    navigator.locks.request(name, { signal: left.signal }, hold).catch(() => {}); // it left while it waited
    channel.postMessage({ ask: tail.last });
  } else lead(tail.last);

  return () => {
    left.abort();
    stream?.close();
    channel?.close();
    release?.();
  };
}

/** The browser reconnects by itself and says where it was, unless the server refused it. */
function read(tail, from, tell) {
  const url = from < 0 ? tail.url : `${tail.url}${tail.url.includes('?') ? '&' : '?'}after=${from}`;
  const source = new EventSource(url);
  let retry, again;
  source.addEventListener('entry', event => tell({ entry: event.data, index: Number(event.lastEventId) }));
  source.addEventListener('gap', event => tell({ gap: Number(event.data), index: Number(event.lastEventId) || from }));
  source.addEventListener('stop', event => tell({ stop: event.data }));
  source.onopen = () => tell({ isLost: false });
  source.onerror = () => {
    tell({ isLost: true, isRefused: source.readyState === EventSource.CLOSED });
    if (source.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(() => (again = read(tail, tail.last, tell)), RETRY_AFTER);
  };
  return {
    close() {
      clearTimeout(retry);
      again?.close();
      source.close();
    },
  };
}

function hear(message) {
  if (!tail) return;
  if ('entry' in message) arrive(message);
  else if ('gap' in message) skip(message);
  else if ('stop' in message) end({ reason: message.stop });
  else if (message.isLost) lose(message);
  else find();
}

function arrive({ entry, index }) {
  if (index <= tail.last) return;
  tail.last = index;
  tail.waiting.push(entry);
  if (tail.waiting.length > ROWS_MAX) tail.waiting.shift();
  tail.held += 1;
  tail.unsaid += 1;
  tail.perSecond[0] += 1;
  tail.gathering ||= setTimeout(settle, GATHER_FOR);
}

function skip({ gap, index }) {
  if (index < tail.last) return; // another tab is catching up
  tail.skipped += gap;
  tail.saying = words('Gap', { n: tail.skipped });
}

function lose({ isRefused }) {
  tail.lostAt ||= Date.now();
  if (isRefused && !tail.isPaused) pause();
}

function pause() {
  tail.isPaused = true;
  tail.saying = words('Paused');
}

function find() {
  if (tail.isPaused) tail.saying = '';
  tail.lostAt = 0;
  tail.isPaused = false;
}

// Rows

function settle() {
  tail.gathering = 0;
  tail.isHolding ||= isHeld();
  if (!tail.isHolding) insert();
  draw();
}

/** Rows must not move under a pointer, a focus or the eyes of a reader. */
function isHeld() {
  const table = rows()?.closest('table');
  const isInUse = element => element?.matches(':hover, :focus-within');
  return !table || scrollY > SCROLL_FREE || isInUse(table) || isInUse(byId('tail-new'));
}

function press() {
  if (!tail) return;
  if (!rows()) return location.reload(); // nothing matched until now
  if (document.activeElement === byId('tail-new')) toggle().focus({ preventScroll: true });
  insert();
  draw();
  scrollTo(0, 0);
}

function insert() {
  const text = tail.waiting.splice(0).join('');
  const fresh = rowsOf(text).filter(row => !byId(row.id)).reverse();
  rows().prepend(...fresh);
  trim();
  for (const row of fresh) window.htmx?.process(row);
  tail.held = 0;
  tail.isHolding = false;
}

function rowsOf(text) {
  const page = new DOMParser().parseFromString(`<table><tbody>${text}</tbody></table>`, 'text/html');
  return [...page.querySelector('tbody').rows];
}

/** Where rows went, the link to older entries would leave a hole; it comes back with the next page. */
function trim() {
  const over = [...rows().querySelectorAll(':scope > tr[data-testid=log-row]')].slice(ROWS_MAX);
  const older = rows().querySelector(':scope > tr.older');
  if (older && over.length) older.hidden = true;
  for (const row of over) row.remove();
}

/** The newest entry this page knows of; -1 when it knows none. */
function newest() {
  const shown = rows()?.querySelectorAll('tr[data-index]') ?? [];
  return Math.max(Number(toggle().dataset.after ?? -1), ...[...shown].map(row => Number(row.dataset.index)));
}

// What is seen and heard

/** Also after a swap, which brings the markup of a tail that is off. */
function draw() {
  const button = toggle();
  if (!button) return;
  button.hidden = false;
  button.disabled = !isAllowed();
  button.setAttribute('aria-pressed', tail !== null);
  put('tail-new', tail?.isHolding ? words('New', { n: tail.held }) : '', true);
  put('tail-rate', tail ? words('Rate', { n: sum(tail.perSecond) }) : '', true);
  put('tail-gap', tail?.skipped ? words('Gap', { n: tail.skipped }) : '', true);
  const more = byId('tail-continue');
  if (more) more.hidden = !hasEnded || !isAllowed();
}

/** A live region that speaks too often is switched off by those who need it. */
function speak() {
  if (Date.now() - spokenAt < SPEAK_EVERY || (tail.saying === null && !tail.unsaid)) return;
  put('tail-status', tail.saying ?? words('New', { n: tail.unsaid }));
  if (tail.saying === null) tail.unsaid = 0;
  tail.saying = null;
  spokenAt = Date.now();
}

function put(id, text, hidesEmpty = false) {
  const element = byId(id);
  if (!element) return;
  if (element.textContent !== text) element.textContent = text;
  if (hidesEmpty) element.hidden = !text;
}

/** The server's words, such as data-text-new or, for one, data-text-new-one. */
function words(name, values = {}) {
  const texts = toggle()?.dataset ?? {};
  const language = document.documentElement.lang || undefined;
  const form = new Intl.PluralRules(language).select(values.n ?? 0).replace(/^./, letter => letter.toUpperCase());
  const value = key => (typeof values[key] === 'number' ? values[key].toLocaleString(language) : values[key] ?? '');
  return (texts[`text${name}${form}`] ?? texts[`text${name}`] ?? '').replace(/\{(n|reason)\}/g, (_, key) => value(key));
}

function isAllowed() {
  const button = toggle();
  return button !== null && button.dataset.liveAllowed !== 'no';
}

function toggle() {
  return document.querySelector('[data-testid=tail-toggle]');
}

function rows() {
  return byId('rows');
}

function byId(id) {
  return document.getElementById(id);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
