import { type Command } from '../command';
import { type Given } from '../options';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlane } from './plane-script';

export class RunCommand implements Command {
  readonly name = 'run';
  readonly group = GROUP;
  readonly summary = 'Run the tenant plane in the foreground';
  readonly about = `Runs the tenant plane until Ctrl-C or SIGTERM, and enrols it first if needed. It also
starts and serves without the Control Plane; "atlas-tp preflight" says what is wrong with the connection.`;
  readonly options = INSTALL_OPTIONS;
  readonly examples = ['run'];

  run(given: Given): Promise<number> {
    return runPlane(planeEnvironmentOf(given, process.env));
  }
}
