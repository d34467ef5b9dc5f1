import { type Command } from '../command';
import { COMMON_USAGE, installOptions } from './install-options';
import { runPlane } from './plane-script';

const USAGE = `Runs the tenant plane until Ctrl-C or SIGTERM, enrolled by itself where it is not yet. It starts and serves without
the Control Plane, too: what is wrong with the way there is for "atlas-tp preflight" to say.

  atlas-tp run [options]

${COMMON_USAGE}`;

export class RunCommand implements Command {
  readonly name = 'run';
  readonly summary = 'run the tenant plane in the foreground';
  readonly usage = USAGE;

  run(args: readonly string[]): Promise<number> {
    return runPlane(installOptions(args, process.env).env);
  }
}
