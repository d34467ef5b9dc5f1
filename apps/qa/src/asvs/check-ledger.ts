import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../supply-chain/locked-packages';
import { type Holder, type Item, LEDGER, readLedger } from './ledger';
import { LEVELS } from './levels';
import { isRun, titlesIn } from './live-tests';

interface Tally {
  readonly held: number;
  readonly applicable: number;
  readonly notApplicable: number;
}

export interface Checked {
  readonly faults: readonly string[];
  readonly gaps: readonly string[];
  readonly levels: readonly [first: Tally, second: Tally];
}

/**
 * Checks that the ledger lists the standard's requirements, and that every test, proof and page that it cites
 * exists.
 */
export function checkLedger(proofs: readonly string[], ledger = readLedger()): Checked {
  const { items } = ledger;
  const titles = new Map<string, readonly string[]>();
  const broken = new Map(
    items.map(({ id, holders }) => [
      id,
      [...mixedUp(holders), ...holders.flatMap((holder) => faultOf(holder, proofs, titles))],
    ]),
  );
  const isHeld = ({ id, holders }: Item): boolean => broken.get(id)?.length === 0 && !isA('gap', { holders });
  return {
    faults: [
      ...ledger.faults,
      ...wronglyListed(items),
      ...[...broken].flatMap(([id, faults]) => faults.map((fault) => `${id}: ${fault}`)),
    ],
    gaps: items.filter((item) => isA('gap', item)).map(({ id }) => id),
    levels: [tallyOf(items, 1, isHeld), tallyOf(items, 2, isHeld)],
  };
}

/**
 * Every requirement of levels 1 and 2 must be listed once, with its level. Level 3 requirements are optional.
 */
function wronglyListed(items: readonly Item[]): string[] {
  const ids = items.map(({ id }) => id);
  const due = [...LEVELS].filter(([, level]) => level < 3).map(([id]) => id);
  return [
    ...due.filter((id) => !ids.includes(id)).map((id) => `${id} is missing`),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} is listed twice`),
    ...items
      .filter(({ id, level }) => LEVELS.get(id) !== level)
      .map(({ id, level }) => `${id} is level ${LEVELS.get(id) ?? 'none'}, not ${level}`),
  ];
}

/** A requirement may have several entries if it is met, but only one if it is a gap or `n/a`. */
function mixedUp(holders: readonly Holder[]): string[] {
  if (holders.length === 0) return ['has no entry'];
  const isOpen = holders.some(({ kind }) => kind === 'gap' || kind === 'n/a');
  return isOpen && holders.length > 1 ? ['has a gap or n/a among other holders'] : [];
}

function faultOf(
  holder: Holder,
  proofs: readonly string[],
  titles: Map<string, readonly string[]>,
): string[] {
  if (holder.kind === 'proof') return proofs.includes(holder.name) ? [] : [`no proof "${holder.name}"`];
  if (holder.kind === 'page') return isThere(holder.link) ? [] : [`${holder.link} is a dead link`];
  if (holder.kind !== 'test') return [];
  const { file, title } = holder;
  if (!isRun(file)) return [`${file} does not run`];
  const known = titles.get(file) ?? titlesIn(file);
  titles.set(file, known);
  const found = known.filter((one) => one === title).length;
  return found === 1 ? [] : [`${found === 0 ? 'no' : 'more than one'} test "${title}" in ${file}`];
}

/** Whether the linked page exists and has a heading for which GitHub generates the link's anchor. */
function isThere(link: string): boolean {
  const [path = '', heading] = link.split('#');
  const file = join(ROOT, dirname(LEDGER), path);
  if (heading === undefined || !existsSync(file)) return false;
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].some(
    ([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-') === heading,
  );
}

function tallyOf(items: readonly Item[], level: number, isHeld: (item: Item) => boolean): Tally {
  const own = items.filter((item) => item.level === level);
  const applicable = own.filter((item) => !isA('n/a', item));
  return {
    held: applicable.filter(isHeld).length,
    applicable: applicable.length,
    notApplicable: own.length - applicable.length,
  };
}

function isA(kind: Holder['kind'], { holders }: Pick<Item, 'holders'>): boolean {
  return holders.some((holder) => holder.kind === kind);
}
