// Opens and closes dialogs. The browser itself traps the focus, gives it back and listens for Escape.

const seen = new WeakSet();
let pressedOutside = false; // a text selection that ends outside must not close

export function enhance(root) {
  const page = root.ownerDocument ?? root;
  if (seen.has(page)) return;
  seen.add(page);
  page.addEventListener('click', clicked);
  page.addEventListener('pointerdown', event => (pressedOutside = isOutside(event)));
}

function clicked(event) {
  const opener = event.target.closest('[data-opens]');
  const closer = event.target.closest('[data-closes]')?.closest('dialog');
  if (opener) open(event, document.querySelector(opener.dataset.opens));
  else if (closer) close(event, closer);
  else if (pressedOutside && isOutside(event)) event.target.close();
}

/** Without its dialog, a link still leads to the page that does the same. */
function open(event, dialog) {
  if (!dialog?.showModal || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

function close(event, dialog) {
  event.preventDefault();
  dialog.close();
}

/** A click on the backdrop is one on the dialog itself, but not within its box. */
function isOutside({ target, clientX: x, clientY: y }) {
  if (!target.matches?.('dialog:modal')) return false;
  const box = target.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}
