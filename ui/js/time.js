// Keeps relative times true while a page stays open. Absolute ones come finished from the server.

const REFRESH_EVERY = 30_000;
const UNITS = [['year', 31_557_600], ['month', 2_629_800], ['day', 86_400], ['hour', 3600], ['minute', 60]];
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
  const now = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(0, 'second');
  for (const time of times) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const text = relative(format, seconds) ?? now;
    if (seconds && text !== time.textContent) time.textContent = text;
  }
}

/** Under a minute there is no number: it would be stale before the next refresh. */
function relative(format, seconds) {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  return unit && format.format(Math.trunc(seconds / length), unit);
}
