// Copies a value or the text of an element, and says so.

const DONE_FOR = 2000;
const SELECTOR = 'button[data-copy], button[data-copy-from]';

const seen = new WeakSet();
const done = new WeakSet(); // buttons that are saying so now

export function enhance(root) {
  const page = root.ownerDocument ?? root;
  if (seen.has(page)) return;
  seen.add(page);
  page.addEventListener('click', ({ target }) => copy(target.closest(SELECTOR)));
}

async function copy(button) {
  if (!button) return;
  const { copy: value, copyFrom } = button.dataset;
  const text = copyFrom ? document.querySelector(copyFrom)?.textContent : value;
  if (text !== undefined && await write(text, button)) say(button);
}

async function write(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeOld(text, button);
  }
}

/** Pages served over plain HTTP have no clipboard; beside the button, because a dialog makes the rest inert. */
function writeOld(text, button) {
  const area = document.createElement('textarea');
  area.className = 'vh';
  area.value = text;
  button.after(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  button.focus();
  return isCopied;
}

function say(button) {
  const text = button.dataset.textDone;
  if (!text || done.has(button)) return;
  const kept = [...button.childNodes];
  const toast = document.getElementById('toast');
  done.add(button);
  button.replaceChildren(text);
  if (toast) toast.textContent = text;
  setTimeout(() => {
    done.delete(button);
    button.replaceChildren(...kept);
    if (toast?.textContent === text) toast.textContent = '';
  }, DONE_FOR);
}
