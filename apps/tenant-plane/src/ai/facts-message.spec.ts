import { type TimelineItem } from '../incidents/timeline-item.entity';
import { factsMessage, redactionOf } from './facts-message';
import { type Facts } from './incident-facts';
import { mentionedHosts, nameTokens, textIn } from './known-hosts';

const AT = new Date(0);
const FACTS = {
  incident: {
    id: 'own',
    title: 'Disk full',
    description: 'df says 100 %',
    severity: 'P2',
    status: 'open',
    created_at: AT,
    created_by: 'a-user',
  },
  timeline: [
    { id: 't1', at: AT, kind: 'note', byUser: 'a-user', data: { text: 'Looked at it' } },
    {
      id: 't2',
      at: AT,
      kind: 'assigned',
      byUser: 'a-user',
      data: { from: null, to: '0190a000-0000-7000-8000-000000000001' },
    },
    {
      id: 't3',
      at: AT,
      kind: 'alert',
      byUser: null,
      data: { status: 'firing', count: 2, alert_ids: ['a1'] },
    },
  ],
  alerts: [
    {
      id: 'a1',
      status: 'firing',
      labels: { alertname: 'Disk', password: 'hunter2-x' },
      annotations: {},
      startsAt: AT,
      endsAt: null,
      count: 3,
    },
  ],
  items: [
    {
      id: 'c1',
      type: 'server',
      name: 'web-1',
      status: 'production',
      criticality: 'high',
      attributes: { rack: 'r7' },
    },
  ],
  userNames: [],
  hostNames: ['web-1'],
} as unknown as Facts;
const told = (facts: Facts) => JSON.parse(factsMessage(facts, redactionOf(facts)).content);

describe('the facts of an incident', () => {
  it('have the IDs that an answer may cite, and no others', () => {
    const created_at = AT.toISOString();
    expect(told(FACTS)).toEqual({
      incident: {
        title: 'Disk full',
        description: 'df says 100 %',
        severity: 'P2',
        status: 'open',
        created_at,
      },
      timeline: [
        { id: 't1', at: created_at, kind: 'note', text: 'Looked at it' },
        { id: 't2', at: created_at, kind: 'assigned' },
        { id: 't3', at: created_at, kind: 'alert', status: 'firing', count: 2 },
      ],
      alerts: [
        {
          id: 'a1',
          status: 'firing',
          labels: { alertname: 'Disk', password: '[redacted]' },
          annotations: {},
          starts_at: created_at,
          ends_at: null,
          count: 3,
        },
      ],
      configuration_items: [
        { id: 'c1', type: 'server', name: '<HOST_1>', status: 'production', criticality: 'high' },
      ],
    });
  });

  it('are limited, and lose what is oldest', () => {
    const timeline = Array.from({ length: 40 }, (_, index) => ({
      id: `t${index}`,
      at: AT,
      kind: 'note',
      data: { text: '€'.repeat(3000) },
    })) as unknown as TimelineItem[];
    const facts = { ...FACTS, timeline };
    const { content } = factsMessage(facts, redactionOf(facts));
    expect(Buffer.byteLength(content)).toBeLessThan(24_100);
    const kept = told(facts).timeline.map(({ id }: { id: string }) => id);
    expect([kept.length, kept.at(-1)]).toEqual([7, 't39']);
  });

  it('name hosts in items, attributes and labels', () => {
    const items = [
      { type: 'server', name: 'alpha', attributes: { fqdn: 'alpha.corp.example', rack: 'r7' } },
      { type: 'service', name: 'checkout', attributes: {} },
      { type: 'service', name: 'web-1', attributes: {} },
      { type: 'server', name: 'A server in Berlin', attributes: { hostname: 7 } },
    ];
    const alerts = [{ labels: { instance: 'gamma:9100', job: 'node' } }];
    expect(mentionedHosts({ items, alerts })).toEqual(['alpha', 'web-1', 'alpha.corp.example', 'gamma']);
    expect(nameTokens('On Web-1.corp, 17 x: "db".')).toEqual(['on', 'web-1.corp', 'db', 'web-1']);
    const text = textIn({ data: { note: 'Down:\nweb-2' } });
    expect(nameTokens(text)).toContain('web-2');
  });
});
