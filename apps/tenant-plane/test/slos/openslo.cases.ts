import { type SloView } from '@atlas/tenant-api/slos';
import { parse } from 'yaml';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { allowAddresses } from '../allow-addresses.fixture';

const GOOD_QUERY = 'sum(increase(http_requests_total{code!~"5.."}[1m]))';
const TOTAL_QUERY = 'sum(increase(http_requests_total[1m]))';

/** Has the form of the examples in the OpenSLO specification. */
const DOCUMENT = `
apiVersion: openslo/v1
kind: SLO
metadata:
  name: web-availability
  displayName: Web availability
  labels: {team: [a, b]}
spec:
  description: 99.5 % of search requests succeed
  service: web
  indicator:
    metadata: {name: web-successful-requests-ratio}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: Prometheus
            spec:
              url: https://prometheus.example.com
              query: ${GOOD_QUERY}
        total:
          metricSource:
            type: Prometheus
            spec:
              url: https://prometheus.example.com
              query: ${TOTAL_QUERY}
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Good
      target: 0.995
  alertPolicies: []
`;

describe('OpenSLO', () => {
  let plane: TestTenantPlane;
  let admin: CallOptions;

  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite');
    allowAddresses(plane);
    ({ admin } = await plane.tenantWithAdmin('acme'));
  });
  afterAll(() => plane.close());

  const importing = (document: string, options = admin) =>
    plane.post('/api/slos/import', undefined, options).type('application/yaml').send(document);
  const replaced = (text: string, by: string): string => {
    if (!DOCUMENT.includes(text)) throw new Error(`The document does not contain ${text}.`);
    return DOCUMENT.replace(text, by);
  };

  it('imports a document of Prometheus queries', async () => {
    const { body } = await importing(DOCUMENT).expect(201);
    expect(body).toMatchObject({
      name: 'Web availability',
      service: 'web',
      objective: 0.995,
      window_days: 28,
      indicator: {
        kind: 'prometheus',
        url: 'https://prometheus.example.com',
        good_query: GOOD_QUERY,
        total_query: TOTAL_QUERY,
      },
    });
    expect((await plane.get(`/api/slos/${body.id}`, admin).expect(200)).body).toEqual(body);
  });

  it('imports a document that is sent as text in JSON', async () => {
    const { body } = await plane.post('/api/slos/import', { document: DOCUMENT }, admin).expect(201);
    expect(body.service).toBe('web');
  });

  it('imports a document once if the request is repeated with its key', async () => {
    const once = { ...admin, headers: { 'idempotency-key': 'import-1' } };
    const [first, second] = [await importing(DOCUMENT, once), await importing(DOCUMENT, once)];
    expect([first.status, second.body]).toEqual([201, first.body]);
    expect((await importing(replaced('0.995', '0.99'), once).expect(422)).body.code).toBe(
      'idempotency_key_reused',
    );
  });

  it.each([
    ['7d', 7],
    ['1w', 7],
    ['28d', 28],
    ['30d', 30],
    ['90d', 90],
  ])('imports a window of %s', async (duration, window_days) => {
    const { body } = await importing(replaced('duration: 4w', `duration: ${duration}`)).expect(201);
    expect(body.window_days).toBe(window_days);
  });

  it('imports an objective in percent', async () => {
    const { body } = await importing(replaced('target: 0.995', 'targetPercent: 99.9')).expect(201);
    expect(body.objective).toBe(0.999);
  });

  it.each<[string, object]>([
    ['events', { kind: 'events' }],
    [
      'Prometheus',
      {
        kind: 'prometheus',
        url: 'https://p.example.com/x',
        good_query: GOOD_QUERY,
        total_query: TOTAL_QUERY,
      },
    ],
  ])('exports an objective with the indicator %s so that it can be imported again', async (_, indicator) => {
    const wanted = { name: 'Größe: "#1"', service: 'shop', objective: 0.9995, window_days: 90, indicator };
    const { body: slo } = await plane.post('/api/slos', wanted, admin).expect(201);
    const exported = await plane.get(`/api/slos/${slo.id}/openslo`, admin).buffer(true).expect(200);
    expect(exported.headers['content-type']).toBe('application/yaml; charset=utf-8');
    const document = exported.text;
    expect(parse(document)).toMatchObject({
      apiVersion: 'openslo/v1',
      kind: 'SLO',
      metadata: { name: 'gr-e-1', displayName: wanted.name },
      spec: {
        service: 'shop',
        timeWindow: [{ duration: '90d', isRolling: true }],
        budgetingMethod: 'Occurrences',
        objectives: [{ target: 0.9995 }],
      },
    });
    const { body: copy } = await importing(document).expect(201);
    const { id, ...fields } = slo as SloView;
    expect(copy).toMatchObject({ ...fields, id: expect.not.stringContaining(id) });
  });

  it.each([
    ['kind', 'kind: SLO', 'kind: SLI'],
    ['apiVersion', 'openslo/v1', 'openslo/v2alpha'],
    ['spec.budgetingMethod', 'Occurrences', 'Timeslices'],
    ['spec.timeWindow[0].duration', '4w', '1M'],
    ['spec.timeWindow[0].isRolling', 'isRolling: true', 'isRolling: false'],
    ['spec.timeWindow[0].calendar', 'isRolling: true', 'isRolling: true\n      calendar: {timeZone: UTC}'],
    ['spec.objectives', '- displayName: Good', '- target: 0.9\n    - displayName: Good'],
    ['spec.objectives[0].timeSliceTarget', 'target: 0.995', 'target: 0.995\n      timeSliceTarget: 0.9'],
    ['spec.objectives[0].targetPercent', 'target: 0.995', 'target: 0.995\n      targetPercent: 99'],
    ['spec.indicatorRef', 'service: web', 'service: web\n  indicatorRef: other'],
    ['spec.alertPolicies', 'alertPolicies: []', 'alertPolicies: [{alertPolicyRef: page}]'],
    ['spec.indicator.spec.thresholdMetric', 'ratioMetric:', 'thresholdMetric: {}\n      ratioMetric:'],
    ['spec.indicator.spec.ratioMetric.bad', 'counter: true', 'bad: {}'],
    [
      'spec.indicator.spec.ratioMetric.counter',
      'sum(increase(http_requests_total[1m]))',
      'sum(http_requests)',
    ],
    ['spec.indicator.spec.ratioMetric.good.metricSource.type', 'type: Prometheus', 'type: Datadog'],
    [
      'spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef',
      'type: Prometheus',
      'type: Prometheus\n            metricSourceRef: main',
    ],
    [
      'spec.indicator.spec.ratioMetric.good.metricSource.spec.url',
      'https://prometheus.example.com',
      'https://other.example.com',
    ],
  ])('refuses what Atlas cannot measure, naming %s', async (field, text, by) => {
    const { body } = await importing(replaced(text, by)).expect(422);
    expect(body).toMatchObject({ code: 'openslo_unsupported', field });
    expect(body.detail).toContain(field);
  });

  it.each([
    ['spec.objectives[0].target', '0.995', '1'],
    ['spec.objectives[0].target', '0.995', 'high'],
    ['metadata.displayName', 'Web availability', '" "'],
    ['spec.service', 'service: web', 'service: [web]'],
    ['spec.timeWindow', '- duration: 4w\n      isRolling: true', '{duration: 4w}'],
    ['spec.indicator.spec.ratioMetric.total.metricSource.spec.query', TOTAL_QUERY, '1'],
  ])('refuses a wrong value of %s', async (field, text, by) => {
    const { body } = await importing(replaced(text, by)).expect(400);
    expect(body).toMatchObject({ code: 'openslo_invalid', field });
  });

  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, index) => {
      const before = `*${'abcdefgh'[index]}`;
      return `${name}: &${name} [${Array.from({ length: 9 }, () => before).join(',')}]`;
    }),
  ].join('\n');

  it.each<[string, string]>([
    ['is not YAML', 'a: [b'],
    ['is a list', '- a'],
    ['has several parts', `${DOCUMENT}\n---\n${DOCUMENT}`],
    ['has the same field twice', `${DOCUMENT}\nkind: SLO`],
    ['is an alias bomb', bomb],
    ['is nested too deeply', `a: ${'['.repeat(100)}${']'.repeat(100)}`],
    ['has a reserved name', `${DOCUMENT}\n__proto__: {kind: SLO}`],
  ])('refuses a document that %s', async (_, document) => {
    expect((await importing(document).expect(400)).body.code).toBe('openslo_invalid');
  });

  /** Each would block the process for seconds, or even end it, if it were read. */
  it.each([
    ['lists that overflow the stack', `a: ${'['.repeat(30_000)}`, /nested too deeply$/],
    ['rows that overflow the stack', '- '.repeat(30_000), /nested too deeply$/],
    ['mappings that overflow the stack', '{a: '.repeat(15_000), /nested too deeply$/],
    ['thousands of mistakes', `a: [${','.repeat(60_000)}]`, /more than 10000 words and punctuation marks$/],
    [
      'thousands of fields',
      Array.from({ length: 7000 }, (_, index) => `a${index}: 1`).join('\n'),
      /more than 10000 words and punctuation marks$/,
    ],
    ['a mistake', 'kind: SLO\na: [b', /at line 2, column \d+$/],
  ])('says what is wrong with a document with %s', async (_, document, detail) => {
    expect((await importing(document).expect(400)).body).toMatchObject({
      code: 'openslo_invalid',
      detail: expect.stringMatching(detail),
    });
  });

  it.each([
    ['is empty', '', 400],
    ['is long', 'x'.repeat(65_537), 400],
    ['is longer than a request may be', 'x'.repeat(1_048_577), 413],
  ])('refuses a document that %s', async (_, document, status) => {
    await importing(document).expect(status);
  });

  it('accepts YAML nowhere else', async () => {
    const sent = plane.post('/api/incidents', undefined, admin).type('application/yaml');
    expect((await sent.send('title: x\nseverity: P1').expect(400)).body.code).toBe('validation_failed');
  });
});
