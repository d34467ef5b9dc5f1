import { type Terminal } from '../command';
import { withCompletion } from '../completion/completion.command';
import { type Program } from '../program';
import { tenantCommands } from '../tenant/commands';
import { BackupCommand } from './backup.command';
import { EnrolCommand } from './enrol.command';
import { EnvCommand } from './env.command';
import { LeaseLoadCommand } from './lease-load.command';
import { LedgerCommand } from './ledger.command';
import { PreflightCommand } from './preflight.command';
import { RehearseOutageCommand } from './rehearse-outage.command';
import { RestoreCommand } from './restore.command';
import { RunCommand } from './run.command';
import { StatusCommand } from './status.command';
import { SupportBundleCommand } from './support-bundle.command';
import { VerifyCommand } from './verify.command';

/** The commands for people who run a tenant plane, or work in one of its tenants. */
export function tenantPlaneProgram(terminal: Terminal): Program {
  return withCompletion(terminal, {
    name: 'atlas-tp',
    about: "Installs and runs an Atlas Tenant Plane on this machine, and works with a tenant's data.",
    commands: [
      new EnvCommand(terminal),
      new PreflightCommand(terminal),
      new EnrolCommand(terminal),
      new RunCommand(),
      new StatusCommand(terminal),
      new LeaseLoadCommand(terminal),
      new LedgerCommand(terminal),
      new RehearseOutageCommand(terminal),
      new SupportBundleCommand(terminal),
      new BackupCommand(terminal),
      new VerifyCommand(terminal),
      new RestoreCommand(terminal),
      ...tenantCommands(terminal),
    ],
  });
}
