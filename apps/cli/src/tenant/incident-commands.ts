import { type Json } from '@atlas/platform';
import { type ImpactedItemView } from '@atlas/tenant-api/cmdb';
import { SEVERITIES } from '@atlas/tenant-api/severity';
import { type Option } from '../options';
import { type Column, tableText } from '../text';
import { INCIDENT_STATUSES } from './choices';
import { type TenantCommand, idOf, lists, part, sends } from './tenant-command';
import { valueText } from './view-text';

const group = 'Incidents and configuration items';
const operand = idOf('an incident', 'incidents list');

const STATUS: Option = {
  name: 'status',
  value: '<status>',
  field: 'status',
  text: 'only this status',
  choices: INCIDENT_STATUSES,
};
const SEVERITY: Option = {
  name: 'severity',
  value: '<severity>',
  field: 'severity',
  text: 'only this severity',
  choices: SEVERITIES,
};

const IMPACTED: readonly Column<Json<ImpactedItemView>>[] = [
  { title: 'depth', of: ({ depth }) => depth },
  { title: 'state', of: ({ state }) => state },
  { title: 'name', of: ({ name }) => name },
  { title: 'type', of: ({ type }) => type },
  { title: 'criticality', of: ({ criticality }) => criticality },
  { title: 'id', of: ({ id }) => id },
];

export const INCIDENT_COMMANDS: readonly TenantCommand[] = [
  lists('GET /api/incidents', 'incidents', {
    name: 'incidents list',
    group,
    summary: 'List incidents, newest first',
    examples: ['incidents list', 'incidents list --status open --severity P1'],
    options: [
      STATUS,
      SEVERITY,
      { name: 'assignee', value: '<user>', field: 'assignee_id', text: 'only those of this user (id)' },
      { name: 'item', value: '<id>', field: 'ci_id', text: 'only those that affect this configuration item' },
      {
        name: 'search',
        value: '<text>',
        field: 'q',
        text: 'only with this text in number, title or description',
      },
    ],
    columns: [
      { title: 'number', of: ({ number }) => number },
      { title: 'severity', of: ({ severity }) => severity },
      { title: 'status', of: ({ status }) => status },
      { title: 'sla', of: ({ sla }) => sla?.status },
      { title: 'alerts', of: ({ alert_count: count }) => count },
      { title: 'created', of: ({ created_at: createdAt }) => createdAt },
      { title: 'id', of: ({ id }) => id },
      { title: 'title', of: ({ title }) => title },
    ],
  }),
  sends('GET /api/incidents/:id', {
    name: 'incidents show',
    group,
    summary: 'Show an incident and its timeline',
    operand,
    examples: ['incidents show <id>'],
    also: part('timeline', 'GET /api/incidents/:id/timeline', [
      { title: 'at', of: ({ at }) => at },
      { title: 'kind', of: ({ kind }) => kind },
      { title: 'what', of: ({ data }) => valueText(data['text'] ?? data) },
    ]),
  }),
  sends('PATCH /api/incidents/:id', {
    name: 'incidents update',
    group,
    summary: 'Change the status, severity, assignee or resolution of an incident',
    operand,
    examples: [
      'incidents update <id> --status acknowledged --assignee <user>',
      'incidents update <id> --status closed --resolution-notes "Replaced the disk"',
    ],
    options: [
      { ...STATUS, text: 'new status' },
      { ...SEVERITY, text: 'new severity' },
      { name: 'assignee', value: '<user>', field: 'assignee_id', text: 'id of the user who works on it' },
      {
        name: 'resolution-notes',
        value: '<text>',
        field: 'resolution_notes',
        text: 'how it was resolved; required before it can be closed',
      },
      { name: 'root-cause', value: '<text>', field: 'root_cause', text: 'why it happened' },
    ],
  }),
  sends('POST /api/incidents/:id/notes', {
    name: 'incidents note',
    group,
    summary: 'Add a note to an incident',
    operand,
    examples: ['incidents note <id> --text "Rebooted web-2"'],
    options: [{ name: 'text', value: '<text>', field: 'text', text: 'the note', isRequired: true }],
    text: () => 'Added the note.\n',
  }),
  lists('GET /api/cmdb/items', 'configuration items', {
    name: 'items list',
    group,
    summary: 'List configuration items, newest first',
    examples: ['items list', 'items list --type server'],
    options: [
      { name: 'type', value: '<type>', field: 'type', text: 'only this type' },
      { name: 'key', value: '<key>', field: 'key', text: 'only the items with this key' },
    ],
    columns: [
      { title: 'name', of: ({ name }) => name },
      { title: 'type', of: ({ type }) => type },
      { title: 'criticality', of: ({ criticality }) => criticality },
      { title: 'status', of: ({ status }) => status },
      { title: 'key', of: ({ key }) => key },
      { title: 'id', of: ({ id }) => id },
    ],
  }),
  sends('GET /api/cmdb/items/:id/impact', {
    name: 'items impact',
    group,
    summary: 'Show what is affected if a configuration item is down, or what it needs',
    operand: idOf('a configuration item', 'items list'),
    examples: ['items impact <id>', 'items impact <id> --direction dependencies --depth 2'],
    options: [
      {
        name: 'direction',
        value: '<direction>',
        field: 'direction',
        text: 'what needs the item, or what it needs',
        choices: ['dependents', 'dependencies'],
        default: 'dependents',
      },
      { name: 'depth', value: '<n>', field: 'depth', isNumber: true, text: 'how far to look (1 to 20)' },
    ],
    text: ({ items, truncated }) => {
      if (items.length === 0) return 'Nothing.\n';
      return `${tableText(IMPACTED, items)}${truncated ? 'There is more. Pass a greater --depth.\n' : ''}`;
    },
  }),
];
