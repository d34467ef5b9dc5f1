/**
 * The secret from the link. It is removed from the address bar and the history before anything else happens,
 * and from then on kept only here.
 */
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);
// Opening another link to this page in the same tab changes only the fragment.
addEventListener('hashchange', () => location.reload());

/** Statuses that make a retry pointless. */
const FINAL = [401, 403, 404, 409, 410];
const UNREACHABLE = { detail: 'The server can’t be reached. Check your connection and try again.' };

async function ask(path, body) {
  try {
    const response = await fetch(path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: UNREACHABLE };
  }
}

/** Shows one section at a time and moves the focus there, for screen readers. */
function show(name) {
  for (const section of document.querySelectorAll('[data-show]'))
    section.hidden = section.dataset.show !== name;
  document.querySelector(`[data-show="${name}"]`).focus();
}

function tell(texts) {
  for (const element of document.querySelectorAll('[data-text]')) {
    const text = texts[element.dataset.text];
    if (typeof text !== 'string') continue;
    element.textContent = text;
    if (element instanceof HTMLAnchorElement) element.href = text;
    if (element.parentElement instanceof HTMLSpanElement) element.parentElement.hidden = false;
  }
}

async function send(form) {
  if (form.ariaBusy === 'true') return;
  form.ariaBusy = 'true';
  const { post, cookie, next, then = 'done' } = form.dataset;
  const typed = Object.fromEntries([...new FormData(form)].filter(([, text]) => text !== ''));
  const opened = token === '' ? {} : { token };
  const { status, body } = await ask(post, {
    ...opened,
    ...typed,
    ...(cookie !== undefined && { cookie: true }),
  });
  const isDone = status >= 200 && status < 300;
  // The link is used up, so the Back button must not lead to it.
  if (isDone && next !== undefined) return location.replace(next);
  form.ariaBusy = 'false';
  if (isDone) {
    form.reset();
    tell({ email: body.user?.email });
    show(then);
  } else refuse(form, status, body);
}

function refuse(form, status, { code, detail, errors = [] }) {
  const extra = form.querySelector(`[data-code="${code}"]`);
  if (extra) extra.hidden = false;
  else if (FINAL.includes(status)) {
    tell({ detail });
    return show('refused');
  }
  const said = errors.map(({ field, message }) => {
    const name = form.elements.namedItem(field)?.labels[0].textContent.trim() ?? field;
    return `${name} ${message.startsWith(`${field} `) ? message.slice(field.length + 1) : message}`;
  });
  const wrong = errors.map(({ field }) => form.elements.namedItem(field)).find(Boolean);
  form.querySelector('.alarm').textContent = said.join('. ') || detail;
  for (const field of form.elements) field.ariaInvalid = field === wrong ? 'true' : null;
  (wrong ?? extra?.querySelector('input') ?? form.querySelector('.alarm')).focus();
}

/** The email address in a sign-up link's token. It only helps password managers; nothing relies on it. */
function emailIn(signupToken) {
  try {
    const claims = signupToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims), (c) => c.charCodeAt(0)))).email;
  } catch {
    return undefined;
  }
}

for (const form of document.forms)
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form);
  });
for (const box of document.querySelectorAll('[data-shows]'))
  box.addEventListener('change', () => {
    document.getElementById(box.dataset.shows).type = box.checked ? 'text' : 'password';
  });
const username = document.getElementById('username');
const email = emailIn(token);
if (username && email) {
  username.value = email;
  username.closest('.field').hidden = false;
}
show(token === '' ? 'without-token' : 'with-token');
