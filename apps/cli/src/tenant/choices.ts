import { type AlertStatus } from '@atlas/tenant-api/alerts';
import { type RunStatus } from '@atlas/tenant-api/automation';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { type IncidentStatus } from '@atlas/tenant-api/incidents';

/**
 * The values of a type. Compiles only if all are named. The lists in the contract would load the rules for
 * request bodies, which takes most of a second.
 */
function every<T extends string>(values: Readonly<Record<T, true>>): readonly string[] {
  return Object.keys(values);
}

export const INCIDENT_STATUSES = every<IncidentStatus>({
  triggered: true,
  open: true,
  acknowledged: true,
  investigating: true,
  resolved: true,
  closed: true,
});

export const ALERT_STATUSES = every<AlertStatus>({ firing: true, resolved: true });

export const DATA_SOURCE_KINDS = every<DataSourceKind>({ alertmanager: true, generic: true });

export const RUN_STATUSES = every<RunStatus>({
  queued: true,
  running: true,
  waiting_approval: true,
  waiting_manual: true,
  succeeded: true,
  failed: true,
  cancelled: true,
});
