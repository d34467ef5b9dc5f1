import { ALERT_STATUSES } from '@atlas/tenant-api/alerts';
import { AUTONOMY_LEVELS, RUN_STATUSES, STEP_STATUSES } from '@atlas/tenant-api/automation';
import { CRITICALITIES, ITEM_STATUSES, RELATIONSHIP_TYPES } from '@atlas/tenant-api/cmdb';
import { DATA_SOURCE_KINDS } from '@atlas/tenant-api/data-sources';
import { INCIDENT_STATUSES, SEVERITIES } from '@atlas/tenant-api/incidents';
import { RISKS, STEP_KINDS } from '@atlas/tenant-api/runbooks';
import { HIGHEST_OBJECTIVE, LOWEST_OBJECTIVE, SLO_WINDOWS } from '@atlas/tenant-api/slos';
import { INDICATOR, LABELS, MATCHERS, OVERRIDES, RUNBOOK, SLA_POLICY } from './stored-shapes';
import { type ValueCheck, anything, listOf, mapOf, matching, numberFrom, oneOf, text } from './value-checks';

/**
 * What an import does with the rows of a table:
 *
 * - `insert`: operational data. The table must be empty.
 * - `replace`: settings, which replace those of the tenant.
 * - `add users`: users are added without access (see `imported-users.ts`).
 * - `raise`: a counter continues after the higher of both numbers.
 * - `keep in archive`: the rows can be read in the archive, and are verified, but are not imported.
 */
export type OnImport = 'insert' | 'replace' | 'add users' | 'raise' | 'keep in archive';

export interface ExportedTable {
  readonly onImport: OnImport;
  readonly columns: readonly string[];
  /** Columns that never leave the plane in an export, each with the reason. */
  readonly withheld?: Readonly<Record<string, string>>;
  /** What an import stores in withheld columns of a row, if not their defaults. */
  readonly filled?: (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /**
   * What an import requires of columns, beyond their types: whatever else would make requests fail, or leave
   * the row in a state that has no way out.
   */
  readonly values?: Readonly<Record<string, ValueCheck>>;
}

/** Numbers that are counted up from here must neither exceed the column's type nor become inexact. */
const COUNT = numberFrom(0, 1_000_000_000);
const COUNTER = numberFrom(0, 1_000_000_000_000);

/**
 * What an export contains. Each tenant-scoped table is listed here or in {@link WITHHELD_TABLES}, and each of
 * its columns is listed or withheld. A test fails if one is missing; until then it is not exported. A table
 * comes after the tables that its rows refer to.
 */
export const EXPORTED_TABLES: Readonly<Record<string, ExportedTable>> = {
  users: {
    onImport: 'add users',
    columns: ['id', 'email', 'name', 'role', 'is_first', 'created_at', 'invited_at', 'deactivated_at'],
    withheld: {
      password_hash: 'a secret',
      credentials_epoch: 'access on this plane',
      invited_by: 'access on this plane',
      invitation_ended_at: 'access on this plane',
    },
  },
  user_identities: {
    // Rows could let someone else's identity provider sign users in.
    onImport: 'keep in archive',
    columns: ['user_id', 'issuer', 'subject', 'linked_at'],
  },
  identity_providers: {
    onImport: 'keep in archive',
    columns: [
      'kind',
      'issuer',
      'client_id',
      'is_enabled',
      'creates_users',
      'default_role',
      'email_domains',
      'changed_at',
    ],
  },
  audit_events: {
    // A hash chain cannot be continued in another tenant's chain.
    onImport: 'keep in archive',
    columns: [
      'id',
      'at',
      'actor_kind',
      'actor_id',
      'action',
      'target_kind',
      'target_id',
      'before',
      'after',
      'ip',
      'trace_id',
      'position',
      'hash',
    ],
  },
  onboarding_skipped_steps: { onImport: 'replace', columns: ['step', 'skipped_at', 'reason'] },
  incidents: {
    onImport: 'insert',
    columns: [
      'id',
      'number',
      'title',
      'description',
      'severity',
      'status',
      'source',
      'created_by',
      'assignee_id',
      'alert_count',
      'created_at',
      'updated_at',
      'acknowledged_at',
      'resolved_at',
      'closed_at',
      'resolution_notes',
      'root_cause',
      'sla_policy',
      'response_due_at',
      'resolution_due_at',
      'responded_at',
      'response_breached_at',
      'resolution_breached_at',
      'sla_due_at',
      'timeline_length',
    ],
    values: {
      number: matching(/^INC-\d{8,15}$/),
      severity: oneOf(SEVERITIES),
      status: oneOf(INCIDENT_STATUSES),
      sla_policy: SLA_POLICY,
      alert_count: COUNT,
      timeline_length: COUNT,
    },
  },
  incident_timeline: {
    onImport: 'insert',
    columns: ['id', 'incident_id', 'position', 'at', 'kind', 'by_user', 'data'],
    values: {
      position: numberFrom(1),
      data: mapOf(anything),
    },
  },
  configuration_items: {
    onImport: 'insert',
    columns: [
      'id',
      'name',
      'type',
      'key',
      'status',
      'criticality',
      'attributes',
      'source',
      'created_at',
      'updated_at',
      'archived_at',
    ],
    values: {
      status: oneOf(ITEM_STATUSES),
      criticality: oneOf(CRITICALITIES),
      attributes: mapOf(anything),
    },
  },
  ci_relationships: {
    onImport: 'insert',
    columns: ['id', 'from_id', 'to_id', 'type', 'min_up', 'created_at'],
    values: {
      type: oneOf(RELATIONSHIP_TYPES),
      min_up: numberFrom(1),
    },
  },
  incident_items: { onImport: 'insert', columns: ['id', 'incident_id', 'item_id'] },
  sla_targets: {
    onImport: 'replace',
    columns: ['severity', 'response_minutes', 'resolution_minutes'],
    values: {
      severity: oneOf(SEVERITIES),
      response_minutes: numberFrom(1),
      resolution_minutes: numberFrom(1),
    },
  },
  data_sources: {
    onImport: 'insert',
    columns: [
      'id',
      'name',
      'kind',
      'group_by',
      'window_minutes',
      'enabled',
      'last_received_at',
      'created_at',
      'deleted_at',
    ],
    values: {
      kind: oneOf(DATA_SOURCE_KINDS),
      group_by: listOf(text),
      window_minutes: numberFrom(0),
    },
    withheld: { key_hash: 'a secret', previous_keys: 'secrets' },
    // Nothing is received for the data source until someone rotates its key.
    filled: () => ({ key_hash: null, previous_keys: [] }),
  },
  alerts: {
    onImport: 'insert',
    columns: [
      'id',
      'source_id',
      'fingerprint',
      'status',
      'labels',
      'annotations',
      'starts_at',
      'ends_at',
      'last_received_at',
      'count',
      'incident_id',
      'silence_id',
      'created_at',
    ],
    values: {
      status: oneOf(ALERT_STATUSES),
      count: COUNT,
      labels: LABELS,
      annotations: LABELS,
    },
  },
  alert_groups: { onImport: 'insert', columns: ['id', 'source_id', 'key', 'incident_id'] },
  silences: {
    onImport: 'insert',
    columns: ['id', 'matchers', 'starts_at', 'ends_at', 'comment', 'created_by', 'created_at', 'due_at'],
    values: {
      matchers: MATCHERS,
    },
  },
  slos: {
    onImport: 'insert',
    columns: [
      'id',
      'name',
      'service',
      'ci_id',
      'objective',
      'window_days',
      'indicator',
      'indicator_error',
      'asked_until',
      'firing',
      'incident_id',
      'created_at',
      'updated_at',
      'deleted_at',
      'due_at',
    ],
    values: {
      objective: numberFrom(LOWEST_OBJECTIVE, HIGHEST_OBJECTIVE),
      window_days: oneOf(SLO_WINDOWS),
      indicator: INDICATOR,
    },
  },
  slo_buckets: {
    onImport: 'insert',
    columns: ['id', 'slo_id', 'minute', 'good', 'total'],
    values: { good: numberFrom(0), total: numberFrom(0) },
  },
  runbooks: {
    onImport: 'insert',
    columns: ['id', 'name', 'version', 'created_at', 'archived_at'],
    values: { version: COUNT },
  },
  runbook_versions: {
    onImport: 'insert',
    columns: ['id', 'runbook_id', 'version', 'definition', 'created_by', 'created_at'],
    values: {
      definition: RUNBOOK,
    },
  },
  automation_policies: {
    onImport: 'replace',
    columns: ['subject', 'level', 'overrides', 'changed_at'],
    values: { level: oneOf(AUTONOMY_LEVELS), overrides: OVERRIDES },
  },
  // Runs that have not ended are cancelled (see `imported-runs.ts`).
  automation_runs: {
    onImport: 'insert',
    columns: [
      'id',
      'runbook_id',
      'runbook_version',
      'incident_id',
      'status',
      'requested_by',
      'parameters',
      'created_at',
      'finished_at',
      'due_at',
    ],
    values: {
      status: oneOf(RUN_STATUSES),
      parameters: mapOf(anything),
    },
  },
  automation_steps: {
    onImport: 'insert',
    columns: [
      'id',
      'run_id',
      'position',
      'name',
      'kind',
      'risk',
      'status',
      'config',
      'agent_selector',
      'timeout_seconds',
      'on_failure',
      'asked_by',
      'approval',
      'agent_id',
      'lease_id',
      'lease_expires_at',
      'exit_code',
      'output_bytes',
      'started_at',
      'finished_at',
      'error',
    ],
    values: {
      kind: oneOf(STEP_KINDS),
      risk: oneOf(RISKS),
      status: oneOf(STEP_STATUSES),
      config: mapOf(anything),
      agent_selector: LABELS,
    },
  },
  automation_outputs: { onImport: 'insert', columns: ['step_id', 'tail'] },
  agents: {
    onImport: 'insert',
    columns: [
      'id',
      'name',
      'labels',
      'reported_labels',
      'version',
      'hostname',
      'last_contact_at',
      'created_at',
    ],
    values: {
      labels: LABELS,
      reported_labels: LABELS,
    },
    withheld: { key_hash: 'a secret', previous_keys: 'secrets' },
    // Not the hash of any key. The agent cannot call until someone rotates its key.
    filled: ({ id }) => ({ key_hash: `none of ${String(id)}`, previous_keys: [] }),
  },
  ai_route_settings: {
    // Consent to send questions to an AI is given anew.
    onImport: 'keep in archive',
    columns: ['route', 'is_allowed', 'changed_at'],
  },
  ai_feature_settings: {
    onImport: 'keep in archive',
    columns: ['feature', 'is_allowed', 'changed_at'],
  },
  ai_endpoints: {
    onImport: 'keep in archive',
    columns: ['kind', 'base_url', 'model', 'used_as', 'timeout_seconds', 'changed_at'],
    withheld: { sealed_key: 'a secret' },
  },
  ai_answers: {
    onImport: 'insert',
    columns: ['id', 'incident_id', 'source', 'model', 'asked_by', 'answered_at'],
  },
  // Last, because importing a counter makes everyone wait who needs its next number.
  tenant_counters: {
    onImport: 'raise',
    columns: ['series', 'value'],
    values: { value: COUNTER },
  },
};

/** Tenant-scoped tables of which nothing is exported, each with the reason. */
export const WITHHELD_TABLES: Readonly<Record<string, string>> = {
  sessions: 'secrets, valid on this plane only',
  user_tokens: 'secrets, valid on this plane only',
  known_devices: 'access on this plane',
  used_signup_tokens: 'access on this plane',
  tenant_keys: 'keys of secrets',
  runbook_credentials: 'secrets',
  automation_secrets: 'secrets',
  slo_credentials: 'secrets',
  idempotency_keys: 'answers to requests, kept for a day',
  outgoing_mails: 'emails that are about to be sent',
  usage_days: 'metered by this plane, and known to the Control Plane',
};
