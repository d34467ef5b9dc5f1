import { type SlaProblem } from '@atlas/tenant-api/incidents';
import { type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { AT_RISK } from './sla';

/** The times of the row and of the clock, as the conditions below see them. */
type Milliseconds = (time: 'now' | 'createdAt' | 'responseDueAt' | 'resolutionDueAt') => string;

const HAS_TARGETS = '(incident.responseDueAt is not null and incident.resolutionDueAt is not null)';
const IS_BREACHED =
  '(coalesce(incident.resolvedAt, :now) > incident.resolutionDueAt ' +
  'or coalesce(incident.respondedAt, :now) > incident.responseDueAt)';

/**
 * What `slaView` says of the rows of a query with the alias `incident`, as a condition. Also sets the
 * parameters of the condition.
 */
export function slaCondition(
  query: SelectQueryBuilder<ObjectLiteral>,
  problem: SlaProblem,
  now: Date,
): string {
  query.setParameters({ now, nowMs: now.getTime() });
  if (problem === 'breached') return `(${HAS_TARGETS} and ${IS_BREACHED})`;
  const milliseconds = query.connection.options.type === 'postgres' ? onPostgres : onSqlite;
  const response = isNearlyOver('responseDueAt', milliseconds);
  const resolution = isNearlyOver('resolutionDueAt', milliseconds);
  const isAtRisk = `(${resolution} or (incident.respondedAt is null and ${response}))`;
  return `(${HAS_TARGETS} and incident.resolvedAt is null and not ${IS_BREACHED} and ${isAtRisk})`;
}

/** Compares whole numbers, so that the moment at which the share is reached counts on both databases. */
function isNearlyOver(dueAt: 'responseDueAt' | 'resolutionDueAt', milliseconds: Milliseconds): string {
  const since = `- ${milliseconds('createdAt')}`;
  return `(100 * (${milliseconds('now')} ${since}) >= ${100 * AT_RISK} * (${milliseconds(dueAt)} ${since}))`;
}

const onPostgres: Milliseconds = (time) =>
  time === 'now' ? 'cast(:nowMs as numeric)' : `extract(epoch from incident.${time} ) * 1000`;

/** SQLite has times as text, such as `2026-01-31 12:00:00.000`. */
const onSqlite: Milliseconds = (time) => {
  if (time === 'now') return ':nowMs';
  const part = `cast(substr( incident.${time} , 21, 3) as integer)`;
  return `(1000 * cast(strftime('%s', incident.${time} ) as integer) + ${part})`;
};
