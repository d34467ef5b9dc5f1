import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(__dirname, '../../..');

/** README.md and all pages under docs/, relative to the root. */
export function pages(): string[] {
  const found = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...found.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
}

export function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The targets of a page's relative links, including `#…`, relative to the root. */
export function linksOf(page: string): string[] {
  const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
  return relative.map((target) => (target.startsWith('#') ? page + target : join(dirname(page), target)));
}

/** Whether the file or folder exists and, if the link names a heading, has that heading. */
export function leadsSomewhere(link: string): boolean {
  const [path = '', heading] = link.split('#');
  if (!existsSync(join(ROOT, path))) return false;
  return heading === undefined || headingsOf(path).includes(heading);
}

/** The anchors that GitHub derives from a page's headings. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
