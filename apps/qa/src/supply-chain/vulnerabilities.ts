type Severity = 'critical' | 'high' | 'moderate' | 'low' | 'info';

/** A release without it follows within so many days of our knowing about it. docs/security-inventory.md says the same. */
export const DAYS: Readonly<Record<Severity, number>> = {
  critical: 2,
  high: 7,
  moderate: 30,
  low: 90,
  info: 90,
};

/** As `npm audit --json` tells it: what is only due to another package is named as that. */
export interface AuditReport {
  readonly vulnerabilities: Readonly<Record<string, { readonly via: readonly (string | Advisory)[] }>>;
}

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: Severity;
}

/** Those that wait for their release: by the advisory's address, since when, and why that is no harm until then. */
export type Waiting = Readonly<Record<string, { readonly since: string; readonly because: string }>>;

export const WAITING: Waiting = {};

/** What breaks the rule: known and not waiting, or waiting for longer than it may. */
export function overdue(report: AuditReport, today: Date, waiting: Waiting = WAITING): string[] {
  const advisories = Object.values(report.vulnerabilities).flatMap(({ via }) => via);
  const broken = advisories.filter((one): one is Advisory => {
    if (typeof one === 'string') return false;
    const since = waiting[one.url]?.since;
    const days = since === undefined ? Infinity : (today.getTime() - Date.parse(since)) / 86_400_000;
    return days > DAYS[one.severity];
  });
  return [
    ...new Set(broken.map(({ name, severity, title, url }) => `${name}: ${severity}: ${title} (${url})`)),
  ];
}
