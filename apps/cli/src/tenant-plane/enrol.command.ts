import { resolve } from 'node:path';
import { type Command, type Output, UsageError } from '../command';
import { COMMON_USAGE, installOptions } from './install-options';
import { runPlaneScript } from './plane-script';
import { type StatusView, statusText } from './status-text';

const USAGE = `Enrols this tenant plane with its provisioning token, once, and ends. Doing it again changes nothing. A plane that
is started enrols by itself; this is for those who want to see it done before.

  atlas-tp enrol [options]
  atlas-tp enrol --offline --request <file>    write a request file, for a plane without a way to the Control Plane
  atlas-tp enrol --offline --answer <file>     take the answer to it

${COMMON_USAGE}
The request file is uploaded by an Atlas admin (POST /api/tenant-planes/enroll-offline); the answer to that is the
answer file. On SQLite the plane must not run meanwhile; on Postgres start it again afterwards.
`;

const FLAGS = {
  offline: { type: 'boolean', default: false },
  request: { type: 'string' },
  answer: { type: 'string' },
} as const;

export class EnrolCommand implements Command {
  readonly name = 'enrol';
  readonly summary = 'enrol once and end; by files with --offline';
  readonly usage = USAGE;

  constructor(private readonly output: Output) {}

  async run(args: readonly string[]): Promise<number> {
    const { env, isJson, values } = installOptions(args, process.env, FLAGS);
    const file = fileOf(values);
    const { code, document } = await runPlaneScript('enrol', env, file && [`--${file.kind}`, file.path]);
    this.output.out(isJson ? document : this.textOf(JSON.parse(document) as StatusView, file));
    return code;
  }

  private textOf(status: StatusView, file: GivenFile | undefined): string {
    if (file?.kind !== 'request') return statusText(status);
    return `Written: ${file.path}\nCarry it to the Control Plane, and its answer back here: atlas-tp enrol --offline --answer <file>\n`;
  }
}

interface GivenFile {
  readonly kind: 'request' | 'answer';
  readonly path: string;
}

function fileOf(values: Readonly<Record<string, string | boolean | undefined>>): GivenFile | undefined {
  const { offline, request, answer } = values;
  const given = [request, answer].filter((path) => path !== undefined);
  if (given.length !== (offline ? 1 : 0))
    throw new UsageError(
      '--offline goes with one of --request <file> and --answer <file>, and these with it.',
    );
  if (typeof request === 'string') return { kind: 'request', path: resolve(request) };
  return typeof answer === 'string' ? { kind: 'answer', path: resolve(answer) } : undefined;
}
