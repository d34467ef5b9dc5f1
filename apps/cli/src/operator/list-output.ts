import { EXIT } from '../command';
import { type Column, tableText } from '../text';
import { type OperatorCall } from './operator-command';
import { type Option } from './options';

export const LIMIT: Option = { name: 'limit', value: '<n>', text: 'the newest n', isNumber: true };

/** A table; or an object a line, as they come. */
export async function showList<T>(
  { terminal, isJson, values }: OperatorCall,
  columns: readonly Column<T>[],
  items: AsyncIterable<T> | Iterable<T>,
  { what, limit = Infinity }: { readonly what: string; readonly limit?: number },
): Promise<number> {
  const most = Number(values['limit'] ?? limit);
  const rows: T[] = [];
  let isCut = false;
  for await (const item of items) {
    if ((isCut = rows.length >= most)) break;
    rows.push(item);
    if (isJson) terminal.out(`${JSON.stringify(item)}\n`);
  }
  if (!isJson) terminal.out(rows.length > 0 ? tableText(columns, rows) : `No ${what}.\n`);
  if (isCut) terminal.err(`There are more ${what}: --limit <n> shows them.\n`);
  return EXIT.done;
}
