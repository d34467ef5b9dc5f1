import { type Command, type Output } from '../command';
import { type Given } from '../options';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';
import { type StatusView, statusText } from './status-text';

export class StatusCommand implements Command {
  readonly name = 'status';
  readonly group = GROUP;
  readonly summary = 'Show what this tenant plane knows about itself';
  readonly about =
    'Shows what this tenant plane knows about itself. It reads the database, so the plane does not ' +
    'have to be running.';
  readonly options = INSTALL_OPTIONS;
  readonly examples = ['status', 'status --json'];

  constructor(private readonly output: Output) {}

  async run(given: Given): Promise<number> {
    const { code, document } = await runPlaneScript('status', planeEnvironmentOf(given, process.env));
    this.output.out(given.isJson ? document : statusText(JSON.parse(document) as StatusView));
    return code;
  }
}
