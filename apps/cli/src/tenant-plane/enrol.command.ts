import { resolve } from 'node:path';
import { type Command, type Output } from '../command';
import { UsageError } from '../failure';
import { type Given, type Values } from '../options';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';
import { type StatusView, statusText } from './status-text';

export class EnrolCommand implements Command {
  readonly name = 'enrol';
  readonly group = GROUP;
  readonly summary = 'Enrol with the Control Plane, once';
  readonly about = `Enrols this tenant plane once with its provisioning token, and exits. Running it again
changes nothing. "atlas-tp run" also enrols. Use this command to enrol beforehand, or to enrol by file if
the Control Plane cannot be reached.`;
  readonly options = [
    { name: 'offline', text: 'enrol by file, with either --request or --answer' },
    { name: 'request', value: '<file>', text: 'write the request to this file' },
    { name: 'answer', value: '<file>', text: 'read the answer from this file' },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = [
    'enrol',
    'enrol --offline --request request.json',
    'enrol --offline --answer answer.json',
  ];
  readonly notes = `An Atlas admin uploads the request file (POST /api/tenant-planes/enroll-offline),
which returns the answer file. On SQLite, stop the plane before you enrol. On Postgres, restart it
afterwards.`;

  constructor(private readonly output: Output) {}

  async run(given: Given): Promise<number> {
    const file = fileOf(given.values);
    const env = planeEnvironmentOf(given, process.env);
    const { code, document } = await runPlaneScript('enrol', env, file && [`--${file.kind}`, file.path]);
    this.output.out(given.isJson ? document : this.textOf(JSON.parse(document) as StatusView, file));
    return code;
  }

  private textOf(status: StatusView, file: GivenFile | undefined): string {
    if (file?.kind !== 'request') return statusText(status);
    return (
      `Wrote ${file.path}\nHave it uploaded to the Control Plane, then apply the answer: atlas-tp enrol ` +
      '--offline --answer <file>\n'
    );
  }
}

interface GivenFile {
  readonly kind: 'request' | 'answer';
  readonly path: string;
}

function fileOf({ offline, request, answer }: Values): GivenFile | undefined {
  const given = [request, answer].filter((path) => path !== undefined);
  if (given.length !== (offline ? 1 : 0))
    throw new UsageError(
      '--offline requires either --request <file> or --answer <file>, and both require --offline.',
    );
  if (typeof request === 'string') return { kind: 'request', path: resolve(request) };
  return typeof answer === 'string' ? { kind: 'answer', path: resolve(answer) } : undefined;
}
