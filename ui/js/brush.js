// Selects a range by dragging over the histogram. Each bar stays a link, so nothing needs the drag.

const DRAG_FROM = 4; // pixels; less is a click

const seen = new WeakSet();

export function enhance(root) {
  for (const chart of root.querySelectorAll('svg[data-brush]')) {
    if (seen.has(chart)) continue;
    seen.add(chart);
    brush(chart);
  }
}

function brush(chart) {
  let drag = null; // { start, end, box } in client pixels
  let isDragged = false;

  chart.addEventListener('pointerdown', event => {
    isDragged = false;
    if (event.isPrimary && event.button === 0) drag = { start: event.clientX, end: event.clientX };
  });
  chart.addEventListener('pointermove', event => {
    if (!event.buttons) end(); // released outside
    if (!drag) return;
    drag.end = event.clientX;
    if (!drag.box && Math.abs(drag.end - drag.start) < DRAG_FROM) return;
    if (!drag.box) begin(event.pointerId);
    draw(chart, drag);
  });
  chart.addEventListener('pointerup', () => {
    const range = drag?.box && covered(chart, drag);
    end();
    if (range?.length > 1) location.assign(address(chart, range));
  });
  chart.addEventListener('pointercancel', end);
  chart.addEventListener('lostpointercapture', end);
  chart.addEventListener('dragstart', event => event.preventDefault());
  chart.addEventListener('click', event => isDragged && event.detail && stop(event), true); // 0: by key

  // Captured no earlier than here: a captured click would not reach its link.
  function begin(pointer) {
    isDragged = true;
    drag.box = document.createElementNS(chart.namespaceURI, 'rect');
    drag.box.setAttribute('class', 'brush');
    chart.append(drag.box);
    chart.setPointerCapture(pointer);
    document.addEventListener('keydown', escape, true);
  }

  function end() {
    document.removeEventListener('keydown', escape, true);
    drag?.box?.remove();
    drag = null;
  }

  function escape(event) {
    if (event.key !== 'Escape') return;
    stop(event);
    end();
  }
}

function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}

function draw(chart, { start, end, box }) {
  const { x, y, width, height } = chart.viewBox.baseVal;
  const toChart = chart.getScreenCTM().inverse();
  const inside = client => Math.min(Math.max(new DOMPoint(client, 0).matrixTransform(toChart).x, x), x + width);
  const [left, right] = [start, end].map(inside).sort((a, b) => a - b);
  const shape = { x: left, y, width: right - left, height };
  for (const [name, value] of Object.entries(shape)) box.setAttribute(name, value);
}

function covered(chart, { start, end }) {
  const [left, right] = [Math.min(start, end), Math.max(start, end)];
  return [...chart.querySelectorAll('a[data-from]')].filter(bar => {
    const box = bar.getBoundingClientRect();
    return box.right > left && box.left < right;
  });
}

function address(chart, range) {
  const values = { '{from}': range.at(0).dataset.from, '{to}': range.at(-1).dataset.to };
  return chart.dataset.hrefTemplate.replace(/\{from\}|\{to\}/g, name => encodeURIComponent(values[name]));
}
