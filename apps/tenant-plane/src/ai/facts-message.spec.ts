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
const told = (facts: Facts) => JSON.parse(factsMessage(facts, redactionOf(facts)).message.content);

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

  it('are limited, and lose what is oldest, which an answer can neither cite nor have put back', () => {
    const timeline = Array.from({ length: 40 }, (_, index) => ({
      id: `t${index}`,
      at: AT,
      kind: 'note',
      data: { text: `192.0.2.${index} ${'€'.repeat(3000)}` },
    })) as unknown as TimelineItem[];
    const facts = { ...FACTS, timeline };
    const redaction = redactionOf(facts);
    const { message, citable } = factsMessage(facts, redaction);
    expect(Buffer.byteLength(message.content)).toBeLessThan(24_100);
    const kept = told(facts).timeline.map(({ id }: { id: string }) => id);
    expect([kept.length, kept.at(-1)]).toEqual([7, 't39']);
    const cited = citable.filter(({ kind }) => kind === 'timeline').map(({ id }) => id);
    expect(cited).toEqual(kept);
    const placeholders = Array.from({ length: 40 }, (_, index) => `<IP_${index + 1}>`);
    const restored = placeholders.filter((one) => redaction.restore(one) !== one);
    expect(restored).toEqual(placeholders.filter((one) => message.content.includes(one)));
    expect(restored).toHaveLength(7);
  });

  it('cut no word in half, which nothing would recognise', () => {
    // The long token becomes so short that the cut is not behind what is sent.
    const text = `token=${'x'.repeat(3983)} ghp_hunter2hunter2hunter2`;
    const facts = { ...FACTS, timeline: [{ ...FACTS.timeline[0], data: { text } }] } as Facts;
    expect(told(facts).timeline[0].text).toBe('token=[redacted] ');
  });

  it('lose what a label, an annotation or a field with the name of a secret contains', () => {
    const alerts = FACTS.alerts.map((alert) => ({
      ...alert,
      labels: { password: 'an ordinary word', client_secret: 'hunter2-x' },
      annotations: { 'x-auth-token': 'two words' },
    }));
    const timeline = [{ ...FACTS.timeline[0], data: { db_password: 'an ordinary word' } }];
    const {
      alerts: [alert],
      timeline: [item],
    } = told({ ...FACTS, alerts, timeline } as unknown as Facts);
    expect([alert.labels, alert.annotations, item.db_password]).toEqual([
      { password: '[redacted]', client_secret: '[redacted]' },
      { 'x-auth-token': '[redacted]' },
      '[redacted]',
    ]);
  });

  it('hide names that JSON would escape', () => {
    const userNames = ['Al "Ace" Roe'];
    const incident = { ...FACTS.incident, title: 'Al "Ace" Roe left' };
    expect(told({ ...FACTS, userNames, incident }).incident.title).toBe('<USER_1> left');
  });

  it('name hosts in items, attributes and labels', () => {
    const items = [
      { type: 'server', name: 'alpha', attributes: { fqdn: 'alpha.corp.example', rack: 'r7' } },
      { type: 'service', name: 'checkout', attributes: {} },
      { type: 'service', name: 'web-1', attributes: {} },
      { type: 'server', name: 'A server in Berlin', attributes: { hostname: 7 } },
    ];
    const alerts = [{ labels: { instance: 'gamma:9100', job: 'node' } }];
    expect(mentionedHosts({ items, alerts })).toEqual([
      'alpha',
      'web-1',
      'A server in Berlin',
      'alpha.corp.example',
      'gamma',
    ]);
    expect(nameTokens('On Web-1.corp, 17 x: "db".')).toEqual(['on', 'web-1.corp', 'db', 'web-1']);
    expect(nameTokens('%77eb%2D1 eth_web-2 PRÜF'.normalize('NFD'))).toEqual(
      expect.arrayContaining(['web-1', 'web-2', 'prüf', 'prüf'.normalize('NFD'), 'prÜf']),
    );
    const text = textIn({ data: { note: 'Down:\nweb-2' } });
    expect(nameTokens(text)).toContain('web-2');
  });
});
