import { type Command } from '../command';
import { type Given } from '../options';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlane } from './plane-script';

export class RunCommand implements Command {
  readonly name = 'run';
  readonly group = GROUP;
  readonly summary = 'Run the tenant plane in the foreground';
  readonly about = `Runs the tenant plane until Ctrl-C or SIGTERM, and enrols it first if needed. The plane
starts and serves even if the Control Plane is unreachable; "atlas-tp preflight" checks the connection.`;
  readonly options = INSTALL_OPTIONS;
  readonly examples = ['run'];

  run(given: Given): Promise<number> {
    return runPlane(planeEnvironmentOf(given, process.env));
  }
}
