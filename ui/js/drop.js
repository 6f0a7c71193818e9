// Lets a file be dropped anywhere on a form that takes one. Without this, its own field takes files just as well.

const seen = new WeakSet();

export function enhance(root) {
  for (const form of root.querySelectorAll('form[data-drop]')) {
    if (seen.has(form)) continue;
    seen.add(form);
    form.addEventListener('dragover', (event) => over(form, event));
    form.addEventListener('dragleave', () => form.classList.remove('dropping'));
    form.addEventListener('drop', (event) => drop(form, event));
  }
}

function over(form, event) {
  if (!event.dataTransfer.types.includes('Files')) return;
  event.preventDefault();
  form.classList.add('dropping');
}

function drop(form, event) {
  form.classList.remove('dropping');
  const field = form.querySelector('input[type="file"]');
  if (!field || event.dataTransfer.files.length !== 1) return;
  event.preventDefault();
  field.files = event.dataTransfer.files;
  field.focus();
}
