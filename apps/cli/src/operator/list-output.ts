import { EXIT, UsageError } from '../failure';
import { type Option } from '../options';
import { type Column, tableText } from '../text';
import { note } from './note';
import { type OperatorCall } from './operator-command';

export const LIMIT: Option = {
  name: 'limit',
  value: '<n>',
  text: 'show only the newest <n>',
  isNumber: true,
};

/** Writes a table or, with `--json`, each item on its own line as it arrives. */
export async function showList<T>(
  call: Pick<OperatorCall, 'terminal' | 'isJson' | 'values'>,
  columns: readonly Column<T>[],
  items: AsyncIterable<T> | Iterable<T>,
  { what, limit = Infinity }: { readonly what: string; readonly limit?: number },
): Promise<number> {
  const { terminal, isJson, values } = call;
  const most = Number(values['limit'] ?? limit);
  if (most < 1) throw new UsageError('--limit must be at least 1.');
  const rows: T[] = [];
  let isCut = false;
  for await (const item of items) {
    if ((isCut = rows.length >= most)) break;
    rows.push(item);
    if (isJson) terminal.out(`${JSON.stringify(item)}\n`);
  }
  if (!isJson) terminal.out(rows.length > 0 ? tableText(columns, rows) : `No ${what}.\n`);
  if (isCut) note(call, `There are more ${what}. Show them with --limit <n>.`);
  return EXIT.done;
}
