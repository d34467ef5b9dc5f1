import { type components } from '../api/generated/tenant-plane';

type Schemas = components['schemas'];

/** What people call the parts of the product that a plan can include. */
export const MODULE_NAMES: Readonly<Record<Schemas['Module'], string>> = {
  incidents: 'Incidents',
  cmdb: 'Configuration items',
  alerts: 'Alerts',
  exports: 'Exports',
  slos: 'SLOs',
  runbooks: 'Runbooks and automation',
  ai_analysis: 'Analyses by AI',
  ai_runbook_drafts: 'Runbook drafts by AI',
};

/** What people call the limits of a plan. */
export const LIMIT_NAMES: Readonly<Record<keyof Schemas['Limits'], string>> = {
  users: 'Users and open invitations',
  data_sources: 'Data sources',
  agents: 'Agents',
  ingest_per_minute: 'Calls with alerts per minute',
  retention_days: 'Days for which ended alerts are kept, at least',
  ai_credits_per_month: 'AI credits per month',
};

export const PLAN_NAMES: Readonly<Record<Schemas['Plan'], string>> = {
  core: 'Core',
  operations: 'Operations',
  enterprise: 'Enterprise',
};
