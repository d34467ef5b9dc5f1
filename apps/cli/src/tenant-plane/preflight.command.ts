import { type Command, type Output } from '../command';
import { type Given } from '../options';
import { type PreflightView, checkTable, verdictOn } from './check-table';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';

export class PreflightCommand implements Command {
  readonly name = 'preflight';
  readonly group = GROUP;
  readonly summary = 'Check everything that a tenant plane needs';
  readonly about = `Checks everything that a tenant plane needs before it starts: environment, database,
the connection to the Control Plane, clock, secret, token and version. It changes nothing and does not
consume the token.`;
  readonly options = INSTALL_OPTIONS;
  readonly examples = ['preflight', 'preflight --env-file acme.env --json'];
  readonly notes = 'Exit codes: 0 ready; 1 something must be fixed.';

  constructor(private readonly output: Output) {}

  async run(given: Given): Promise<number> {
    const { code, document } = await runPlaneScript('preflight', planeEnvironmentOf(given, process.env));
    if (given.isJson) {
      this.output.out(document);
      return code;
    }
    const report = JSON.parse(document) as PreflightView;
    this.output.out(`${checkTable(report.checks)}\n${verdictOn(report)}`);
    return code;
  }
}
