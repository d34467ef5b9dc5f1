import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseSync } from '@swc/core';
import { ROOT } from '../supply-chain/locked-packages';

/**
 * Whether `npm test` runs the file. It runs all spec files, and the case files in a folder if the spec file
 * next to the folder collects them.
 */
export function isRun(file: string): boolean {
  if (!/^(apps|libs)\/[a-z0-9-]+\/(src|test)\//.test(file) || !existsSync(join(ROOT, file))) return false;
  if (file.endsWith('.spec.ts')) return true;
  const folder = dirname(file);
  const spec = join(ROOT, `${folder}.spec.ts`);
  const gathers = `casesIn(join(__dirname, '${basename(folder)}'))`;
  return file.endsWith('.cases.ts') && existsSync(spec) && readFileSync(spec, 'utf8').includes(gathers);
}

/** The titles of the tests in a file, as written. Skipped tests are left out. */
export function titlesIn(file: string): string[] {
  const titles: string[] = [];
  let isNarrowed = false;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, callee, arguments: given } = node as Call;
    if (type === 'CallExpression') {
      const [name = '', ...more] = namesOf(callee);
      if (/^f?(it|test|describe)$/.test(name) && (name.startsWith('f') || more.includes('only')))
        isNarrowed = true;
      if (/^x?(it|test|describe)$/.test(name) && (name.startsWith('x') || more.some(isLeftOut))) return;
      const [title] = given;
      if (/^(it|test)$/.test(name) && title) titles.push(...textOf(title.expression));
    }
    Object.values(node).forEach(walk);
  };
  walk(parseSync(readFileSync(join(ROOT, file), 'utf8'), { syntax: 'typescript', decorators: true }));
  return isNarrowed ? [] : titles;
}

const isLeftOut = (name: string): boolean => ['skip', 'todo', 'failing'].includes(name);

/** The properties of a syntax tree node that this module uses. */
interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly object?: Node;
  readonly property?: Node;
  readonly callee?: Node;
  readonly tag?: Node;
  readonly expressions?: readonly Node[];
  readonly quasis?: readonly { readonly cooked?: string }[];
}

interface Call extends Node {
  readonly arguments: readonly { readonly expression: Node }[];
}

/** The names in a call or tag: `it` and `each` for `it.each([…])('…')`. */
function namesOf(node: Node | undefined): string[] {
  if (!node) return [];
  if (node.type === 'Identifier') return [String(node.value)];
  if (node.type === 'MemberExpression') return [...namesOf(node.object), ...namesOf(node.property)];
  return namesOf(node.callee ?? node.tag);
}

function textOf({ type, value, expressions, quasis }: Node): string[] {
  if (type === 'StringLiteral') return [String(value)];
  return type === 'TemplateLiteral' && expressions?.length === 0 ? [quasis?.[0]?.cooked ?? ''] : [];
}
