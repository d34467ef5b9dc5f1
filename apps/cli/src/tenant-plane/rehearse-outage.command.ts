import { type Command, type Terminal } from '../command';
import { EXIT } from '../failure';
import { type Given } from '../options';
import { factsText, tableText } from '../text';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';

/** What the script of the tenant plane writes. */
interface ReportView {
  readonly minutes: number;
  readonly was_interrupted: boolean;
  readonly was_cut: boolean;
  readonly entries_queued: number;
  readonly return_seconds: number | null;
  readonly capabilities: readonly {
    readonly title: string;
    readonly promised: string;
    readonly calls: number;
    readonly failed: number;
    readonly slowest_ms: number | null;
    readonly kept: boolean | null;
  }[];
}

export class RehearseOutageCommand implements Command {
  readonly name = 'rehearse-outage';
  readonly group = GROUP;
  readonly summary = 'Cut the link to the Control Plane for a while, and report what still works';
  readonly about = `Cuts the link of the running tenant plane to the Control Plane, for all its replicas, and
reports what still works, compared with the outage contract. Users keep working. Ctrl-C restores the link at
once. The plane restores it at the deadline by itself, even if this command is killed. The audit trail of each
tenant records the rehearsal.`;
  readonly options = [
    {
      name: 'minutes',
      value: '<n>',
      isRequired: true,
      isNumber: true,
      text: 'how long to cut the link, from 1 to 60',
    },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = ['rehearse-outage --minutes 5'];
  readonly notes =
    'Exit codes: 0 the contract was kept; 1 it was not, or the rehearsal was refused; 130 interrupted.';

  constructor(private readonly terminal: Terminal) {}

  async run(given: Given): Promise<number> {
    const minutes = String(given.values['minutes']);
    const env = planeEnvironmentOf(given, process.env);
    if (!given.isJson)
      this.terminal.err(`Rehearsing an outage for ${minutes} min. Ctrl-C restores the link.\n`);
    const args = ['--minutes', minutes];
    const { code, document } = await runPlaneScript('rehearse-outage', env, args, { passesSignals: true });
    const report = JSON.parse(document) as ReportView;
    this.terminal.out(given.isJson ? document : reportText(report));
    return report.was_interrupted ? EXIT.interrupted : code;
  }
}

const VERDICTS = { true: 'kept', false: 'NOT KEPT', null: 'not tried' } as const;

function reportText(report: ReportView): string {
  const back = report.return_seconds;
  const facts = factsText([
    ['link', report.was_cut ? 'was cut' : 'WAS NOT CUT: the plane had contact during the rehearsal'],
    ['returned after', back === null ? 'NOT within a minute: atlas-tp preflight' : `${back} s`],
    ['queued', `${report.entries_queued} entries waited to be reported`],
    ...(report.was_interrupted ? [['ended', 'early, as you asked'] as const] : []),
  ]);
  const table = tableText(
    [
      { title: 'capability', of: ({ title }) => title },
      { title: 'promised', of: ({ promised }) => promised },
      { title: 'calls', of: ({ calls }) => calls },
      { title: 'failed', of: ({ failed }) => failed },
      { title: 'slowest', of: ({ slowest_ms: ms }) => (ms === null ? null : `${ms} ms`) },
      { title: 'verdict', of: ({ kept }) => VERDICTS[`${kept}`] },
    ],
    report.capabilities,
  );
  return `${facts}\n${table}`;
}
