// Keeps relative times true while a page stays open, in the words of `ago` in pages/format.rs.
// Absolute ones come finished from the server.

const REFRESH_EVERY = 30_000;
const UNITS = [ // in seconds: from when on it is counted in a unit, and how long that is
  ['year', 63_072_000, 31_536_000], ['month', 5_184_000, 2_592_000], ['day', 86_400, 86_400], ['hour', 3600, 3600],
  ['minute', 60, 60],
];
const SELECTOR = 'time[data-relative]';

let clock;

export function enhance(root) {
  if (root.querySelector(SELECTOR)) clock ??= setInterval(tick, REFRESH_EVERY);
}

function tick() {
  const times = document.querySelectorAll(SELECTOR);
  if (!document.hidden) refresh(times);
  if (times.length) return;
  clearInterval(clock);
  clock = undefined;
}

function refresh(times) {
  const language = document.documentElement.lang || undefined;
  const format = new Intl.RelativeTimeFormat(language);
  for (const time of times) {
    const seconds = Math.trunc((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (!(seconds >= 0)) continue; // what the server says of the future holds until it has come
    const text = relative(format, seconds) ?? time.dataset.relative;
    if (text !== time.textContent) time.textContent = text;
  }
}

/** Under a minute there is no number: it would be stale before the next refresh. */
function relative(format, seconds) {
  const [unit, , length] = UNITS.find(([, from]) => seconds >= from) ?? [];
  const text = unit && format.format(-Math.trunc(seconds / length), unit);
  return format.resolvedOptions().locale.startsWith('ja') ? text?.replaceAll(' ', '') : text;
}
