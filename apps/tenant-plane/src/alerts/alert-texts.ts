import { createHash } from 'node:crypto';
import { SEVERITIES, type Severity } from '@atlas/tenant-api/incidents';
import { type Alert, type Labels, labelOf } from './alert.entity';

const LONGEST_TITLE = 200;
const LONGEST_DESCRIPTION = 20_000;

/** The incident's severity for the values of the label `severity`. */
const BY_LABEL: Readonly<Record<string, Severity>> = {
  critical: 'P1',
  error: 'P2',
  major: 'P2',
  high: 'P2',
  warning: 'P3',
  info: 'P4',
};
const UNKNOWN: Severity = 'P3';

export function severityOf(labels: Labels): Severity {
  const label = labelOf(labels, 'severity').toLowerCase();
  return Object.hasOwn(BY_LABEL, label) ? (BY_LABEL[label] ?? UNKNOWN) : UNKNOWN;
}

/** The most severe of these. */
export function worst(severities: readonly Severity[]): Severity {
  return SEVERITIES.find((severity) => severities.includes(severity)) ?? UNKNOWN;
}

/**
 * Identifies the alerts that have the same values of the labels `groupBy`, whatever the order of the names.
 */
export function groupKeyOf(groupBy: readonly string[], labels: Labels): string {
  const values = groupBy.toSorted().map((name) => [name, labelOf(labels, name)]);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex');
}

/** The title of an incident: the name of its first alert, and what the alert says about itself. */
export function titleOf([first]: readonly Alert[]): string {
  const { labels = {}, annotations = {}, fingerprint = '' } = first ?? {};
  const name = unlessBlank(labels['alertname']) ?? fingerprint;
  const summary = unlessBlank(annotations['summary']);
  return shortened(summary ? `${name}: ${summary}` : name, LONGEST_TITLE);
}

export function descriptionOf([first]: readonly Alert[]): string | null {
  const { description, summary } = first?.annotations ?? {};
  const text = unlessBlank(description) ?? unlessBlank(summary);
  return text === undefined ? null : shortened(text, LONGEST_DESCRIPTION);
}

function unlessBlank(text: string | undefined): string | undefined {
  return text?.trim() === '' ? undefined : text;
}

/** Never ends in half of a surrogate pair. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
