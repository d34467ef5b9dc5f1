import { type Command, type Output } from '../command';
import { type PreflightView, checkTable, verdictOn } from './check-table';
import { COMMON_USAGE, installOptions } from './install-options';
import { runPlaneScript } from './plane-script';

const USAGE = `Checks everything that a tenant plane needs, before it is started: environment, database, the way to the
Control Plane, clock, secret, token and version. Spends the token not, and changes nothing.

  atlas-tp preflight [options]

${COMMON_USAGE}
Exit code 0 when all is well, 1 when something has to be mended.
`;

export class PreflightCommand implements Command {
  readonly name = 'preflight';
  readonly summary = 'check what a tenant plane needs; spends and changes nothing';
  readonly usage = USAGE;

  constructor(private readonly output: Output) {}

  async run(args: readonly string[]): Promise<number> {
    const { env, isJson } = installOptions(args, process.env);
    const { code, document } = await runPlaneScript('preflight', env);
    if (isJson) {
      this.output.out(document);
      return code;
    }
    const report = JSON.parse(document) as PreflightView;
    this.output.out(`${checkTable(report.checks)}\n${verdictOn(report)}`);
    return code;
  }
}
