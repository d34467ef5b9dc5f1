import { type TenantPlaneSchemas, stateText } from '@atlas/web';

type Item = TenantPlaneSchemas['schemas']['TimelineItemView'];
type NameOf = (id: string) => string;

const OPENED: Readonly<Record<string, string>> = {
  alert: 'Opened by an alert',
  slo: 'Opened by an SLO',
  api: 'Reported by a program',
};
const MISSED: Readonly<Record<string, string>> = {
  response_breached: 'Not responded to in time',
  resolution_breached: 'Not resolved in time',
};

const textOf = (value: unknown): string => (typeof value === 'string' ? stateText(value) : '?');
const isOne = (value: unknown): boolean => value === 1;

function personOf(value: unknown, nameOf: NameOf): string {
  return typeof value === 'string' ? nameOf(value) : 'nobody';
}

/** An entry of the timeline as a sentence. Notes are shown as they are. */
export function timelineTextOf({ kind, data }: Item, nameOf: NameOf): string {
  switch (kind) {
    case 'created': {
      const severity = textOf(data['severity']);
      return `${OPENED[String(data['source'])] ?? 'Reported'} as ${severity}`;
    }
    case 'status':
      return MISSED[String(data['sla'])] ?? `State: ${textOf(data['from'])} → ${textOf(data['to'])}`;
    case 'severity':
      return `Severity: ${textOf(data['from'])} → ${textOf(data['to'])}`;
    case 'assigned':
      return `Assignee: ${personOf(data['from'], nameOf)} → ${personOf(data['to'], nameOf)}`;
    case 'note':
      return typeof data['text'] === 'string' ? data['text'] : '';
    case 'alert':
      return alertTextOf(data);
    case 'run':
      return `Run: ${textOf(data['status'])}`;
    case 'analysis':
      return `AI analysis by ${typeof data['model'] === 'string' ? data['model'] : 'a model'}`;
    default:
      return kind;
  }
}

function alertTextOf(data: Readonly<Record<string, unknown>>): string {
  const slo = data['slo_name'];
  if (typeof slo === 'string')
    return data['firing'] === false
      ? `SLO “${slo}” is back to normal`
      : `SLO “${slo}” spends its error budget too fast`;
  const many = isOne(data['count']) ? '1 alert' : `${String(data['count'] ?? 'Some')} alerts`;
  if (data['status'] === 'resolved') return `${many} resolved`;
  return `${many} ${isOne(data['count']) ? 'was' : 'were'} added`;
}

/** Whether the entry says that a target was missed. */
export function isMiss({ kind, data }: Item): boolean {
  return kind === 'status' && String(data['sla']) in MISSED;
}
