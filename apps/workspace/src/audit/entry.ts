import { type TenantPlaneSchemas } from '@atlas/web';

export type Entry = TenantPlaneSchemas['schemas']['AuditRecord'];

/** The pages of what entries are about, by its kind. */
const PAGES = {
  incident: '/incidents/$id',
  configuration_item: '/cmdb/$id',
  slo: '/slos/$id',
  runbook: '/runbooks/$id',
  run: '/runs/$id',
  data_source: '/data-sources/$id',
  agent: '/agents/$id',
  silence: '/silences',
  user: '/users',
  identity_provider: '/settings/sign-in',
  sla_policy: '/settings/sla',
  automation_policy: '/settings/automation',
  ai_route: '/settings/ai',
  export: '/deployment',
  import: '/deployment',
  transfer: '/deployment',
} as const;
type Page = (typeof PAGES)[keyof typeof PAGES];

export function pageOf({ target: { kind } }: Entry): Page | undefined {
  return new Map<string, Page>(Object.entries(PAGES)).get(kind);
}

interface Difference {
  readonly field: string;
  readonly before: string;
  readonly after: string;
  readonly isChanged: boolean;
}

/** What an entry changed, by field. */
export function differencesOf({ before, after }: Entry): readonly Difference[] {
  const [old, new_] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(new_)])];
  return names.map((field) => {
    const [one, other] = [textOf(old[field]), textOf(new_[field])];
    return { field, before: one, after: other, isChanged: one !== other };
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === null || value === undefined) return {};
  return typeof value === 'object' && !Array.isArray(value) ? { ...value } : { value };
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}
