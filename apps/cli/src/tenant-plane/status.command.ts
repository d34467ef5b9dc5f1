import { type Command, type Output } from '../command';
import { COMMON_USAGE, installOptions } from './install-options';
import { runPlaneScript } from './plane-script';
import { type StatusView, statusText } from './status-text';

const USAGE = `Shows what this tenant plane knows of itself, from its database, whether it runs or not.

  atlas-tp status [options]

${COMMON_USAGE}`;

export class StatusCommand implements Command {
  readonly name = 'status';
  readonly summary = 'what this tenant plane knows of itself, running or not';
  readonly usage = USAGE;

  constructor(private readonly output: Output) {}

  async run(args: readonly string[]): Promise<number> {
    const { env, isJson } = installOptions(args, process.env);
    const { code, document } = await runPlaneScript('status', env);
    this.output.out(isJson ? document : statusText(JSON.parse(document) as StatusView));
    return code;
  }
}
