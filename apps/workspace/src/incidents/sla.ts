import { type MantineColor } from '@mantine/core';
import { type Incident } from './incident';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** "3 h 20 min", or with one unit "3 h". */
export function lengthOf(ms: number, units = 2): string {
  let rest = Math.max(0, ms);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, units).join(' ') || 'less than 1 min';
}

interface SlaText {
  readonly text: string;
  readonly color?: MantineColor;
}

/** How an incident does against its targets, in a few words. */
export function slaTextOf({ sla, resolved_at: resolvedAt }: Incident, now: number): SlaText {
  if (!sla) return { text: '–' };
  const resolutionDue = Date.parse(sla.resolution_due_at);
  const isResponseNext = sla.responded_at === null;
  const due = isResponseNext ? Date.parse(sla.response_due_at) : resolutionDue;
  const left = due < now ? 'due now' : `due in ${lengthOf(due - now, 1)}`;
  switch (sla.status) {
    case 'on_track':
      return { text: left };
    case 'at_risk':
      return { text: left, color: 'orange' };
    case 'response_breached':
      return { text: 'response late', color: 'red' };
    case 'resolution_breached': {
      const end = resolvedAt ? Date.parse(resolvedAt) : now;
      return { text: `late by ${lengthOf(end - resolutionDue, 1)}`, color: 'red' };
    }
    case 'met':
      return { text: 'met' };
  }
}

interface Clock {
  /** How much of the time has passed, up to 100. */
  readonly percent: number;
  readonly text: string;
  readonly color: MantineColor;
}

const AT_RISK_PERCENT = 80;

/** One target of an incident. */
export function clockOf(created: string, due: string, ended: string | null, now: number): Clock {
  const start = Date.parse(created);
  const end = Date.parse(due);
  const at = ended ? Date.parse(ended) : now;
  const percent = Math.min(100, Math.max(0, (100 * (at - start)) / (end - start)));
  const isLate = at > end;
  const late = isLate ? `late by ${lengthOf(at - end)}` : 'in time';
  if (ended) return { percent, text: late, color: isLate ? 'red' : 'green' };
  if (isLate) return { percent, text: late, color: 'red' };
  const left = `${lengthOf(end - at)} left`;
  if (percent >= AT_RISK_PERCENT) return { percent, text: `only ${left}`, color: 'orange' };
  return { percent, text: left, color: 'blue' };
}
