import { type Json } from '@atlas/platform';
import { type LedgerEntry } from '@atlas/tenant-api/residency';
import { type Command, type Output } from '../command';
import { type Given, type Values } from '../options';
import { tableText } from '../text';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';
import { writeWhole } from './write-whole';

type Entry = Json<LedgerEntry> & { readonly tenant: string | null };

/** How many entries the table shows. */
const SHOWN = 50;

export class LedgerCommand implements Command {
  readonly name = 'ledger';
  readonly group = GROUP;
  readonly summary = 'Show what has left this tenant plane, or export it';
  readonly about = `Shows the ledger of this tenant plane: each class of calls that left it, where they went,
how many there were and how large, and which were refused. It reads the database, so the plane does not have
to be running. The ledger contains no value of a field.`;
  readonly options = [
    { name: 'from', value: '<time>', text: 'only calls at or after this time' },
    { name: 'to', value: '<time>', text: 'only calls before this time' },
    {
      name: 'tenant',
      value: '<slug>',
      text: 'only calls that concern this tenant',
      default: 'the calls of the plane and of all its tenants',
    },
    { name: 'out', value: '<file>', text: 'write all entries to this file, one JSON object per line' },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = ['ledger', 'ledger --from 2026-12-01T00:00:00Z --out ledger.ndjson'];

  constructor(private readonly output: Output) {}

  async run({ values, isJson }: Given): Promise<number> {
    const env = planeEnvironmentOf({ values }, process.env);
    const { code, document } = await runPlaneScript('ledger', env, argsOf(values));
    const { items } = JSON.parse(document) as { items: readonly Entry[] };
    const { out } = values;
    if (typeof out === 'string') {
      writeWhole(out, items.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      this.output.out(
        isJson ? `${JSON.stringify({ file: out, entries: items.length })}\n` : wrote(out, items),
      );
    } else this.output.out(isJson ? document : ledgerText(items));
    return code;
  }
}

function argsOf(values: Values): string[] {
  return ['from', 'to', 'tenant'].flatMap((name) => {
    const value = values[name];
    return typeof value === 'string' ? [`--${name}`, value] : [];
  });
}

function wrote(file: string, items: readonly Entry[]): string {
  return `Wrote ${items.length} entries to ${file}. It names your servers, so only you can read it.\n`;
}

function ledgerText(items: readonly Entry[]): string {
  if (items.length === 0) return 'The ledger is empty.\n';
  const newest = items.slice(-SHOWN);
  const table = tableText(
    [
      { title: 'at', of: ({ at }) => at },
      { title: 'tenant', of: ({ tenant }) => tenant },
      { title: 'class', of: (entry) => entry.class },
      { title: 'destination', of: ({ destination }) => destination },
      { title: 'calls', of: ({ count }) => count },
      { title: 'bytes', of: ({ bytes }) => bytes },
      { title: 'refused', of: ({ refused }) => (refused ? 'refused' : '-') },
    ],
    newest,
  );
  const left = items.length - newest.length;
  return left === 0 ? table : `${table}${left} earlier entries are not shown. Export them: --out <file>\n`;
}
