import { type Command, type Terminal } from '../command';
import { ALERT_COMMANDS } from './alert-commands';
import { AGENT_COMMANDS, RUNBOOK_COMMANDS } from './automation-commands';
import { ExportCommand } from './export.command';
import { ImportCommand } from './import.command';
import { INCIDENT_COMMANDS } from './incident-commands';
import { PLAN_COMMANDS } from './plan-commands';
import { SignInCommand } from './sign-in.command';
import { SLO_COMMANDS } from './slo-commands';
import { asTenantCommand } from './tenant-command';

/** The rows of the commands for a tenant's operators. */
export const ROWS = [
  ...INCIDENT_COMMANDS,
  ...ALERT_COMMANDS,
  ...RUNBOOK_COMMANDS,
  ...AGENT_COMMANDS,
  ...SLO_COMMANDS,
  ...PLAN_COMMANDS,
];

/** The commands for a tenant's operators, in the order in which `atlas-tp help` lists them. */
export function tenantCommands(terminal: Terminal): readonly Command[] {
  const commands = ROWS.map((row) => asTenantCommand(row, terminal));
  return [new SignInCommand(terminal), ...commands, new ExportCommand(terminal), new ImportCommand(terminal)];
}
