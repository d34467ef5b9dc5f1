import {
  DedicatedStack,
  Releases,
  type SessionView,
  type TenantView,
  databasesOfLongSuite,
  eventually,
} from '@atlas/testing';
import { QUICK_ROTATION } from './secret-rotation.fixture';

jest.setTimeout(180_000);

const [OLD, BAD, NEW] = ['0.0.8', '0.0.9', '0.1.0'];
const SLUGS = ['first', 'second', 'third'];

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly tenant_plane_id: string | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
}
interface PlaneView {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly version_class: string;
  readonly release: string;
}

describe.each(databasesOfLongSuite('sqlite'))('an upgrade of dedicated tenant planes on %s', (driver) => {
  let releases: Releases;
  let dedicated: DedicatedStack;
  const tenants: Record<string, TenantView> = {};
  let session: SessionView;

  beforeAll(async () => {
    releases = new Releases();
    for (const version of [OLD, BAD]) releases.add(version);
    releases.link(NEW);
    releases.breakFor(BAD, 'second');
    dedicated = await DedicatedStack.start(driver, {
      LOCAL_DRIVER_TENANT_PLANE: releases.folder,
      TENANT_PLANE_VERSION: OLD,
      UPGRADE_HEALTHY_SECONDS: '10',
      ...QUICK_ROTATION,
    });
    // One after the other, because a wave upgrades planes in order of age.
    for (const slug of SLUGS) await dedicated.provision(slug);
    for (const slug of SLUGS) tenants[slug] = await dedicated.stack.awaitActive(slug);
    session = await dedicated.stack.signUp(tenants['first'] as TenantView, endpointOf('first'));
    expect((await incidents({ title: 'From before', severity: 'P2' })).status).toBe(201);
  });
  afterAll(async () => {
    await dedicated.stop();
    releases.remove();
  });

  const endpointOf = (slug: string): string => tenants[slug]?.endpoint_url ?? '';
  const incidents = (body?: object) =>
    dedicated.stack.tenant<{ items: { title: string }[] }>('first', '/api/incidents', {
      at: endpointOf('first'),
      session: session.token,
      ...(body && { body }),
    });
  const fleet = async (): Promise<PlaneView[]> => {
    const { body } = await dedicated.stack.api<{ items: PlaneView[] }>('/api/tenant-planes');
    return body.items;
  };
  const versions = async (): Promise<string[]> => (await fleet()).map(({ version }) => version);
  const begin = async (path: string, body: object): Promise<string> => {
    const answer = await dedicated.stack.api<{ job: JobView }>(path, { body });
    if (answer.status !== 202) throw new Error(JSON.stringify(answer.body));
    return answer.body.job.id;
  };
  const job = async (id: string): Promise<JobView> =>
    (await dedicated.stack.api<JobView>(`/api/provisioning-jobs/${id}`)).body;
  const ends = (id: string): Promise<JobView> =>
    eventually(
      async () => {
        const now = await job(id).catch(() => null);
        return now && !['queued', 'running', 'waiting'].includes(now.status) && now;
      },
      { what: 'the job has finished', timeoutMs: 90_000, everyMs: 100 },
    );
  const serves = (slug: string): Promise<boolean> =>
    eventually(
      () =>
        fetch(`${endpointOf(slug)}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      {
        what: `${slug} is served`,
      },
    );

  it('stops at a plane that does not come up, and rolls it back so that it serves again', async () => {
    const wave = await begin('/api/tenant-planes/upgrades', { version: BAD, batch_size: 1 });
    const { status, error } = await ends(wave);
    expect([status, error?.code]).toEqual(['failed', 'wave_stopped']);
    expect(error?.detail).toMatch(/second-[0-9a-f]{8} \(upgrade_unhealthy\)/);
    expect(await versions()).toEqual([BAD, OLD, OLD]);
    await serves('second');
    const parts = await dedicated.stack.api<{ items: JobView[] }>(`/api/provisioning-jobs?parent_id=${wave}`);
    expect(parts.body.items.map((part) => part.status)).toEqual(['cancelled', 'succeeded']);
    // The tenant still has its data.
    expect((await incidents()).body.items).toMatchObject([{ title: 'From before' }]);

    // Once the release is fixed and the wave is retried, it continues with the remaining planes, even if the
    // Control Plane is killed midway.
    releases.breakFor(BAD, null);
    await dedicated.stack.controlPlane.end('SIGKILL');
    const doomed = await dedicated.stack.startControlPlane({
      ATLAS_FAULT_POINT: 'upgrade/replace-plane/after-effect:kill',
    });
    const { pid } = await dedicated.processOf('first');
    await dedicated.stack.api(`/api/provisioning-jobs/${wave}/retry`, { method: 'POST' });
    await doomed.exited;
    await dedicated.stack.startControlPlane();
    expect((await ends(wave)).status).toBe('succeeded');
    expect(await versions()).toEqual([BAD, BAD, BAD]);
    expect((await dedicated.processOf('first')).pid).toBe(pid);
  });

  it('stays in effect after a plane restarts, even if new planes get another version', async () => {
    const { pid } = await dedicated.processOf('first');
    process.kill(pid, 'SIGKILL');
    await dedicated.processOf('first', pid);
    await serves('first');
    expect((await versions())[0]).toBe(BAD);
  });

  it("can move a single plane to a requested version, and keeps the plane's data", async () => {
    const [first] = await fleet();
    const id = await begin(`/api/tenant-planes/${first?.id}/upgrade`, { version: NEW });
    expect((await ends(id)).status).toBe('succeeded');
    expect((await fleet())[0]).toMatchObject({ version: NEW, version_class: 'current', release: NEW });
    expect((await incidents({ title: 'From afterwards', severity: 'P3' })).status).toBe(201);
    const titles = (await incidents()).body.items.map(({ title }) => title);
    expect(titles.sort()).toEqual(['From afterwards', 'From before']);
  });

  // The upgraded plane's environment has only the new secret, but the plane's backup is still encrypted to
  // the key of its first secret.
  it('after a secret rotation still allows the plane to be backed up and deprovisioned', async () => {
    const { id, tenant_plane_id: planeId } = tenants['second'] as TenantView;
    for (const [operation, body] of [
      ['rotate-secret', { mode: 'routine' }],
      ['upgrade', { version: NEW }],
    ] as const)
      expect(await ends(await begin(`/api/tenant-planes/${planeId}/${operation}`, body))).toMatchObject({
        status: 'succeeded',
      });
    await serves('second');
    const gone = await begin(`/api/tenants/${id}/deprovision`, { confirm_slug: 'second' });
    expect(await ends(gone)).toMatchObject({ status: 'succeeded', error: null });
  });
});
