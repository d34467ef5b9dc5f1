import { type DesiredTenant } from '@atlas/plane-contract';
import { EVERY_DATABASE, analysisSaying } from '@atlas/testing';
import { completionOf, streamOf } from '../fake-control-plane.fixture';
import { Link } from '../linked-plane.fixture';
import { type CallOptions, type TestTenantPlane, hostOf, tenantEntry } from '../tenant-plane.fixture';

/** Nothing of these may reach the Control Plane. */
const CANARIES = {
  email: 'canary@mail.example',
  ip: '192.0.2.77',
  host: 'canary-host-1',
  otherHost: 'canary-host-2',
  labelledHost: 'canary-node-3',
  user: 'Canary Birdwood',
  secret: 'hunter2-canary',
};
const DESCRIPTION =
  `${CANARIES.host} (${CANARIES.ip}) cannot reach ${CANARIES.otherHost}; ` +
  `token=${CANARIES.secret}; ask ${CANARIES.email}`;

describe.each(EVERY_DATABASE)('the facts that an AI is told, on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let admin: CallOptions;
  let incident: string;
  let item: string;
  let key: string;
  const tenant: DesiredTenant = tenantEntry('acme');

  beforeAll(async () => {
    link = await Link.create(driver);
    link.control.model = 'hybrid';
    link.control.wanted.put(tenant);
    plane = await link.startPlane();
    await link.reported(tenant.tenant_id);
    const host = hostOf(tenant.slug);
    admin = { ...(await plane.user(tenant, 'admin', { name: CANARIES.user })), host };
    const created = async (path: string, body: object) =>
      (await plane.post(path, body, admin).expect(201)).body;
    item = (await created('/api/cmdb/items', { type: 'server', name: CANARIES.host })).id;
    await created('/api/cmdb/items', { type: 'server', name: CANARIES.otherHost });
    const report = { title: `${CANARIES.host} is slow`, description: DESCRIPTION, severity: 'P2' };
    incident = (await created('/api/incidents', { ...report, ci_ids: [item] })).id;
    const text = `${CANARIES.user} restarted ${CANARIES.host.toUpperCase()}. Birdwood out.`;
    await created(`/api/incidents/${incident}/notes`, { text });
    key = (await created('/api/data-sources', { name: 'Alerts', kind: 'generic' })).key;
  });
  afterAll(() => link.close());

  const path = () => `/api/ai/incidents/${incident}/analysis`;
  const sent = () => link.control.questions.at(-1)?.body.messages.at(-1)?.content ?? '';

  it('replaces names, addresses and secrets on the way out, and puts them back on the way in', async () => {
    link.control.completion = completionOf(
      analysisSaying('Look at <HOST_1> (<IP_1>), and write to <EMAIL_1>.', {
        title: '<USER_1> restarted <HOST_1>',
        confidence: 1,
        reasoning: 'The secret was [redacted].',
        citations: [],
      }),
    );
    const { body } = await plane.post(path(), undefined, admin).expect(200);
    for (const canary of Object.values(CANARIES))
      expect(sent().toLowerCase()).not.toContain(canary.toLowerCase());
    expect(sent()).not.toContain('Birdwood');
    const { title, description } = JSON.parse(sent()).incident;
    expect([title, description]).toEqual([
      '<HOST_1> is slow',
      '<HOST_1> (<IP_1>) cannot reach <HOST_2>; token=[redacted]; ask <EMAIL_1>',
    ]);
    expect(body.analysis).toBe(`Look at ${CANARIES.host} (${CANARIES.ip}), and write to ${CANARIES.email}.`);
    expect(body.hypotheses).toEqual([
      {
        title: `${CANARIES.user} restarted ${CANARIES.host}`,
        confidence: 1,
        reasoning: 'The secret was [redacted].',
        citations: [],
      },
    ]);
  });

  it('hides items that are only mentioned, in any case and form, also without their domain', async () => {
    const names = ['qz7.corp.example', 'Prüfrechner-7'.normalize('NFD'), 'ÜBER-9', 'qx'];
    for (const name of names)
      await plane.post('/api/cmdb/items', { type: 'server', name }, admin).expect(201);
    const report = { title: 'QZ7, prüfrechner-7, über-9 and QX are down', severity: 'P3' };
    const { body } = await plane.post('/api/incidents', report, admin).expect(201);
    link.control.completion = completionOf(analysisSaying('All of them.'));
    await plane.post(`/api/ai/incidents/${body.id}/analysis`, undefined, admin).expect(200);
    expect(JSON.parse(sent()).incident.title).toBe('<HOST_1>, <HOST_2>, <HOST_3> and <HOST_4> are down');
  });

  it('puts names back into a stream that cuts placeholders in two', async () => {
    link.control.completion = streamOf(
      ['Look at <HO', 'ST_1', '> and <IP_', '1>.\n``', '`json\n{"hypotheses":[]}\n```'],
      '[DONE]',
    );
    const { text } = await plane.post(path(), undefined, {
      ...admin,
      headers: { accept: 'text/event-stream' },
    });
    const deltas = [...text.matchAll(/event: delta\ndata: (.*)\n/g)].map(
      ([, data = '']) => JSON.parse(data).text,
    );
    expect(deltas.join('')).toBe(`Look at ${CANARIES.host} and ${CANARIES.ip}.\n`);
    expect(text).toContain(`{"analysis":"Look at ${CANARIES.host} and ${CANARIES.ip}."`);
  });

  it('accepts citations of its timeline, alerts and items, but of nothing else', async () => {
    const alerts = [
      {
        status: 'firing',
        labels: { alertname: 'Slow', ci: CANARIES.host, instance: `${CANARIES.labelledHost}:9100` },
      },
    ];
    await plane.post(`/api/ingest/generic/${key}`, { alerts }, { host: hostOf(tenant.slug) }).expect(202);
    const [alert] = (await plane.get('/api/alerts', admin).expect(200)).body.items;
    const other = alert.incident_id;
    const timelineOf = async (id: string) =>
      (await plane.get(`/api/incidents/${id}/timeline`, admin).expect(200)).body.items;
    const [[own], [foreign]] = [await timelineOf(other), await timelineOf(incident)];
    const citations = [
      { kind: 'timeline', id: own.id },
      { kind: 'alert', id: alert.id },
      { kind: 'ci', id: item },
      { kind: 'timeline', id: foreign.id },
      { kind: 'ci', id: incident },
    ];
    const guess = { title: 'Slow', confidence: 0.4, reasoning: '', citations };
    link.control.completion = completionOf(analysisSaying('Slow.', guess, { ...guess, confidence: 0.6 }));
    const { body } = await plane.post(`/api/ai/incidents/${other}/analysis`, undefined, admin).expect(200);
    const kept = { ...guess, citations: citations.slice(0, 3) };
    expect(body.hypotheses).toEqual([{ ...kept, confidence: 0.6 }, kept]);
    for (const { id } of kept.citations) expect(sent()).toContain(id);
    expect(sent()).not.toContain(CANARIES.labelledHost);
  });
});
