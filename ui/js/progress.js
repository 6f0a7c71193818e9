// Asks after jobs until they are done, and announces each quarter of the way.

const ASK_EVERY = 2000;
const QUARTER = 25;

const asking = new WeakSet();
const announced = new Map(); // id → the last quarter
let clock;

export function enhance(root) {
  root.querySelectorAll('[data-percent][id]').forEach(announce);
  if (document.querySelector('[data-poll]')) clock ??= setInterval(tick, ASK_EVERY);
}

function tick() {
  const jobs = document.querySelectorAll('[data-poll]');
  if (!document.hidden) jobs.forEach(ask);
  if (jobs.length) return;
  clearInterval(clock);
  clock = undefined;
}

/** The answer takes the element's place; it has no data-poll once the job is over. */
async function ask(job) {
  if (asking.has(job)) return;
  asking.add(job);
  try {
    await window.htmx?.ajax('GET', job.dataset.poll, { source: job, target: job, swap: 'outerHTML', headers: { 'hindcast-poll': '1' } });
  } finally {
    asking.delete(job);
  }
}

function announce(job) {
  const quarter = Math.floor(job.dataset.percent / QUARTER) * QUARTER;
  const last = announced.get(job.id) ?? quarter;
  announced.set(job.id, quarter);
  const toast = document.getElementById('toast');
  if (toast && quarter > last) toast.textContent = (job.dataset.textPercent ?? '').replace('{n}', quarter);
}
