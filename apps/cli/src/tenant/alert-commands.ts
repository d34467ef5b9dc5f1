import { type Option } from '../options';
import { ALERT_STATUSES, DATA_SOURCE_KINDS } from './choices';
import { endOf, matchers } from './option-values';
import { REVOKE_NOW, type TenantCommand, idOf, lists, makesKey, sends } from './tenant-command';
import { valueText } from './view-text';

const group = 'Alerts';
const operand = idOf('a data source', 'data-sources list');

interface Source {
  readonly ingest_url: string;
  readonly key: string | null;
}

/** The address without the key, which is on standard output already. */
function whereToSend({ ingest_url: url, key }: Source): string {
  return `Alerts go to ${key === null ? url : url.replace(key, '<key>')}`;
}

const NAME: Option = { name: 'name', value: '<name>', field: 'name', text: 'its name', isRequired: true };

export const ALERT_COMMANDS: readonly TenantCommand[] = [
  lists('GET /api/alerts', 'alerts', {
    name: 'alerts list',
    group,
    summary: 'List alerts, newest first',
    examples: ['alerts list --status firing'],
    options: [
      {
        name: 'status',
        value: '<status>',
        field: 'status',
        text: 'only this status',
        choices: ALERT_STATUSES,
      },
      { name: 'source', value: '<id>', field: 'source_id', text: 'only from this data source' },
      { name: 'incident', value: '<id>', field: 'incident_id', text: 'only those of this incident' },
    ],
    columns: [
      { title: 'status', of: ({ status }) => status },
      { title: 'count', of: ({ count }) => count },
      { title: 'started', of: ({ starts_at: startsAt }) => startsAt },
      { title: 'ended', of: ({ ends_at: endsAt }) => endsAt },
      { title: 'labels', of: ({ labels }) => valueText(labels) },
      {
        title: 'incident',
        of: ({ incident_id: incidentId, silence_id: silenceId }) => incidentId ?? (silenceId && 'silenced'),
      },
    ],
  }),
  lists('GET /api/silences', 'silences', {
    name: 'silences list',
    group,
    summary: 'List silences, newest first',
    examples: ['silences list'],
    columns: [
      { title: 'state', of: ({ state }) => state },
      { title: 'starts', of: ({ starts_at: startsAt }) => startsAt },
      { title: 'ends', of: ({ ends_at: endsAt }) => endsAt },
      { title: 'alerts', of: ({ matchers: all }) => all.map(matcherText).join(' ') },
      { title: 'id', of: ({ id }) => id },
      { title: 'comment', of: ({ comment }) => comment },
    ],
  }),
  sends('POST /api/silences', {
    name: 'silences create',
    group,
    summary: 'Keep matching alerts from opening incidents, from now on',
    examples: [
      'silences create --matchers ci=web-2 --for 2h --comment "Replacing the disk"',
      'silences create --matchers service=shop,alertname=~Disk.* --for 1d --comment "Known problem"',
    ],
    options: [
      {
        name: 'matchers',
        value: '<matchers>',
        field: 'matchers',
        parse: matchers,
        isRequired: true,
        text: 'labels that alerts must have, separated by commas; besides =, also !=, =~ and !~',
      },
      {
        name: 'for',
        value: '<duration>',
        field: 'ends_at',
        parse: endOf,
        isRequired: true,
        text: 'how long: 90m, 2h or 1d',
      },
      { name: 'comment', value: '<text>', field: 'comment', text: 'why', isRequired: true },
    ],
    fields: () => ({ starts_at: new Date().toISOString() }),
  }),
  sends('DELETE /api/silences/:id', {
    name: 'silences delete',
    group,
    summary: 'End a silence now',
    operand: idOf('a silence', 'silences list'),
    examples: ['silences delete <id>'],
    done: 'The silence has ended. Alerts that it matched and that are still firing now open their incidents.',
  }),
  lists('GET /api/data-sources', 'data sources', {
    name: 'data-sources list',
    group,
    summary: 'List data sources, newest first',
    examples: ['data-sources list'],
    columns: [
      { title: 'name', of: ({ name }) => name },
      { title: 'kind', of: ({ kind }) => kind },
      { title: 'enabled', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
      { title: 'last received', of: ({ last_received_at: lastReceivedAt }) => lastReceivedAt },
      { title: 'grouped by', of: ({ group_by: labels }) => labels.join(' ') },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  makesKey('POST /api/data-sources', {
    name: 'data-sources create',
    group,
    summary: 'Create a data source, and show its key',
    examples: ['data-sources create --name "Production Alertmanager" --kind alertmanager'],
    options: [
      NAME,
      {
        name: 'kind',
        value: '<kind>',
        field: 'kind',
        text: 'what sends the alerts',
        choices: DATA_SOURCE_KINDS,
        isRequired: true,
      },
      {
        name: 'group-by',
        value: '<labels>',
        field: 'group_by',
        isList: true,
        text: 'alerts with the same values of these labels belong together',
        default: 'alertname',
      },
    ],
    keyOf: ({ key }) => key,
    hint: whereToSend,
  }),
  makesKey('POST /api/data-sources/:id/rotate-key', {
    name: 'data-sources rotate-key',
    group,
    summary: 'Replace the key of a data source; the old key works for another day',
    operand,
    examples: ['data-sources rotate-key <id>', 'data-sources rotate-key <id> --revoke-now'],
    options: [REVOKE_NOW],
    keyOf: ({ key }) => key,
    hint: whereToSend,
  }),
  sends('DELETE /api/data-sources/:id', {
    name: 'data-sources delete',
    group,
    summary: 'Delete a data source; its alerts stay',
    operand,
    examples: ['data-sources delete <id>'],
    done: 'Deleted the data source. Its key is refused from now on.',
  }),
];

function matcherText(matcher: {
  readonly name: string;
  readonly value: string;
  readonly is_regex: boolean;
  readonly is_equal: boolean;
}): string {
  const operator = matcher.is_regex ? '~' : '';
  return `${matcher.name}${matcher.is_equal ? `=${operator}` : `!${operator || '='}`}${matcher.value}`;
}
