type Severity = 'critical' | 'high' | 'moderate' | 'low' | 'info';

/**
 * The deadline for releasing a fix, in days from when the vulnerability becomes known (also stated in
 * docs/security-inventory.md).
 */
export const DAYS: Readonly<Record<Severity, number>> = {
  critical: 2,
  high: 7,
  moderate: 30,
  low: 90,
  info: 90,
};

/**
 * The output of `npm audit --json`. If a package is affected only through another package, its `via` names
 * that package.
 */
export interface AuditReport {
  readonly vulnerabilities: Readonly<Record<string, { readonly via: readonly (string | Advisory)[] }>>;
}

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: Severity;
}

/**
 * Vulnerabilities for which a fix has not been released yet, by advisory URL. Each entry says when the wait
 * began, and why the vulnerability does no harm until a fix is released.
 */
export type Waiting = Readonly<Record<string, { readonly since: string; readonly because: string }>>;

export const WAITING: Waiting = {};

/** Vulnerabilities that violate the rule because they are not listed as waiting or have waited too long. */
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
