import { type Command, type Output } from '../command';
import { EnrolCommand } from './enrol.command';
import { EnvCommand } from './env.command';
import { PreflightCommand } from './preflight.command';
import { RunCommand } from './run.command';
import { StatusCommand } from './status.command';

/** What a customer's operator does with a tenant plane. Each is a file and a line. */
export function tenantPlaneCommands(output: Output): readonly Command[] {
  return [
    new EnvCommand(output),
    new PreflightCommand(output),
    new EnrolCommand(output),
    new RunCommand(),
    new StatusCommand(output),
  ];
}
