import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TenantView, eventually } from '@atlas/testing';
import { type BothPlanes, startBothPlanes } from './both-planes.fixture';
import { OperatorsShell } from './operators-shell.fixture';

jest.setTimeout(120_000);

describe('atlas isolation-probe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-probe-'));
  const report = join(folder, 'report.md');
  let planes: BothPlanes;
  let shell: OperatorsShell;
  let edge: Server;
  const sessions = { asking: join(folder, 'asking'), asked: join(folder, 'asked') };
  let asked: TenantView;

  beforeAll(async () => {
    planes = await startBothPlanes('postgres');
    shell = new OperatorsShell(planes.stack);
    for (const slug of ['asking', 'asked'] as const) {
      const { tenant, session } = await planes.stack.tenantWithAdmin(slug);
      writeFileSync(sessions[slug], session.token);
      const incident = { body: { title: `of ${slug}`, severity: 'P2' }, session: session.token };
      await planes.stack.tenant(slug, '/api/incidents', incident);
      if (slug === 'asked') asked = tenant;
    }
    edge = createServer(mixUp).listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    shell.endAll();
    edge.close();
    await planes.stop();
    rmSync(folder, { recursive: true });
  });

  const planeUrl = (): string => planes.stack.tenantPlanes[0]?.url ?? '';
  const bySessions = (at: string, ...more: string[]) =>
    shell.atlas(
      'isolation-probe',
      '--tenant-plane',
      at,
      '--report',
      report,
      '--session-file',
      sessions.asking,
      '--other-session-file',
      sessions.asked,
      ...more,
    );

  /**
   * A faulty proxy in front of the plane. It treats everyone who names the tenant `asked` as a user of that
   * tenant.
   */
  function mixUp(incoming: IncomingMessage, response: ServerResponse): void {
    const { headers, method, url } = incoming;
    const isMistaken = headers['x-tenant-id'] === asked.id && url === '/api/incidents';
    const authorization = isMistaken
      ? `Bearer ${readFileSync(sessions.asked, 'utf8')}`
      : headers.authorization;
    const { hostname, port } = new URL(planeUrl());
    const onward = {
      hostname,
      port,
      method,
      path: url,
      headers: { ...headers, ...(authorization && { authorization }) },
    };
    const outgoing = request(onward, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  }

  it('creates two tenants, finds no leak, reports every attempt, and removes the tenants', async () => {
    const { code, out } = await shell.atlas(
      'isolation-probe',
      '--make-tenants',
      '--json',
      '--report',
      report,
    );
    const document = JSON.parse(out) as {
      verdict: string;
      attempts: { outcome: string; form: string }[];
      other_tenant: { id: string; slug: string };
    };
    expect([code, document.verdict]).toEqual([0, 'PASS']);
    expect(document.attempts.length).toBeGreaterThan(250);
    expect(new Set(document.attempts.map(({ form }) => form)).size).toBe(6);
    const text = readFileSync(report, 'utf8');
    expect(text).toContain('| Verdict | **PASS** |');
    expect(text).toContain('| Database | postgres |');
    expect(text).toContain(document.other_tenant.slug);
    expect(text).not.toMatch(/at[ur]_[0-9a-f-]{36}_|eyJ/);
    const isRemoved = async (): Promise<boolean> => {
      const { body } = await planes.stack.api<TenantView>(`/api/tenants/${document.other_tenant.id}`);
      return body.status !== 'active';
    };
    await eventually(isRemoved, { what: "the probe's tenant is removed" });
  });

  it('creates tenants on a remote Control Plane only if given --make-tenants', async () => {
    const { code, err } = await shell.atlas('isolation-probe');
    expect([code, err]).toEqual([2, expect.stringContaining('--make-tenants')]);
  });

  it('probes two existing tenants with the given sessions, and writes to neither of them', async () => {
    const { code, out } = await bySessions(
      planeUrl(),
      '--base-domain',
      `localhost:${planes.stack.tenantPlanePort}`,
    );
    expect([code, out]).toEqual([0, expect.stringMatching(/^PASS: \d+ attempts/)]);
    const text = readFileSync(report, 'utf8');
    expect(text).toContain('| POST /api/moves/consent | if it were accepted, a move');
    for (const slug of ['asking', 'asked']) {
      const session = readFileSync(sessions[slug as 'asking'], 'utf8');
      const { body } = await planes.stack.tenant<{ items: unknown[] }>(slug, '/api/incidents', { session });
      expect(body.items).toHaveLength(1);
    }
  });

  it('finds a leak, reports it without repeating the leaked data, and exits with 1', async () => {
    const { code, out } = await bySessions(`http://127.0.0.1:${(edge.address() as AddressInfo).port}`);
    expect([code, out]).toEqual([1, expect.stringMatching(/^LEAK: /)]);
    const text = readFileSync(report, 'utf8');
    const wrong = text.slice(text.indexOf('## What went wrong'), text.indexOf('## Not attempted'));
    expect(wrong).toContain(
      '| GET /api/incidents | header | x-tenant-id: its id | 200 | leak | the response contains data ' +
        'of the other tenant |',
    );
    expect(text).not.toContain('of asked');
  });
});
