import { type SloStatusView, type SloView } from '@atlas/tenant-api/slos';
import { FixedClock } from '@atlas/testing';
import { DueWork } from '../../src/due/due-work';
import { SloMeasurements } from '../../src/slos/slo-measurements';
import { type CallOptions, TestTenantPlane } from '../tenant-plane.fixture';
import { allowAddresses } from '../allow-addresses.fixture';
import { HAS_PROMETHEUS, RealPrometheus } from './real-prometheus.fixture';

const START = Date.parse('2026-11-01T00:00:00Z') / 1000;
const SCRAPE_SECONDS = 15;

/** Counters of two servers: 10 requests a second, of which 1 in 100 fails on the first one. */
function samples(): string {
  const lines = ['# TYPE http_requests counter'];
  for (const [labels, rate] of [
    ['code="200",instance="a"', 9.9],
    ['code="500",instance="a"', 0.1],
    ['code="200",instance="b"', 10],
  ] as const)
    for (let seconds = -300; seconds <= 1800; seconds += SCRAPE_SECONDS)
      lines.push(`http_requests_total{${labels}} ${(seconds + 300) * rate} ${START + seconds}`);
  return `${lines.join('\n')}\n# EOF\n`;
}

(HAS_PROMETHEUS ? describe : describe.skip)(
  'objectives that a real Prometheus measures (skipped unless prometheus and promtool are on the PATH)',
  () => {
    const clock = new FixedClock(new Date(START * 1000));
    let prometheus: RealPrometheus;
    let plane: TestTenantPlane;
    let admin: CallOptions;

    beforeAll(async () => {
      prometheus = await RealPrometheus.start(samples());
      plane = await TestTenantPlane.boot('sqlite', { clock });
      allowAddresses(plane);
      ({ admin } = await plane.tenantWithAdmin('acme'));
    });
    afterAll(async () => {
      await plane.close();
      await prometheus.stop();
    });

    const measured = async (
      good: string,
      total: string,
    ): Promise<{ slo: SloView; status: SloStatusView }> => {
      const indicator = { kind: 'prometheus', url: prometheus.url, good_query: good, total_query: total };
      const wanted = { name: 'Requests', objective: 0.99, window_days: 30, indicator };
      const { id } = (await plane.post('/api/slos', wanted, admin).expect(201)).body as SloView;
      clock.advance(195);
      await plane.app.get(DueWork).sweep();
      await plane.app.get(SloMeasurements).settled();
      const slo = await plane.get(`/api/slos/${id}`, admin).expect(200);
      const status = await plane.get(`/api/slos/${id}/status`, admin).expect(200);
      return { slo: slo.body, status: status.body };
    };

    it('count the requests of whole minutes', async () => {
      const { slo, status } = await measured(
        'sum(increase(http_requests_total{code!~"5.."}[1m]))',
        'sum(increase(http_requests_total[1m]))',
      );
      expect(slo.indicator_error).toBeNull();
      expect(status.total).toBeCloseTo(3 * 60 * 20, 3);
      expect(status.good).toBeCloseTo(3 * 60 * 19.9, 3);
      expect(status.budget.remaining_ratio).toBeCloseTo(0.5, 6);
    });

    it.each([
      ['an error in the query', 'sum(', 'indicator_refused'],
      ['several series', 'increase(http_requests_total[1m])', 'indicator_several_series'],
      ['a matrix', 'http_requests_total[1m]', 'indicator_wrong_type'],
      ['a text', '"x"', 'indicator_wrong_type'],
      ['not a number', 'scalar(nothing)', 'indicator_not_a_number'],
      ['nothing', 'sum(increase(nothing[1m]))', 'indicator_no_data'],
    ])('report %s', async (_, query, code) => {
      const { slo, status } = await measured(query, 'sum(increase(http_requests_total[1m]))');
      expect([slo.indicator_error?.code, status.state]).toEqual([code, 'no_data']);
    });
  },
);
