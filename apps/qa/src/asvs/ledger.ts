import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../supply-chain/locked-packages';

export const LEDGER = 'docs/asvs.md';

/** How a requirement is met (by a test, a proof or a page of the documentation), or why it is not. */
export type Holder =
  | { readonly kind: 'test'; readonly file: string; readonly title: string }
  | { readonly kind: 'proof'; readonly name: string }
  | { readonly kind: 'page'; readonly link: string }
  | { readonly kind: 'n/a' | 'gap'; readonly reason: string };

export interface Item {
  readonly id: string;
  readonly level: number;
  readonly holders: readonly Holder[];
}

const ITEM = /^- \*\*(\d+\.\d+\.\d+)\*\* L(\d) \S/;
const HOLDERS: readonly [RegExp, (one: string, two: string) => Holder][] = [
  [/^ {2}- `([^`]+\.ts)`: `(.+)`$/, (file, title) => ({ kind: 'test', file, title })],
  [/^ {2}- proof `([a-z-]+)`$/, (name) => ({ kind: 'proof', name })],
  [/^ {2}- \[[^\]]+\]\(([^)]+)\)$/, (link) => ({ kind: 'page', link })],
  [/^ {2}- (n\/a|gap): (\S.+)$/, (kind, reason) => ({ kind: kind as 'n/a' | 'gap', reason })],
];

/** Any list entry that is neither a requirement nor evidence for one is reported as an error. */
export function readLedger(text = readFileSync(join(ROOT, LEDGER), 'utf8')): {
  items: Item[];
  faults: string[];
} {
  const items: (Item & { holders: Holder[] })[] = [];
  const faults: string[] = [];
  for (const line of text.split('\n').filter((one) => /^ *- /.test(one))) {
    const [, id, level] = ITEM.exec(line) ?? [];
    const holder = HOLDERS.flatMap(([form, make]) => {
      const [, one = '', two = ''] = form.exec(line) ?? [];
      return one ? [make(one, two)] : [];
    })[0];
    if (id) items.push({ id, level: Number(level), holders: [] });
    else if (holder && items.length > 0) items.at(-1)?.holders.push(holder);
    else faults.push(`cannot be parsed: ${line.trim()}`);
  }
  return { items, faults };
}
