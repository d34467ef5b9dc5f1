import { type Command, type Terminal } from '../command';
import { AUDIT_EXPORT, AUDIT_VERIFY } from './audit-chain.commands';
import { API_KEYS } from './api-keys.command';
import { AUDIT } from './audit.command';
import { DRIFTS } from './drifts.command';
import { ISOLATION_PROBE } from './isolation-probe.command';
import { JOB } from './job.command';
import { JOBS } from './jobs.command';
import { operationCommand } from './operation.command';
import { OPERATIONS } from './operations';
import { asCommand } from './operator-command';
import { OPERATORS } from './operators.command';
import { PLANES } from './planes.command';
import { RECONCILE } from './reconcile.command';
import { SEALING_KEYS } from './sealing-keys.command';
import { TENANT } from './tenant.command';
import { TENANTS } from './tenants.command';

const COMMANDS = [
  TENANTS,
  TENANT,
  PLANES,
  JOBS,
  JOB,
  DRIFTS,
  RECONCILE,
  AUDIT_EXPORT,
  AUDIT_VERIFY,
  AUDIT,
  OPERATORS,
  API_KEYS,
  SEALING_KEYS,
  ISOLATION_PROBE,
];

/** What an operator asks of a Control Plane: what is shown is a file each, what is done a row of {@link OPERATIONS}. */
export function operatorCommands(terminal: Terminal): readonly Command[] {
  return [...COMMANDS, ...OPERATIONS.map(operationCommand)].map((command) => asCommand(command, terminal));
}
