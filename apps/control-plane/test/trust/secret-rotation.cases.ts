import { Database } from '@atlas/persistence';
import { type DesiredState } from '@atlas/plane-contract';
import { openNextSecret } from '@atlas/service-auth';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { IsNull } from 'typeorm';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { ProvisioningToken } from '../../src/enrolment/provisioning-token.entity';
import { SingleTenantPlanes } from '../../src/enrolment/single-tenant-planes';
import { AwaitNextSecretStep } from '../../src/operations/rotate-secret/await-next-secret.step';
import { Reports } from '../../src/plane-api/reports';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { ProvisioningWaker } from '../../src/provisioning-jobs/provisioning-waker';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { RequestNonce } from '../../src/service-keys/request-nonces/request-nonce.entity';
import { ServiceKey } from '../../src/service-keys/service-key.entity';
import { ServiceKeys } from '../../src/service-keys/service-keys';
import { TransferRelay } from '../../src/transfers/transfer-relay';
import { sendPart, takePart } from '../backup-part.fixture';
import { type TestControlPlane } from '../control-plane.fixture';
import { Gate, lockWaits } from '../held-operator.fixture';
import { JOBS, JobScene } from '../job-scene.fixture';
import { type Install, PlaneSimulator, type SignedAnswer, bodyOf, refusal } from '../plane-simulator.fixture';

const QUIET_SECONDS = 100;
const NOBODY = '00000000-0000-7000-8000-000000000000';
/** A transfer part, of which only the header is read. */
const PART = `${Buffer.from(
  JSON.stringify({ transfer: NOBODY, attempt: 'a', part: 1, kind: 'last', changes: 0 }),
).toString('base64url')}....`;

interface Accepted {
  readonly job: { readonly id: string };
  readonly install?: Install;
}

interface PlaneView {
  readonly id: string;
  readonly status: string;
  readonly key_in_use: string | null;
  readonly keys: readonly {
    readonly id: string;
    readonly role: string;
    readonly last_used_at: string | null;
  }[];
}

const keyIdIn = (secret: string): string => secret.split('_')[1] ?? '';

/**
 * A tenant plane's report is stored only while its key is accepted.
 *
 * To see it fail: in `Reports.receive`, leave out
 * `holdAccepted`; or in `holdAccepted`, leave out `shareLockOf`.
 */
describe.each(EVERY_DATABASE)("the rotation of a tenant plane's secret on %s", (driver) => {
  let scene: JobScene;
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  let readOnly: string;
  beforeAll(async () => {
    scene = await JobScene.set(driver, {
      INTERNAL_SERVICE_SECRET: 'one secret for all cells that Atlas runs',
      SECRET_ROTATION_QUIET_SECONDS: String(QUIET_SECONDS),
    });
    ({ plane } = scene);
    readOnly = await plane.createApiKey(['planes:read']);
  });
  afterAll(() => plane.close());
  beforeEach(async () => (cell = await plane.enrolledCell()));

  const ask = (mode: string, options = {}, id = cell.id) =>
    plane.post(`/api/tenant-planes/${id}/rotate-secret`, { mode }, options);
  const rotate = async (mode: string): Promise<Accepted> => bodyOf<Accepted>(await ask(mode).expect(202));
  const shown = async (): Promise<PlaneView | undefined> =>
    bodyOf<{ items: PlaneView[] }>(await plane.get('/api/tenant-planes')).items.find(
      ({ id }) => id === cell.id,
    );
  const stepsOf = async (id: string): Promise<string[]> =>
    (await scene.job(id)).steps.map(({ name, status }) => `${name} ${status}`);

  /** Sweeps repeatedly, because a single sweep misses jobs that start waiting after it. */
  const sweptUntil = (id: string, status: string): Promise<boolean> =>
    eventually(
      async () => {
        await plane.sweep();
        return (await scene.job(id)).status === status;
      },
      { what: `the job is ${status}` },
    );

  /** The cell with the secret that it received in its desired state. */
  const handedOver = async (): Promise<PlaneSimulator> => {
    const answer = await cell.pull(10);
    const { next_secret } = bodyOf<DesiredState>(answer).config;
    const secret = await openNextSecret(next_secret ?? '', [cell.secret]);
    return cell.copy({ secret: secret.reveal() });
  };

  /** The cell, restarted with the new bundle. */
  const installedWith = (install: Install | undefined): PlaneSimulator =>
    new PlaneSimulator(plane.url, plane.clock, cell.id, install as Install);

  describe('in routine mode', () => {
    it('delivers the next secret, and accepts both until the plane stops using the old one', async () => {
      const before = cell.revision;
      const poll = cell.pull(50);
      const accepted = await ask('routine').expect(202);
      const { id } = bodyOf<Accepted>(accepted).job;
      expect(accepted.headers['location']).toBe(`${JOBS}/${id}`);
      expect(accepted.body).toMatchObject({
        job: { operation: 'rotate_secret', tenant_id: null, tenant_plane_id: cell.id },
        tenant_plane: { id: cell.id, status: 'enrolled' },
      });
      // The rotation completes the poll that is already waiting.
      expect((await poll).status).toBe(200);
      await scene.reaches(id, 'waiting');
      cell.revision = before;
      const next = await handedOver();
      for (const one of [cell, next, cell]) expect((await one.report()).status).toBe(200);
      expect(bodyOf<DesiredState>(await next.pull(0, before)).config).not.toHaveProperty('next_secret');

      await plane.sweep();
      plane.clock.advance(QUIET_SECONDS - 1);
      await next.report();
      await plane.sweep();
      expect(await stepsOf(id)).toEqual([
        'mint-next-secret done',
        'await-next-secret waiting',
        'revoke-old-secret pending',
      ]);
      plane.clock.advance(1);
      await plane.sweep();
      await scene.reaches(id, 'succeeded');
      expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
      expect((await next.report()).status).toBe(200);
    });

    it('continues while the old secret is in use, and shows which key is in use', async () => {
      const { job } = await rotate('routine');
      const next = await handedOver();
      await next.report();
      await plane.sweep();
      expect(await shown()).toMatchObject({
        key_in_use: keyIdIn(next.secret),
        keys: expect.arrayContaining([
          expect.objectContaining({ id: keyIdIn(cell.secret), role: 'current' }),
          expect.objectContaining({ id: keyIdIn(next.secret), role: 'next' }),
        ]),
      });
      for (let round = 0; round < 3; round += 1) {
        plane.clock.advance(QUIET_SECONDS - 1);
        await cell.report();
        await plane.sweep();
      }
      await scene.reaches(job.id, 'waiting');
      const used = await shown();
      expect(used?.key_in_use).toBe(keyIdIn(cell.secret));
      expect(used?.keys.find(({ role }) => role === 'current')?.last_used_at).toBe(
        plane.clock.now().toISOString(),
      );

      plane.clock.advance(QUIET_SECONDS);
      await sweptUntil(job.id, 'succeeded');
      expect((await shown())?.keys).toMatchObject([{ id: keyIdIn(next.secret), role: 'current' }]);
    });

    it('does not fail if its next check becomes due during a check', async () => {
      const { job } = await rotate('routine');
      const next = await handedOver();
      await next.report();
      await plane.sweep();
      await scene.reaches(job.id, 'waiting');
      const step = plane.app.get(AwaitNextSecretStep);
      const run = step.run.bind(step);
      const look = jest.spyOn(step, 'run').mockImplementation(async (context) => {
        const result = await run(context);
        plane.clock.advance(2);
        return result;
      });
      plane.clock.advance(QUIET_SECONDS - 1);
      await next.report();
      await eventually(() => look.mock.calls.length > 0, { what: 'the step checks again' });
      await sweptUntil(job.id, 'succeeded');
      look.mockRestore();
    });

    it('waits for a plane that does not call, and finally times out', async () => {
      const { job } = await rotate('routine');
      await scene.reaches(job.id, 'waiting');
      plane.clock.advance(29 * 24 * 3600);
      await plane.sweep();
      await scene.reaches(job.id, 'waiting');
      plane.clock.advance(24 * 3600);
      await plane.sweep();
      await scene.reaches(job.id, 'failed');
      expect((await scene.job(job.id)).error).toMatchObject({ code: 'wait_timed_out' });
      expect((await cell.report()).status).toBe(200);
    });

    it('keeps the old secret and refuses the next one if cancelled before the plane switches', async () => {
      const { job } = await rotate('routine');
      const next = await handedOver();
      await scene.act(job.id, 'cancel').expect(202);
      await scene.reaches(job.id, 'cancelled');
      expect((await cell.report()).status).toBe(200);
      expect(refusal(await next.report())).toEqual([401, 'bad_signature']);
      expect(await shown()).toMatchObject({ keys: [{ id: keyIdIn(cell.secret), role: 'current' }] });
    });

    it('keeps both secrets if cancelled after the switch, until another rotation revokes them', async () => {
      const { job } = await rotate('routine');
      const next = await handedOver();
      await next.report();
      await scene.act(job.id, 'cancel').expect(202);
      await scene.reaches(job.id, 'cancelled');
      for (const one of [cell, next]) expect((await one.report()).status).toBe(200);

      const again = await rotate('routine');
      const third = await handedOver();
      await third.report();
      await plane.sweep();
      plane.clock.advance(QUIET_SECONDS);
      await sweptUntil(again.job.id, 'succeeded');
      for (const one of [cell, next]) expect(refusal(await one.report())).toEqual([401, 'bad_signature']);
      expect((await third.report()).status).toBe(200);
    });

    it('is superseded if the plane enrols with a new bundle; only the new secret remains valid', async () => {
      const { job } = await rotate('routine');
      const next = await handedOver();
      const anew = await plane.reissue(cell);
      expect((await anew.enrol()).status).toBe(200);
      await scene.reaches(job.id, 'succeeded');
      for (const one of [cell, next]) expect(refusal(await one.report())).toEqual([401, 'bad_signature']);
      expect((await anew.report()).status).toBe(200);
    });
  });

  describe('after a compromise', () => {
    it('revokes the old secret at once, and succeeds once the plane enrols with the new bundle', async () => {
      const keyId = keyIdIn(cell.secret);
      const calls = await plane.count(RequestNonce, { keyId });
      const poll = cell.pull(50);
      await eventually(async () => (await plane.count(RequestNonce, { keyId })) > calls);
      const { job, install } = await rotate('compromised');
      expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
      expect(refusal(await poll)).toEqual([401, 'bad_signature']);
      await scene.reaches(job.id, 'waiting');
      expect(await shown()).toMatchObject({ status: 'expected', key_in_use: null, keys: [] });

      const secret = install?.env['INTERNAL_SERVICE_SECRET'] ?? '';
      const anew = cell.copy({ token: install?.token, secret });
      expect(refusal(await anew.report())).toEqual([403, 'not_enrolled']);
      expect((await anew.enrol()).status).toBe(200);
      await scene.reaches(job.id, 'succeeded');
      expect(await shown()).toMatchObject({ status: 'enrolled', key_in_use: keyIdIn(secret) });
      expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
    });

    it.each<[string, () => object, string, () => Promise<SignedAnswer>]>([
      ['a report', () => plane.app.get(Reports), 'receive', () => cell.report()],
      [
        'a part of a transfer',
        () => plane.app.get(TransferRelay),
        'take',
        () => sendPart(cell, NOBODY, PART),
      ],
      [
        'a request for a part (which also reports imports)',
        () => plane.app.get(TransferRelay),
        'give',
        () => takePart(cell, NOBODY),
      ],
    ])('stores nothing from %s that was admitted before the rotation', async (_, service, method, call) => {
      const methods = service() as Record<string, (...given: unknown[]) => Promise<unknown>>;
      const work = methods[method]?.bind(methods) as (...given: unknown[]) => Promise<unknown>;
      const [reached, released] = [new Gate(), new Gate()];
      jest.spyOn(methods, method).mockImplementationOnce(async (...given) => {
        reached.open();
        await released.opened;
        return work(...given);
      });
      const calling = call();
      await reached.opened;
      await rotate('compromised');
      released.open();
      expect(refusal(await calling)).toEqual([401, 'bad_signature']);
    });

    // SQLite serialises writers, so this matters only on Postgres.
    const onPostgres = driver === 'postgres' ? it : it.skip;
    /** Begins a write with the cell's secret. It ends once the gate is opened. */
    const holdWrite = async (): Promise<{ readonly writing: Promise<void>; readonly free: Gate }> => {
      const [held, free] = [new Gate(), new Gate()];
      const writing = plane.app.get(Database).write(async (manager) => {
        await plane.app.get(ServiceKeys).holdAccepted(manager, keyIdIn(cell.secret));
        held.open();
        await free.opened;
      });
      await held.opened;
      return { writing, free };
    };

    onPostgres('waits for a write with the old secret, but takes effect before the next call', async () => {
      const { writing, free } = await holdWrite();
      const database = plane.app.get(Database);
      const ended: string[] = [];
      const waiting = (count: number) => async () => ended.length > 0 || (await lockWaits(database)) >= count;
      const rotating = rotate('compromised').then(() => ended.push('rotation'));
      await eventually(waiting(1), { everyMs: 5 });
      const next = sendPart(cell, NOBODY, PART).finally(() => ended.push('next call'));
      await eventually(waiting(2), { everyMs: 5 });
      expect(ended).toEqual([]);
      free.open();
      await Promise.all([writing, rotating]);
      expect(refusal(await next)).toEqual([401, 'bad_signature']);
      expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
    });

    onPostgres('is not delayed by a plane that keeps calling', async () => {
      const { writing, free } = await holdWrite();
      const calls = [() => cell.report(), () => sendPart(cell, NOBODY, PART)];
      const callers = [...calls, ...calls].map(async (call) => {
        for (let status = 0; status !== 401;) ({ status } = await call());
      });
      let isOver = false;
      const rotating = ask('compromised').then(({ status }) => ((isOver = true), status));
      // Only the held write delays the rotation, because all callers wait until it is over.
      const areWaiting = async () => isOver || (await lockWaits(plane.app.get(Database))) > callers.length;
      const what = 'the callers wait for the rotation';
      await eventually(areWaiting, { everyMs: 5, what }).finally(() => free.open());
      const late = sendPart(cell, NOBODY, PART).then(({ status }) => status);
      expect([isOver, await late, await rotating]).toEqual([false, 401, 202]);
      await Promise.all([writing, ...callers]);
    });

    it('returns the bundle again to a repeated request, until the bundle is used', async () => {
      const options = { headers: { 'idempotency-key': `leak-${cell.id}` } };
      const answers = await Promise.all([1, 2, 3].map(() => ask('compromised', options).expect(202)));
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      const { install } = bodyOf<Accepted>(answers[0] ?? { body: null });
      await cell.copy({ token: install?.token, secret: install?.env['INTERNAL_SERVICE_SECRET'] }).enrol();
      expect((await ask('compromised', options).expect(202)).body.install).toBeNull();
    });

    it('fails if no plane enrols in time, and resumes with another bundle', async () => {
      const { job } = await rotate('compromised');
      await scene.reaches(job.id, 'waiting');
      plane.clock.advance(24 * 3600 + 1);
      await plane.sweep();
      await scene.reaches(job.id, 'failed');
      expect((await scene.job(job.id)).error).toMatchObject({
        code: 'enrolment_overdue',
        fix: expect.stringContaining(`/api/tenant-planes/${cell.id}/provisioning-tokens`),
      });
      const anew = await plane.reissue(cell);
      await scene.reaches(job.id, 'waiting');
      expect((await anew.enrol()).status).toBe(200);
      await scene.reaches(job.id, 'succeeded');
    });

    // SQLite serialises writers, so this matters only on Postgres.
    (driver === 'postgres' ? it : it.skip)(
      'succeeds after a timely enrolment, even one recorded after the token has expired',
      async () => {
        const { job, install } = await rotate('compromised');
        await scene.reaches(job.id, 'waiting');
        const anew = cell.copy({ token: install?.token, secret: install?.env['INTERNAL_SERVICE_SECRET'] });
        const [reached, free] = [new Gate(), new Gate()];
        const waker = plane.app.get(ProvisioningWaker);
        const wake = waker.wakeForPlanes.bind(waker);
        jest.spyOn(waker, 'wakeForPlanes').mockImplementationOnce(async (...given) => {
          reached.open();
          await free.opened;
          return wake(...given);
        });
        const enrolling = anew.enrol();
        await reached.opened;
        plane.clock.advance(24 * 3600 + 1);
        const looking = plane.sweep();
        const isLooking = async () => (await lockWaits(plane.app.get(Database))) > 0;
        const hasFailed = async () => (await scene.job(job.id)).status === 'failed';
        await eventually(async () => (await isLooking()) || (await hasFailed()), { everyMs: 5 });
        free.open();
        expect((await enrolling).status).toBe(200);
        await looking;
        await scene.reaches(job.id, 'succeeded');
      },
    );

    it('keeps new tenants off the cell until the cell enrols again', async () => {
      const region = `region-${cell.id}`.slice(0, 40);
      cell = await plane.enrolledCell({ region });
      await rotate('compromised');
      expect(refusal(await plane.provision({ region }))).toEqual([503, 'no_capacity']);
    });

    it('prevents an earlier routine rotation from being resumed', async () => {
      const { job } = await rotate('routine');
      await scene.act(job.id, 'cancel').expect(202);
      await scene.reaches(job.id, 'cancelled');
      const compromised = await rotate('compromised');
      await scene.act(compromised.job.id, 'cancel').expect(202);
      await scene.reaches(compromised.job.id, 'cancelled');
      expect(refusal(await scene.act(job.id, 'retry'))).toEqual([409, 'invalid_transition']);
      expect(await shown()).toMatchObject({ status: 'expected', keys: [] });
    });

    describe.each(['drain', 'upgrade'])('during another operation on the plane: %s', (operation) => {
      /** Starts an operation that waits for a tenant to move, or for someone to upgrade the plane. */
      const startOther = async (): Promise<string> => {
        const region = `region-${cell.id}`.slice(0, 40);
        cell = await plane.enrolledCell({ region });
        const { body } = await plane.provision({ region }).expect(202);
        await cell.serve(body.tenant.id);
        await scene.reaches(body.job.id, 'succeeded');
        await plane.enrolledCell({ region });
        await plane.change(TenantPlane, { id: cell.id }, { version: '0.0.9' });
        const begun = await plane.post(`/api/tenant-planes/${cell.id}/${operation}`, {}).expect(202);
        const { id } = bodyOf<Accepted>(begun).job;
        await scene.reaches(id, 'waiting');
        return id;
      };

      it('revokes the secret at once, while the other operation continues and can be resumed', async () => {
        const other = await startOther();
        expect(refusal(await ask('routine'))).toEqual([409, 'operation_in_progress']);
        const { job, install } = await rotate('compromised');
        expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
        expect(refusal(await ask('compromised'))).toEqual([409, 'invalid_transition']);
        await scene.reaches(job.id, 'waiting');
        expect(await scene.looksAgain(other)).toMatchObject({ status: 'waiting' });
        const anew = installedWith(install);
        expect((await anew.enrol({ version: '0.0.9' })).status).toBe(200);
        await scene.reaches(job.id, 'succeeded');
        await scene.act(other, 'cancel').expect(202);
        await scene.reaches(other, 'cancelled');
        await scene.act(other, 'retry').expect(202);
      });

      it('resumes with a new bundle if the first one was not used in time', async () => {
        const other = await startOther();
        const { job, install } = await rotate('compromised');
        await plane.change(ProvisioningToken, { id: install?.token_id }, { expiresAt: plane.clock.now() });
        expect(await scene.looksAgain(job.id)).toMatchObject({ error: { code: 'enrolment_overdue' } });
        const anew = await plane.reissue(cell);
        await scene.reaches(job.id, 'waiting');
        expect((await anew.enrol({ version: '0.0.9' })).status).toBe(200);
        await scene.reaches(job.id, 'succeeded');
        await scene.reaches(other, 'waiting');
      });
    });

    it('supersedes a routine rotation at once, and refuses its next secret', async () => {
      const routine = await rotate('routine');
      const next = await handedOver();
      const { job, install } = await rotate('compromised');
      for (const one of [cell, next]) expect(refusal(await one.report())).toEqual([401, 'bad_signature']);
      expect(await scene.job(routine.job.id)).toMatchObject({
        status: 'cancelled',
        error: { code: 'superseded' },
      });
      expect(refusal(await scene.act(routine.job.id, 'retry'))).toEqual([409, 'operation_in_progress']);
      const anew = installedWith(install);
      expect((await anew.enrol()).status).toBe(200);
      await scene.reaches(job.id, 'succeeded');
      expect(await shown()).toMatchObject({ keys: [{ id: keyIdIn(anew.secret), role: 'current' }] });
    });

    it('cannot be undone, so cancelling it leaves the old secret revoked', async () => {
      const { job } = await rotate('compromised');
      await scene.act(job.id, 'cancel').expect(202);
      await scene.reaches(job.id, 'cancelled');
      expect(refusal(await cell.report())).toEqual([401, 'bad_signature']);
      expect((await (await plane.reissue(cell)).enrol()).status).toBe(200);
    });
  });

  it.each([
    ['routine', ['mint-next-secret', 'await-next-secret', 'revoke-old-secret'], false],
    ['compromised', ['await-reenrolment'], true],
  ])('can be planned in a dry run that changes nothing: %s', async (mode, names, install_required) => {
    const before = [await plane.count(ProvisioningJob), await plane.count(ServiceKey)];
    const path = `/api/tenant-planes/${cell.id}/rotate-secret?dry_run=true`;
    const { plan } = (await plane.post(path, { mode }).expect(200)).body;
    expect(plan.steps.map(({ name }: { name: string }) => name)).toEqual(names);
    expect(plan.install_required).toBe(install_required);
    expect([await plane.count(ProvisioningJob), await plane.count(ServiceKey)]).toEqual(before);
    expect((await cell.report()).status).toBe(200);
  });

  it('cannot run twice at the same time, shows its steps as they happen, and is audited', async () => {
    const { job } = await rotate('routine');
    expect(refusal(await ask('routine'))).toEqual([409, 'operation_in_progress']);
    const list = await plane.get(`${JOBS}?tenant_plane_id=${cell.id}`).expect(200);
    expect(list.body.items).toMatchObject([{ id: job.id }]);
    await scene.reaches(job.id, 'waiting');
    await scene.act(job.id, 'cancel').expect(202);
    await scene.reaches(job.id, 'cancelled');
    const events = await plane.get(`${JOBS}/${job.id}/events`).expect(200);
    expect(events.text).toMatch(/"name":"mint-next-secret","status":"undone"/);
    const entries = await plane.rows(AuditEvent, { action: 'tenant_plane.rotate_secret', targetId: cell.id });
    expect(entries).toMatchObject([{ after: { mode: 'routine', job_id: job.id } }]);
  });

  describe('while the tenant moves away from the plane', () => {
    /** A customer's plane that serves its tenant. */
    const installed = async () => {
      const { body } = await plane.provision({ deployment_model: 'on_prem' }).expect(202);
      const { id, tenant_plane_id: planeId } = body.tenant as { id: string; tenant_plane_id: string };
      const theirs = new PlaneSimulator(plane.url, plane.clock, planeId, body.install);
      await theirs.enrol();
      await theirs.serve(id);
      await scene.reaches(body.job.id, 'succeeded');
      return { id, planeId, theirs };
    };
    const move = (id: string) => plane.post(`/api/tenants/${id}/move`, { deployment_model: 'shared' });

    it.each(['routine', 'compromised'])(
      'runs alongside the move, whichever begins first: %s',
      async (mode) => {
        const first = await installed();
        await ask(mode, {}, first.planeId).expect(202);
        await move(first.id).expect(202);
        const second = await installed();
        await move(second.id).expect(202);
        const { body } = await ask(mode, {}, second.planeId).expect(202);
        const { id: job } = body.job;
        if (mode === 'compromised') {
          const again = await plane.reissue(second.theirs);
          expect((await again.enrol()).status).toBe(200);
          await scene.reaches(job, 'succeeded');
          await again.pull();
          // The plane still learns of the move.
          expect(again.tenants.has(second.id)).toBe(true);
        } else expect((await second.theirs.report()).status).toBe(200);
      },
    );

    it.each(['routine', 'compromised'])('is cancelled when the plane is retired: %s', async (mode) => {
      const { id, planeId } = await installed();
      const { job } = bodyOf<Accepted>(await ask(mode, {}, planeId).expect(202));
      await scene.reaches(job.id, 'waiting');
      const [row] = await plane.rows(TenantPlane, { id: planeId });
      const planes = plane.app.get(SingleTenantPlanes);
      await plane.app.get(Database).write((manager) => planes.retire(manager, id, row as TenantPlane));
      expect(await scene.job(job.id)).toMatchObject({ status: 'cancelled', error: { code: 'superseded' } });
      const accepted = { tenantPlaneId: planeId, revokedAt: IsNull() };
      expect(await plane.count(ServiceKey, accepted)).toBe(0);
    });
  });

  it('begins for only one of two concurrent requests', async () => {
    const answers = await Promise.all([ask('compromised'), ask('compromised')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  });

  it('is refused when impossible, and the error says what to do instead', async () => {
    const [platform, expected] = [
      await plane.enrolledCell({ secret: 'platform' }),
      await plane.registerCell(),
    ];
    const refused = await ask('routine', {}, platform.id);
    expect(refusal(refused)).toEqual([422, 'platform_secret']);
    expect(refused.body.detail).toContain('INTERNAL_SERVICE_SECRET');
    expect(refusal(await ask('compromised', {}, expected.id))).toEqual([409, 'invalid_transition']);
    await plane.change(TenantPlane, { id: cell.id }, { capabilities: ['offline'] });
    expect(refusal(await ask('routine'))).toEqual([422, 'tenant_plane_air_gapped']);
    expect(refusal(await ask('routine', {}, NOBODY))).toEqual([404, 'not_found']);
    expect(refusal(await ask('now'))).toEqual([400, 'validation_failed']);
    expect(refusal(await ask('routine', { token: readOnly }))).toEqual([403, 'forbidden']);
  });

  it('reveals secrets only in the bundle, not in responses, jobs, audit entries or rows', async () => {
    const { job } = await rotate('routine');
    const next = await handedOver();
    await next.report();
    await eventually(async () => (await scene.job(job.id)).status === 'waiting');
    const paths = ['/api/tenant-planes', `${JOBS}/${job.id}`, JOBS, '/api/audit?limit=200'];
    const texts = await Promise.all(paths.map(async (path) => (await plane.get(path)).text));
    const rows = [
      await plane.rows(ProvisioningJob),
      await plane.rows(ServiceKey),
      await plane.rows(TenantPlane),
      await plane.rows(AuditEvent),
    ];
    const pulled = (await cell.pullAll()) as unknown;
    const all = [...texts, JSON.stringify(rows), JSON.stringify(pulled)].join('\n');
    for (const secret of [cell.secret, next.secret]) expect(all).not.toContain(secret.slice(17));
    expect(all).toContain(keyIdIn(next.secret));
  });
});
