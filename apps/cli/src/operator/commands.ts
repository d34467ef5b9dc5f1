import { type Command, type Terminal } from '../command';
import { AI_PROVIDERS, AI_USAGE } from './ai.commands';
import { API_KEYS } from './api-keys.command';
import { AUDIT_EXPORT, AUDIT_VERIFY } from './audit-chain.commands';
import { AUDIT } from './audit.command';
import { CERTIFICATE } from './certificate.command';
import { DRIFTS } from './drifts.command';
import { EVENT_DELIVERIES, EVENT_SUBSCRIPTIONS, EVENT_TEST } from './events.commands';
import { ISOLATION_PROBE } from './isolation-probe.command';
import { JOB } from './job.command';
import { JOBS } from './jobs.command';
import { LEASE } from './lease.command';
import { operationCommand } from './operation.command';
import { KEY_OPERATIONS, OPERATOR_OPERATIONS } from './operations/account-operations';
import { AI_OPERATIONS } from './operations/ai-operations';
import { ENTITLEMENT_OPERATIONS } from './operations/entitlement-operations';
import { EVENT_OPERATIONS } from './operations/event-operations';
import { JOB_OPERATIONS } from './operations/job-operations';
import { type Operation } from './operations/operation';
import { PLANE_OPERATIONS } from './operations/plane-operations';
import { TENANT_OPERATIONS } from './operations/tenant-operations';
import { type OperatorCommand, asCommand } from './operator-command';
import { OPERATORS } from './operators.command';
import { PLANE_LOGS } from './plane-logs.command';
import { PLANES } from './planes.command';
import { PLANS } from './plans.command';
import { RECONCILE } from './reconcile.command';
import { SEALING_KEYS } from './sealing-keys.command';
import { TENANT } from './tenant.command';
import { TENANTS } from './tenants.command';
import { USAGE } from './usage.command';

/** The commands, in the order in which `atlas help` lists them. */
const COMMANDS: readonly (OperatorCommand | Operation)[] = [
  TENANTS,
  TENANT,
  ...TENANT_OPERATIONS,
  CERTIFICATE,
  PLANS,
  ...ENTITLEMENT_OPERATIONS,
  LEASE,
  USAGE,
  PLANES,
  PLANE_LOGS,
  ...PLANE_OPERATIONS,
  JOBS,
  JOB,
  ...JOB_OPERATIONS,
  AUDIT,
  AUDIT_EXPORT,
  AUDIT_VERIFY,
  DRIFTS,
  RECONCILE,
  EVENT_SUBSCRIPTIONS,
  ...EVENT_OPERATIONS,
  EVENT_TEST,
  EVENT_DELIVERIES,
  AI_PROVIDERS,
  ...AI_OPERATIONS,
  AI_USAGE,
  ISOLATION_PROBE,
  OPERATORS,
  ...OPERATOR_OPERATIONS,
  API_KEYS,
  ...KEY_OPERATIONS,
  SEALING_KEYS,
];

export const OPERATIONS = COMMANDS.filter((one): one is Operation => 'operation' in one);

/**
 * The commands for operators. A command that shows data has its own file. A command that changes something is
 * a row in operations/.
 */
export function operatorCommands(terminal: Terminal): readonly Command[] {
  return COMMANDS.map((one) => asCommand('operation' in one ? operationCommand(one) : one, terminal));
}
