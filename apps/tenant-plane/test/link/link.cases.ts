import { randomUUID } from 'node:crypto';
import { Database } from '@atlas/persistence';
import { type DesiredTenant, PLANE_PATHS, epochOf } from '@atlas/plane-contract';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { type EntityManager } from 'typeorm';
import { AuditSealer } from '../../src/audit/audit-sealer';
import { ControlPlaneClient } from '../../src/control-plane-client/control-plane-client';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
import { User } from '../../src/credentials/user.entity';
import { Incident } from '../../src/incidents/incident.entity';
import { ReportedEntries } from '../../src/reporting/reported-entries';
import { Reporter } from '../../src/reporting/reporter';
import { SingleTenantFile } from '../../src/tenancy/single-tenant-file';
import { Tenant } from '../../src/tenancy/tenant.entity';
import { Link } from '../linked-plane.fixture';
import { Pause } from '../pause.fixture';
import { SignupKey } from '../signup-key.fixture';
import { PASSWORD, type TestTenantPlane, tenantEntry } from '../tenant-plane.fixture';

const statusOf = async (plane: TestTenantPlane, tenant: string): Promise<number> =>
  (await plane.get('/api/tenant-default', { tenant })).status;

describe.each(EVERY_DATABASE)('a plane that is linked to the Control Plane, on %s', (driver) => {
  let link: Link;
  let acme: DesiredTenant;

  beforeEach(async () => {
    link = await Link.create(driver);
    acme = tenantEntry('acme');
  });
  afterEach(() => link.close());

  it('enrols, serves the desired state, and reports it at once', async () => {
    const { control } = link;
    control.model = 'hybrid';
    control.wanted.put(acme);
    const plane = await link.startPlane({ TENANT_PLANE_PUBLIC_URL: 'http://127.0.0.1:4200' });
    await link.reported(acme.tenant_id);
    const { identities } = plane;
    expect(control.enrolments).toEqual([
      expect.objectContaining({
        token: control.token,
        instance_id: identities.current.instanceId,
        endpoint_url: 'http://127.0.0.1:4200',
        database: { driver },
        public_key: { kty: 'OKP', crv: 'X25519', x: expect.any(String) },
      }),
    ]);
    expect(identities.current.tenantPlaneId).toBe(control.planeId);
    // The plane stores the time of its last contact in the background.
    const body = await eventually(async () => {
      const answer = await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(200);
      return answer.body.control_plane.last_contact_at !== null && answer.body;
    });
    expect(body).toMatchObject({
      tenant: { id: acme.tenant_id },
      deployment: { model: 'hybrid' },
      control_plane: { reachable: true, last_contact_at: expect.any(String) },
    });
    const traces = control.traces.map(({ traceparent }) => traceparent ?? '');
    for (const trace of traces) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(new Set(traces).size).toBe(traces.length);
    expect(control.reports[0]).toMatchObject({
      revision: control.wanted.revision,
      sequence: 1,
      link_id: identities.linkId,
      endpoint_url: 'http://127.0.0.1:4200',
      tenants: [{ tenant_id: acme.tenant_id, state: 'applied', entry_revision: 1 }],
    });
  });

  it('reports at once what it applies while another report is being sent', async () => {
    const plane = await link.startPlane();
    link.control.wanted.put(acme);
    await link.reported(acme.tenant_id);
    const reporter = plane.app.get(Reporter);
    await reporter.settled();
    // A heartbeat follows the report, although nothing is left to report.
    jest.spyOn(reporter as unknown as { readonly isDue: boolean }, 'isDue', 'get').mockReturnValue(true);
    reporter.heartbeat();
    const pause = Pause.before(reporter, 'send');
    await pause.reached;
    const newcomer = tenantEntry('newcomer');
    link.control.wanted.put(newcomer);
    const isPending = (): boolean => plane.identities.lease.claim.pending.has(newcomer.tenant_id);
    await eventually(isPending, { what: 'the report waits' });
    pause.release();
    await link.reported(newcomer.tenant_id);
  });

  it.each([
    ['an upgrade from a version that stores less of each entry', () => ({ appliedContents: null })],
    [
      'a replica of a version that stores less of each entry has applied the latest entries',
      () => ({ revision: link.control.wanted.revision }),
    ],
  ])('requests everything once after %s', async (_, applied) => {
    const { wanted, pulls } = link.control;
    wanted.put(acme);
    const before = await link.startPlane();
    await link.reported(acme.tenant_id);
    await link.stopPlane(before);
    const signup_links = { revoked: ['0190'], carried: [] };
    wanted.put({ ...acme, signup_links });
    const offline = await link.startPlane({ ATLAS_OFFLINE_MODE: '1' });
    await offline.identities.update({ revision: wanted.revision, ...applied() });
    await link.stopPlane(offline);
    pulls.splice(0);
    const plane = await link.startPlane();
    await eventually(() => pulls.length > 1);
    expect(pulls.slice(0, 2).map(({ since }) => since)).toEqual([null, wanted.revision]);
    const read = (manager: EntityManager) => manager.findBy(Tenant, { id: acme.tenant_id });
    expect(await plane.app.get(Database).read(read)).toMatchObject([{ signupLinks: signup_links }]);
  });

  it('reports, at enrolment, the deployment model set in its environment', async () => {
    await link.startPlane({ ATLAS_TP_DEPLOYMENT: 'on_prem' });
    await eventually(() => link.control.enrolments.length > 0);
    expect(link.control.enrolments[0]?.deployment_model).toBe('on_prem');
  });

  it('keeps its identity across restarts, and uses its token only once', async () => {
    const { control } = link;
    control.wanted.put(acme);
    const first = await link.startPlane();
    await link.reported(acme.tenant_id);
    const { instanceId, tenantPlaneId } = first.identities.current;
    await link.stopPlane(first);
    const revision = control.wanted.revision;
    control.pulls.splice(0);
    const second = await link.startPlane();
    await eventually(() => control.pulls.length > 1, { what: 'the plane pulls' });
    expect(second.identities.current).toMatchObject({ instanceId, tenantPlaneId });
    expect(control.enrolments).toHaveLength(1);
    // The first pull asks for the missed changes. The next pull waits for more.
    expect(control.pulls).toMatchObject([
      { since: revision, wait: 0 },
      { since: revision, wait: 25 },
    ]);
    const sequences = control.reports.map((report) => report.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
  });

  it('reports the current address from its environment', async () => {
    const { control } = link;
    const before = await link.startPlane({ PORT: '4200' });
    await eventually(() => control.reports.length > 0, { what: 'the plane reports' });
    await link.stopPlane(before);
    expect(control.enrolments[0]?.endpoint_url).toBe('http://127.0.0.1:4200');
    control.reports.splice(0);
    await link.startPlane({ PORT: '4200', TENANT_PLANE_PUBLIC_URL: 'https://atlas.acme.example' });
    await eventually(() => control.reports.length > 0, { what: 'the plane reports' });
    expect(control.reports[0]?.endpoint_url).toBe('https://atlas.acme.example');
  });

  it('reports the other entries of its first state if one entry fails', async () => {
    // Neither the types nor the database allows such an entry, so it fails.
    const broken = { ...tenantEntry('broken'), name: null as unknown as string };
    link.control.wanted.put(broken);
    link.control.wanted.put(acme);
    await link.startPlane();
    await link.reported(acme.tenant_id);
    await link.reported(broken.tenant_id, 'failed');
    expect(link.control.refusals).toEqual([]);
  });

  it('serves what it last knew if it starts while the Control Plane is down', async () => {
    link.control.wanted.put(acme);
    const first = await link.startPlane();
    await link.reported(acme.tenant_id);
    const { session } = await first.user(acme, 'admin');
    await link.stopPlane(first);
    await link.control.stop();
    const second = await link.startPlane();
    await second.post('/api/incidents', { title: 'x', severity: 'P1' }, { session }).expect(201);
    const controlPlane = async () =>
      (await second.get('/api/tenant-default', { tenant: 'acme' }).expect(200)).body.control_plane;
    // Until the plane has taken the link, the contact of the one before it still counts.
    await eventually(async () => !(await controlPlane()).reachable);
    expect(await controlPlane()).toEqual({ reachable: false, last_contact_at: expect.any(String) });
    await second.get('/health/ready').expect(200);
    const globex = tenantEntry('globex');
    link.control.wanted.put(globex);
    await link.control.listen();
    await link.reported(globex.tenant_id);
    expect(await statusOf(second, 'globex')).toBe(200);
  });
});

describe.each(EVERY_DATABASE)('an enrolled plane on %s', (driver) => {
  let link: Link;
  let plane: TestTenantPlane;
  let acme: DesiredTenant;

  beforeAll(async () => {
    link = await Link.create(driver);
    plane = await link.startPlane();
  });
  afterAll(() => link.close());
  beforeEach(async () => {
    acme = tenantEntry('acme');
    link.control.wanted.startAnew(acme);
    await link.reported(acme.tenant_id);
  });

  it('applies every change', async () => {
    const { wanted } = link.control;
    wanted.put({ ...acme, status: 'suspended' });
    await eventually(async () => (await statusOf(plane, 'acme')) === 403);
    wanted.put({ ...acme, slug: 'acme-two', name: 'Acme 2' });
    await eventually(async () => (await statusOf(plane, 'acme-two')) === 200);
    expect(await statusOf(plane, 'acme')).toBe(404);
    await eventually(() => link.control.reported(acme.tenant_id)?.entry_revision === 3);
    const answer = await plane.get('/api/tenant-default', { tenant: acme.tenant_id });
    expect(answer.body.tenant).toEqual({ id: acme.tenant_id, slug: 'acme-two', name: 'Acme 2' });
  });

  it('reports a failed entry, applies the others, and applies the failed one once it is fixed', async () => {
    const { wanted } = link.control;
    // Neither the types nor the database allows such an entry, so it fails.
    const broken = { ...tenantEntry('broken'), name: null as unknown as string };
    const globex = tenantEntry('globex');
    wanted.put(broken);
    wanted.put(globex);
    await link.reported(globex.tenant_id);
    await link.reported(broken.tenant_id, 'failed');
    expect(link.control.reported(broken.tenant_id)?.error).toMatch(/\((23502|SQLITE_CONSTRAINT)\)/);
    expect([await statusOf(plane, 'globex'), await statusOf(plane, 'broken')]).toEqual([200, 404]);
    wanted.put({ ...broken, name: 'Fixed' });
    await link.reported(broken.tenant_id);
    expect(await statusOf(plane, 'broken')).toBe(200);
  });

  it('reports that the copy it should serve from is missing', async () => {
    const copy = '0199e000-0000-7000-8000-000000000021';
    const globex = tenantEntry('globex');
    link.control.wanted.put({ ...globex, requires_copy: copy });
    await link.reported(globex.tenant_id, 'failed');
    expect(link.control.reported(globex.tenant_id)?.code).toBe('copy_missing');
    expect(await statusOf(plane, 'globex')).toBe(404);
    link.control.wanted.put(globex);
    await link.reported(globex.tenant_id);
    expect(await statusOf(plane, 'globex')).toBe(200);
  });

  it('pulls again what it could not apply, even if nothing has changed since', async () => {
    const [globex, initech] = [tenantEntry('globex'), tenantEntry('initech')];
    const applier = plane.app.get(DesiredStateApplier);
    const fixing = jest.spyOn(plane.app.get(SingleTenantFile), 'fixTo');
    fixing.mockImplementation(async (id) => {
      if (id !== globex.tenant_id) return;
      fixing.mockRestore();
      throw new Error('The disk is full.');
    });
    const known = plane.identities.current.revision;
    const accept = applier.accept.bind(applier);
    let pullAgain = (): void => undefined;
    const isSeen = new Promise<void>((resolve) => (pullAgain = resolve));
    const accepted = jest
      .spyOn(applier, 'accept')
      .mockImplementationOnce(accept)
      .mockImplementationOnce(async (...given) => {
        await isSeen;
        return accept(...given);
      });
    link.control.wanted.changeTogether(() => {
      for (const entry of [globex, initech]) link.control.wanted.put(entry);
    });
    await link.reported(globex.tenant_id, 'failed');
    pullAgain();
    await link.reported(globex.tenant_id);
    expect(await statusOf(plane, 'globex')).toBe(200);
    expect(await statusOf(plane, 'initech')).toBe(200);
    const since = link.control.pulls.map((pull) => pull.since);
    expect(since.filter((revision) => revision === known).length).toBeGreaterThan(1);
    expect(accepted).toHaveBeenCalledTimes(2);
    accepted.mockRestore();
  });

  it('misses no change that is made while it applies another', async () => {
    const [globex, initech] = [tenantEntry('globex'), tenantEntry('initech')];
    const applier = plane.app.get(DesiredStateApplier);
    const apply = applier.apply.bind(applier);
    jest.spyOn(applier, 'apply').mockImplementationOnce(async (state, fence) => {
      link.control.wanted.put(initech);
      link.control.wanted.put({ ...globex, name: 'Renamed meanwhile' });
      return apply(state, fence);
    });
    link.control.wanted.put(globex);
    await link.reported(initech.tenant_id);
    const answer = await plane.get('/api/tenant-default', { tenant: 'globex' }).expect(200);
    expect(answer.body.tenant.name).toBe('Renamed meanwhile');
    expect(plane.identities.current.revision).toBe(link.control.wanted.revision);
  });

  it('applies changes again if it could not store the revision', async () => {
    const globex = tenantEntry('globex');
    const { identities } = plane;
    const keep = identities.update.bind(identities);
    let failures = 0;
    jest.spyOn(identities, 'update').mockImplementation(async (changes, fence) => {
      if (changes.revision === undefined || (failures += 1) > 1) return keep(changes, fence);
      throw new Error('The disk is full.');
    });
    const known = identities.current.revision;
    link.control.wanted.put(globex);
    await link.reported(globex.tenant_id);
    await eventually(() => identities.current.revision === link.control.wanted.revision, {
      what: 'the plane stores the revision',
    });
    expect(link.control.pulls.filter(({ since }) => since === known).length).toBeGreaterThan(1);
    jest.restoreAllMocks();
  });

  it('catches up with all changes made while it was down', async () => {
    const { wanted } = link.control;
    const [globex, initech] = [tenantEntry('globex'), tenantEntry('initech')];
    wanted.put(globex);
    await link.reported(globex.tenant_id);
    await link.stopPlane(plane);
    wanted.put({ ...acme, status: 'suspended' });
    wanted.put(initech);
    wanted.put({ ...acme, name: 'Acme 2' });
    wanted.remove(globex.tenant_id);
    plane = await link.startPlane();
    await link.reported(initech.tenant_id);
    const statuses = ['acme', 'globex', 'initech'].map((slug) => statusOf(plane, slug));
    expect(await Promise.all(statuses)).toEqual([200, 404, 200]);
    const answer = await plane.get('/api/tenant-default', { tenant: 'acme' });
    expect(answer.body.tenant.name).toBe('Acme 2');
  });

  it('stops serving a removed tenant, and keeps its rows', async () => {
    const { session } = await plane.user(acme, 'admin');
    await plane.post('/api/incidents', { title: 'Kept', severity: 'P1' }, { session }).expect(201);
    link.control.wanted.remove(acme.tenant_id);
    await eventually(async () => (await statusOf(plane, 'acme')) === 404);
    expect((await plane.rows(acme, Incident)).map(({ title }) => title)).toEqual(['Kept']);
    link.control.wanted.put(acme);
    await eventually(async () => (await statusOf(plane, 'acme')) === 200);
    const { body } = await plane.get('/api/incidents', { session }).expect(200);
    expect(body.items).toHaveLength(1);
  });

  it('stops serving a tenant that a full state leaves out, and keeps its rows', async () => {
    const globex = tenantEntry('globex');
    await plane.user(acme, 'admin');
    link.control.wanted.put(globex);
    await link.reported(globex.tenant_id);
    link.control.wanted.forget(acme.tenant_id);
    link.control.wanted.startNewEpoch();
    await eventually(async () => (await statusOf(plane, 'acme')) === 404);
    expect(await statusOf(plane, 'globex')).toBe(200);
    expect(await plane.rows(acme, User)).toHaveLength(1);
  });

  it('writes only what is new in a full state', async () => {
    const globex = tenantEntry('globex');
    const { wanted } = link.control;
    wanted.put(globex);
    await link.reported(globex.tenant_id);
    // The sealer may otherwise write what an earlier test has left to seal.
    await plane.app.get(AuditSealer).onApplicationShutdown();
    const writes = jest.spyOn(plane.app.get(Database), 'writeAs');
    wanted.changeTogether(() => {
      wanted.put({ ...globex, name: 'Globex 2' });
      wanted.startNewEpoch();
    });
    await eventually(() => plane.identities.current.revision === wanted.revision);
    expect(new Set(writes.mock.calls.map(([tenantId]) => tenantId))).toEqual(new Set([globex.tenant_id]));
    writes.mockRestore();
  });

  it("does not serve a tenant's rows if a full state requires another copy", async () => {
    const globex = tenantEntry('globex');
    const entry = { ...globex, entry_revision: 1 };
    expect(await plane.apply({ tenants: [entry] })).toMatchObject([{ entryRevision: 1 }]);
    const wanted = [acme, { ...entry, requires_copy: randomUUID() }];
    const applied = await plane.apply({ full: true, tenants: wanted });
    expect(applied.map(({ code }) => code)).toEqual([undefined, 'copy_missing']);
    expect(await statusOf(plane, 'globex')).toBe(404);
  });

  it('reports a missing copy even if something else fails', async () => {
    const globex = { ...tenantEntry('globex'), entry_revision: 1 };
    await plane.apply({ tenants: [globex] });
    const fixing = jest.spyOn(plane.app.get(SingleTenantFile), 'fixTo');
    fixing.mockRejectedValue(new Error('The disk is full.'));
    const wanted = { ...globex, requires_copy: randomUUID() };
    const failures = await plane.apply({ tenants: [wanted, globex] });
    fixing.mockRestore();
    expect(failures.map(({ code, isRetried }) => [code, isRetried])).toEqual([
      ['copy_missing', undefined],
      [undefined, undefined],
    ]);
  });

  it.each([
    ['removed', { purge: { job_id: randomUUID() } }],
    ['left behind by a move', { moved_to: 'https://globex.elsewhere.example' }],
  ])('does not serve rows that were %s, until an import replaces them', async (_, left) => {
    const globex = { ...tenantEntry('globex'), entry_revision: 1 };
    const codes = async (entry: DesiredTenant): Promise<(string | undefined)[]> =>
      (await plane.apply({ full: true, tenants: [acme, entry] })).map(({ code }) => code);
    expect(await codes(globex)).toEqual([undefined, undefined]);
    expect(await codes({ ...globex, phase: 'retired', ...left })).toEqual([undefined, undefined]);
    // A Control Plane that was restored from an older backup sends the same entry again and again.
    expect(await codes(globex)).toEqual([undefined, 'copy_missing']);
    expect(await codes(globex)).toEqual([undefined, 'copy_missing']);
    expect(await statusOf(plane, 'globex')).not.toBe(200);
    const transfer = { id: randomUUID(), role: 'target' } as const;
    expect(await codes({ ...globex, phase: 'importing', transfer })).toEqual([undefined, undefined]);
  });

  it('serves rows left behind by a move once an administrator clears moved_to', async () => {
    const globex = { ...tenantEntry('globex'), entry_revision: 1 };
    await plane.apply({ tenants: [{ ...globex, phase: 'retired', moved_to: 'https://elsewhere.example' }] });
    expect(await plane.apply({ tenants: [globex] })).toMatchObject([{ code: 'copy_missing' }]);
    const database = plane.app.get(Database);
    await database.write((manager) => manager.update(Tenant, { id: globex.tenant_id }, { movedTo: null }));
    expect(await plane.apply({ tenants: [globex] })).not.toMatchObject([{ code: 'copy_missing' }]);
    expect(await statusOf(plane, 'globex')).toBe(200);
  });

  it('trusts a sign-up key only while it is published', async () => {
    const key = await SignupKey.create();
    link.control.wanted.keys = [key.published];
    link.control.wanted.put({ ...acme, name: 'Renamed' });
    await eventually(() => plane.identities.current.keys.length === 1);
    const claims = { aud: link.control.planeId, sub: acme.tenant_id, email: 'a@b.example', now: plane.now };
    const token = await key.token(claims);
    link.control.wanted.keys = [(await SignupKey.create()).published];
    link.control.wanted.put(acme);
    await eventually(() => plane.identities.current.keys.every(({ kid }) => kid !== key.published.kid));
    await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }).expect(401);
    link.control.wanted.keys = [key.published];
    link.control.wanted.put(acme);
    await eventually(() => plane.identities.current.keys.some(({ kid }) => kid === key.published.kid));
    await plane.post('/api/auth/signup-exchange', { token, password: PASSWORD }).expect(201);
  });

  it('keeps reporting if its clock is set back', async () => {
    const { reports } = link.control;
    const reporter = plane.app.get(Reporter);
    await reporter.settled();
    const [before, now, monotonic] = [reports.length, Date.now(), performance.now()];
    jest.spyOn(Date, 'now').mockReturnValue(now - 3600_000);
    jest.spyOn(performance, 'now').mockReturnValue(monotonic + 25_000);
    reporter.heartbeat();
    jest.restoreAllMocks();
    await eventually(() => reports.length > before, { what: 'the plane reports' });
  });

  it('reports after a restart what it applied just before it stopped', async () => {
    const { control } = link;
    const globex = tenantEntry('globex');
    control.misbehavesAt = ['/api/tenant-planes/self/report'];
    control.manner = 'broken';
    control.wanted.put(globex);
    await eventually(async () => (await statusOf(plane, 'globex')) === 200);
    await eventually(() => control.rebuffs.length > 0, { what: 'the report is refused' });
    const unreported = await plane.app.get(ReportedEntries).missing();
    expect(unreported).toContainEqual({ tenantId: globex.tenant_id, entryRevision: 2 });
    await link.stopPlane(plane);
    control.manner = 'proper';
    plane = await link.startPlane();
    await link.reported(globex.tenant_id);
    const isMarked = async (): Promise<boolean> =>
      (await plane.app.get(ReportedEntries).missing()).every(({ tenantId }) => tenantId !== globex.tenant_id);
    await eventually(isMarked, { what: 'the plane has marked the entry as reported' });
  });

  it('reports its health and other tenants even if one tenant is not placed on this plane', async () => {
    const { control } = link;
    const others = ['globex', 'initech', 'hooli'].map((slug) => tenantEntry(slug));
    await unheard(() => others.forEach((entry) => control.wanted.put(entry)));
    const [globex, ...known] = others.map(({ tenant_id }) => tenant_id);
    control.wanted.forget(globex ?? '');
    Object.assign(plane.app.get(Reporter), { lastSentAt: -Infinity });
    control.wanted.touch();
    for (const id of known) await link.reported(id);
    await plane.app.get(Reporter).settled();
    expect(control.refusals.splice(0)).toContain('tenant_not_on_plane');
    expect(await plane.app.get(ReportedEntries).missing()).toEqual([]);
    const reports = control.reports.length;
    control.wanted.put(acme);
    await eventually(() => control.reports.length > reports, { what: 'the plane reports' });
    expect(control.refusals).toEqual([]);
  });

  it('sends a heartbeat even if the Control Plane knows none of the reported tenants', async () => {
    const { control } = link;
    const globex = tenantEntry('globex');
    await unheard(() => control.wanted.put(globex));
    control.wanted.forget(globex.tenant_id);
    Object.assign(plane.app.get(Reporter), { lastSentAt: -Infinity });
    const reports = control.reports.length;
    control.wanted.touch();
    await eventually(() => control.reports.length > reports, { what: 'the plane reports' });
    expect(control.reports.at(-1)?.tenants).toEqual([]);
    control.refusals.splice(0);
  });

  describe('whose Control Plane is restored from a backup', () => {
    it('reports the new entry even if an older one with a higher number is unreported', async () => {
      const { control } = link;
      await unheard(() => [1, 2, 3].forEach((n) => control.wanted.put({ ...acme, name: `Acme ${n}` })));
      control.manner = 'broken';
      control.wanted.startAnew({ ...acme, status: 'suspended' });
      await eventually(() => plane.identities.current.revision === control.wanted.revision);
      await plane.app.get(Reporter).settled();
      control.manner = 'proper';
      control.wanted.touch();
      const epoch = epochOf(control.wanted.revision);
      const newReports = () => control.reports.filter(({ revision }) => epochOf(revision) === epoch);
      const entry = { tenant_id: acme.tenant_id, entry_revision: 1, state: 'applied' };
      await eventually(() => newReports().length > 0, { what: 'the plane reports' });
      expect(newReports()[0]?.tenants).toEqual([entry]);
    });

    it('reports an entry even if a late report of an old entry has the same number', async () => {
      const { control } = link;
      const globex = tenantEntry('globex');
      await plane.app.get(Reporter).settled();
      const late = Pause.behind(plane.app.get(ControlPlaneClient), 'call');
      control.wanted.put(globex);
      await late.reached;
      const applying = Pause.behind(plane.app.get(DesiredStateApplier), 'apply');
      control.manner = 'broken';
      control.misbehavesAt = [PLANE_PATHS.report];
      control.wanted.changeTogether(() => {
        control.wanted.startAnew(acme);
        control.wanted.put({ ...globex, status: 'suspended' });
      });
      await applying.reached;
      late.release();
      await plane.app.get(Reporter).settled();
      const unreported = await plane.app.get(ReportedEntries).missing();
      applying.release();
      expect(unreported).toContainEqual({ tenantId: globex.tenant_id, entryRevision: 2 });
      await eventually(() => plane.identities.current.revision === control.wanted.revision);
      await link.stopPlane(plane);
      control.manner = 'proper';
      control.reports.splice(0);
      plane = await link.startPlane();
      await link.reported(globex.tenant_id);
    });

    it('reports no entry before it has pulled the new epoch', async () => {
      const { control } = link;
      await unheard(() => control.wanted.put({ ...acme, name: 'Renamed' }));
      await link.stopPlane(plane);
      control.wanted.startAnew({ ...acme, status: 'suspended' });
      const reports = control.reports.length;
      Object.assign(control, { misbehavesAt: [PLANE_PATHS.desiredState], manner: 'unsigned' });
      const rebuffs = control.rebuffs.length;
      plane = await link.startPlane();
      await eventually(() => control.rebuffs.length > rebuffs + 1, { what: 'the plane pulls' });
      await eventually(() => control.reports.length > reports, { what: 'the plane reports' });
      await plane.app.get(Reporter).settled();
      expect(control.reports.slice(reports).flatMap(({ tenants }) => tenants)).toEqual([]);
      control.manner = 'proper';
      await link.reported(acme.tenant_id);
      const isOld = ({ revision, tenants }: (typeof control.reports)[number]) =>
        tenants.length > 0 && epochOf(revision) !== epochOf(control.wanted.revision);
      expect(control.reports.slice(reports).filter(isOld)).toEqual([]);
    });

    it('reports the epoch of its entries even while one entry fails', async () => {
      const { control } = link;
      // Neither the types nor the database allows such an entry, so it fails.
      const broken = { ...tenantEntry('broken'), name: null as unknown as string };
      control.wanted.changeTogether(() => {
        control.wanted.startAnew(acme);
        control.wanted.put(broken);
      });
      await link.reported(broken.tenant_id, 'failed');
      expect(control.reports.at(-1)?.revision).toBe(`${epochOf(control.wanted.revision)}.0`);
    });

    it('no longer reports a tenant that the new state leaves out', async () => {
      const { control } = link;
      const globex = tenantEntry('globex');
      await unheard(() => control.wanted.put(globex));
      control.wanted.forget(globex.tenant_id);
      control.wanted.startNewEpoch();
      await eventually(async () => (await statusOf(plane, 'globex')) === 404);
      await link.stopPlane(plane);
      const pulls = control.pulls.length;
      plane = await link.startPlane();
      await eventually(() => control.pulls.length > pulls + 1, { what: 'the plane pulls' });
      await plane.app.get(Reporter).settled();
      expect(control.refusals).toEqual([]);
    });
  });

  /** Makes the plane apply a change, and loses the plane's report of it. */
  async function unheard(change: () => void): Promise<void> {
    const { control } = link;
    const rebuffs = control.rebuffs.length;
    Object.assign(control, { misbehavesAt: [PLANE_PATHS.report], manner: 'broken' });
    control.wanted.changeTogether(change);
    await eventually(() => control.rebuffs.length > rebuffs, { what: 'the report is refused' });
    await eventually(() => plane.identities.current.revision === control.wanted.revision);
    await plane.app.get(Reporter).settled();
    control.manner = 'proper';
  }
});
