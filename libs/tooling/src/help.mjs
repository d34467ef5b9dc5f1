import { readdirSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { Marked } from 'marked';
import { ROOT, read, write } from './workspace.mjs';

const GUIDES = 'docs/guides';
/** Other documents that the guides link to. */
const BESIDES = [
  'docs/NEW_TENANT_SPIN_UP.md',
  'docs/TP_PROVISIONING_AND_PLANNED_URLS.md',
  'docs/TP_DEPLOYMENT_RUNBOOK.md',
  'docs/security.md',
];
const TEMPLATE = 'libs/platform/pages/help.html';

/** Writes a page for every guide, and the list of guides, as planes serve them below `/help`. */
export function renderHelp(to) {
  const sources = [...readdirSync(join(ROOT, GUIDES)).map((file) => `${GUIDES}/${file}`), ...BESIDES];
  const names = new Map(sources.map((source) => [source, nameOf(source)]));
  const pages = sources.map((source) => ({ name: names.get(source), ...pageOf(source, names) }));
  for (const { name, title, content } of pages) put(to, name, title, content);
  const items = pages.map(({ name, title }) => `<li><a href="/help/${name}">${title}</a></li>`);
  put(to, 'index', 'Help', `<h1>Help</h1>\n<ul>\n${items.join('\n')}\n</ul>`);
}

/** The page's name in its URL. */
function nameOf(source) {
  return basename(source, '.md').toLowerCase().replaceAll('_', '-');
}

function pageOf(source, names) {
  const text = read(source);
  const content = new Marked({ renderer: rendererFor(source, names) }).parse(text);
  const [, title = source] = /^<h1[^>]*>(.*?)<\/h1>/m.exec(content) ?? [];
  return { title: title.replaceAll(/<[^>]+>/g, ''), content };
}

function rendererFor(source, names) {
  const taken = new Map();
  return {
    html: ({ text }) => escaped(text),
    image: ({ text }) => escaped(text),
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchorOf(text, taken)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      const inner = this.parser.parseInline(tokens);
      const target = targetOf(source, href, names);
      return target === null ? inner : `<a href="${escaped(target)}">${inner}</a>`;
    },
  };
}

/** The target of a link. Null for a link to a file that exists only in the repository. */
function targetOf(source, href, names) {
  if (/^(#|https:)/.test(href)) return href;
  const [path, heading] = href.split('#');
  const name = names.get(posix.join(posix.dirname(source), path));
  if (name === undefined) return null;
  return `/help/${name}${heading === undefined ? '' : `#${heading}`}`;
}

/** The heading's anchor as on GitHub, so that the same links work there and on the served page. */
function anchorOf(title, taken) {
  const anchor = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
  const before = taken.get(anchor) ?? 0;
  taken.set(anchor, before + 1);
  return before === 0 ? anchor : `${anchor}-${before}`;
}

function escaped(text) {
  const named = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => named[character]);
}

function put(folder, name, title, content) {
  const words = { title, content };
  const page = read(TEMPLATE).replaceAll(/\{\{(\w+)\}\}/g, (_, word) => words[word]);
  write(`${folder}/${name}.html`, page);
}
