import { resolve } from 'node:path';
import { type Command, type Output } from '../command';
import { UsageError } from '../failure';
import { type Given } from '../options';
import { tableText } from '../text';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';

/** What the script of the tenant plane writes. */
interface BundleView {
  readonly file: string | null;
  readonly items: readonly {
    readonly name: string;
    readonly summary: string;
    readonly bytes: number;
    readonly not_read: string | null;
  }[];
}

export class SupportBundleCommand implements Command {
  readonly name = 'support-bundle';
  readonly group = GROUP;
  readonly summary = 'Collect in one file what support needs to know';
  readonly about = `Writes a .tar.gz that says how this tenant plane is set up and what state it is in. It
contains no row of a tenant. Secrets, tokens, database URLs, email addresses and IP addresses are replaced. It
also works while the plane is stopped, or if its database or the network cannot be reached: whatever cannot be
read says why. Look into the file before you send it.`;
  readonly options = [
    { name: 'out', value: '<file>', text: 'file to write', default: 'atlas-support-<time>.tar.gz' },
    { name: 'list', text: 'say what each item would contain and how large it is, without writing a file' },
    { name: 'leave-out', value: '<items>', isList: true, text: 'items to leave out, separated by commas' },
    { name: 'hide-tenants', text: "replace the tenants' names and host names" },
    {
      name: 'log',
      value: '<file>',
      text: "the file that keeps the plane's output, or - for standard input",
    },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = [
    'support-bundle --list',
    'support-bundle --out support.tar.gz --leave-out log',
    'support-bundle --log plane.log --hide-tenants',
  ];

  constructor(
    private readonly output: Output,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async run({ values, isJson }: Given): Promise<number> {
    const { out, list, log, 'leave-out': leaveOut, 'hide-tenants': hidesTenants } = values;
    if (list && out !== undefined) throw new UsageError('--list and --out cannot be combined.');
    const file = typeof out === 'string' ? out : `atlas-support-${stamp(this.now())}.tar.gz`;
    const args = [
      ...(list ? [] : ['--out', resolve(file)]),
      ...(typeof log === 'string' ? ['--log', log === '-' ? log : resolve(log)] : []),
      ...(typeof leaveOut === 'string' ? ['--leave-out', leaveOut] : []),
      ...(hidesTenants ? ['--hide-tenants'] : []),
    ];
    const env = planeEnvironmentOf({ values }, process.env);
    const { code, document } = await runPlaneScript('support-bundle', env, args, { readsInput: log === '-' });
    this.output.out(isJson ? document : bundleText(JSON.parse(document) as BundleView));
    return code;
  }
}

/** Such as `20261201T012005Z`, which every file system accepts. */
function stamp(now: Date): string {
  return now.toISOString().replace(/[-:]|\.\d+/g, '');
}

function bundleText({ file, items }: BundleView): string {
  const table = tableText(
    [
      { title: 'item', of: ({ name }) => name },
      { title: 'bytes', of: ({ bytes }) => bytes },
      { title: 'contains', of: ({ summary }) => summary },
    ],
    items,
  );
  const lacking = items.flatMap(({ name, not_read: why }) => (why === null ? [] : `  ${name}: ${why}\n`));
  const notes = lacking.length === 0 ? '' : `\nThese items could not be read:\n${lacking.join('')}`;
  const end = file === null ? '' : `\nWrote ${file}. Look into it before you send it: tar -xzf ${file}\n`;
  return `${table}${notes}${end}`;
}
