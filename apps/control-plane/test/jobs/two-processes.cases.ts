import { JobRunner } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { type DesiredState, PLANE_PATHS } from '@atlas/plane-contract';
import { openNextSecret } from '@atlas/service-auth';
import { eventually } from '@atlas/testing';
import { In } from 'typeorm';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { ServiceKeys } from '../../src/service-keys/service-keys';
import { TestControlPlane, provisionBody } from '../control-plane.fixture';
import { Gate, lockWaits } from '../held-operator.fixture';
import { JOBS, STEPS } from '../job-scene.fixture';
import { type PlaneSimulator, bodyOf } from '../plane-simulator.fixture';

const path = PLANE_PATHS.desiredState;

/** On Postgres only, because a SQLite file belongs to one process. */
describe('two processes of a Control Plane', () => {
  let plane: TestControlPlane;
  let second: TestControlPlane;
  let cell: PlaneSimulator;
  let secondCell: PlaneSimulator;
  beforeAll(async () => {
    plane = await TestControlPlane.boot('postgres');
    second = await TestControlPlane.open(plane.database, plane.clock);
    second.apiKey = plane.apiKey;
    cell = await plane.enrolledCell({ region: 'common' });
    secondCell = cell.copy({ url: second.url });
  });
  afterAll(async () => {
    await second.app.close();
    await plane.close();
  });

  it('accept only one of 100 copies of a signed request between them', async () => {
    const request = cell.sign({ method: 'GET', path });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 ? cell : secondCell).send({ method: 'GET', path, request }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(99);
  });

  it('both refuse a revoked key immediately', async () => {
    const fired = await plane.enrolledCell();
    const firedAtSecond = fired.copy({ url: second.url });
    expect([(await fired.pullAll()).full, (await firedAtSecond.pullAll()).full]).toEqual([true, true]);
    expect((await (await plane.reissue(fired)).enrol()).status).toBe(200);
    const answers = await Promise.all([fired, firedAtSecond].map((one) => one.call({ method: 'GET', path })));
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });

  it('both refuse a compromised secret immediately, even if both have cached it', async () => {
    const leaked = await plane.enrolledCell();
    const leakedAtSecond = leaked.copy({ url: second.url });
    expect([(await leaked.pullAll()).full, (await leakedAtSecond.pullAll()).full]).toEqual([true, true]);
    await second.post(`/api/tenant-planes/${leaked.id}/rotate-secret`, { mode: 'compromised' }).expect(202);
    const answers = await Promise.all(
      [leaked, leakedAtSecond].map((one) => one.call({ method: 'GET', path })),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });

  describe('while one of them cancels a secret rotation,', () => {
    beforeEach(() => {
      // Only one of the two processes runs jobs.
      const runner = plane.app.get(JobRunner);
      jest.spyOn(second.app.get(JobRunner), 'advance').mockImplementation((id) => runner.advance(id));
    });
    afterEach(() => jest.restoreAllMocks());

    /** A plane with its current secret and with its next one, both calling the second process. */
    const rotating = async () => {
      const before = (await plane.enrolledCell()).copy({ url: second.url });
      const rotate = `/api/tenant-planes/${before.id}/rotate-secret`;
      const { id } = (await plane.post(rotate, { mode: 'routine' }).expect(202)).body.job;
      const sealed = await eventually(async () => {
        const answer = await before.call({ method: 'GET', path });
        return bodyOf<DesiredState>(answer).config.next_secret;
      });
      const secret = await openNextSecret(sealed, [before.secret]);
      const next = before.copy({ secret: secret.reveal() });
      const cancelled = async () => {
        await plane.post(`${JOBS}/${id}/cancel`).expect(202);
        await eventually(async () => (await plane.count(ProvisioningJob, { id, status: 'cancelled' })) > 0);
      };
      return { before, next, cancelled };
    };

    it('keep the next secret if the plane has already used it to call the other process', async () => {
      const { before, next, cancelled } = await rotating();
      expect((await next.pull()).status).toBe(200);
      await cancelled();
      for (const one of [before, next]) expect((await one.report()).status).toBe(200);
    });

    it('refuse the first use of the next secret once its revocation has begun', async () => {
      const { before, next, cancelled } = await rotating();
      const [reached, free] = [new Gate(), new Gate()];
      const keys = plane.app.get(ServiceKeys);
      const revoke = keys.revoke.bind(keys);
      jest.spyOn(keys, 'revoke').mockImplementationOnce(async (...given) => {
        reached.open();
        await free.opened;
        await revoke(...given);
      });
      const cancelling = cancelled();
      await reached.opened;
      const pull = next.pull();
      const isWaiting = async () => (await lockWaits(second.app.get(Database))) > 0;
      await Promise.race([pull, eventually(isWaiting, { everyMs: 5 })]);
      free.open();
      expect((await pull).status).toBe(401);
      await cancelling;
      expect((await before.report()).status).toBe(200);
    });
  });

  it('share the time at which a secret was last used', async () => {
    const calling = await plane.enrolledCell();
    const keyUse = async () => (await plane.rows(ServiceKey, { tenantPlaneId: calling.id }))[0]?.lastUsedAt;
    await plane.sweep();
    const before = await keyUse();
    plane.clock.advance(10);
    await calling.copy({ url: second.url }).pullAll();
    await Promise.all([plane.sweep(), second.sweep()]);
    expect([before, await keyUse()]).toEqual([expect.any(Date), plane.clock.now()]);
  });

  it('let only one of 200 callers redeem a token', async () => {
    const expected = await plane.registerCell();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => expected.copy({ url: n % 2 ? plane.url : second.url }).enrol()),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 199 }, () => 409)]);
  });

  it('complete a long poll to one process when the other process publishes a change', async () => {
    secondCell.revision = cell.revision;
    const poll = secondCell.pull(50);
    await plane.provision({ region: 'common' });
    expect((await poll).status).toBe(200);
  });

  it('create only one tenant for 100 requests with the same idempotency key', async () => {
    const body = provisionBody();
    const headers = { 'idempotency-key': 'both-processes' };
    const send = async (n: number): Promise<string> => {
      const answer = await (n % 2 ? plane : second).post('/api/tenants/provision', body, { headers });
      // A 409 means that the first request is still running, so the call is repeated.
      return answer.status === 409 ? send(n) : `${answer.status} ${answer.text}`;
    };
    const answers = new Set(await Promise.all(Array.from({ length: 100 }, (_, n) => send(n))));
    expect([...answers]).toEqual([expect.stringMatching(/^202 /)]);
    expect(await plane.count(Tenant, { slug: body['slug'] })).toBe(1);
  });

  it('share the jobs and run each step once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? plane : second).provision({ region: 'common' })),
    );
    for (const { body } of answers) await cell.serve(body.tenant.id);
    const ids = answers.map(({ body }) => body.job.id);
    const done = { id: In(ids), status: 'succeeded' };
    const isDone = async () => (await plane.count(ProvisioningJob, done)) === 20;
    await eventually(isDone, { what: 'all jobs have succeeded' });
    for (const { body } of answers) {
      const [job] = await plane.rows(ProvisioningJob, { id: body.job.id });
      expect(job?.steps.map((step) => [step.status, step.attempt])).toEqual(STEPS.map(() => ['done', 1]));
    }
  });
});
