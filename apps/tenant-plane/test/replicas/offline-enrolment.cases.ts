import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelsWhere } from '@atlas/deployment-profiles';
import { createDataSource, databaseTarget } from '@atlas/persistence';
import {
  type DesiredState,
  ENROL_ANSWER_FORMAT,
  type EnrolAnswerFile,
  type EnrolRequestFile,
  type OfflineEnrolAnswer,
  headersOfSignature,
  signatureOfHeaders,
} from '@atlas/plane-contract';
import { parseEnvironment } from '@atlas/platform';
import { keyIdOf, mintCredential, signResponse } from '@atlas/service-auth';
import { EVERY_DATABASE, type TestDatabase, eventually } from '@atlas/testing';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { DesiredStateApplier } from '../../src/control-plane-link/desired-state-applier';
import { applyAnswer, writeRequest } from '../../src/installation/enrol-offline';
import { enrolOnce } from '../../src/installation/enrol-once';
import { type InstalledPlane, withInstalledPlane } from '../../src/installation/installed-plane';
import { readPlaneRecord } from '../../src/installation/plane-record';
import { TENANT_PLANE_SCHEMA } from '../../src/schema/tenant-plane-schema';
import { FakeControlPlane, ShiftedClock } from '../fake-control-plane.fixture';
import { LeaseKey } from '../lease-key.fixture';
import { Link } from '../linked-plane.fixture';
import { Pause } from '../pause.fixture';
import {
  type Env,
  TestTenantPlane,
  createPlaneDatabase,
  environmentFor,
  tenantEntry,
} from '../tenant-plane.fixture';
import { WantedState } from '../wanted-state.fixture';

const SECRET = mintCredential('ats').value.reveal();
const PLANE_ID = '01900000-0000-7000-8000-000000000001';

describe.each(EVERY_DATABASE)('enrolment on %s', (driver) => {
  let database: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    database = await createPlaneDatabase(driver);
    folder = mkdtempSync(join(tmpdir(), 'atlas-offline-'));
  });
  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const bundle: Env = {
    ATLAS_OFFLINE_MODE: '1',
    ATLAS_TP_DEPLOYMENT: 'on_prem',
    CONTROL_PLANE_BASE_URL: 'https://cp.example.com',
    INTERNAL_SERVICE_SECRET: SECRET,
    ATLAS_PROVISIONING_TOKEN: mintCredential('atp').value.reveal(),
  };
  const configWith = (env: Env = {}): TenantPlaneConfig =>
    parseEnvironment(TenantPlaneConfig, { ...environmentFor(database), ...bundle, ...env });
  const installed = <T>(work: (plane: InstalledPlane) => Promise<T>, env: Env = {}): Promise<T> =>
    withInstalledPlane(configWith(env), work);

  async function ask(env: Env = {}): Promise<EnrolRequestFile> {
    const path = join(folder, 'request.json');
    await installed(async (plane) => writeRequest(plane, path), env);
    return JSON.parse(readFileSync(path, 'utf8')) as EnrolRequestFile;
  }

  const acme = tenantEntry('acme');
  /** The Control Plane's signed answer to `request`, with `changes`. */
  function answerTo(
    request: EnrolRequestFile,
    changes: Partial<OfflineEnrolAnswer> = {},
    { secret = SECRET, now = new Date() } = {},
  ): EnrolAnswerFile {
    const wanted = new WantedState();
    wanted.put(acme);
    const desired_state = wanted.since(null);
    const { instance_id } = JSON.parse(request.body) as { instance_id: string };
    const answer = { instance_id, tenant_plane_id: PLANE_ID, deployment_model: 'on_prem', desired_state };
    const body = JSON.stringify({ ...answer, ...changes });
    const asked = headersOfSignature(request.signature);
    const headers = signResponse({ status: 200, body, request: asked, keyId: keyIdOf(secret), secret, now });
    const answers = request.signature.signature;
    return { format: ENROL_ANSWER_FORMAT, body, answers, signature: signatureOfHeaders(headers) };
  }

  function take(answer: object, env: Env = {}): Promise<void> {
    const path = join(folder, 'answer.json');
    writeFileSync(path, JSON.stringify(answer));
    return installed((plane) => applyAnswer(plane, path), env);
  }
  const known = async () => (await readPlaneRecord(configWith())).identity;

  it('writes a request that contains neither the secret nor the token', async () => {
    const request = await ask();
    for (const hidden of [SECRET, bundle['ATLAS_PROVISIONING_TOKEN'] ?? '-'])
      expect(JSON.stringify(request)).not.toContain(hidden);
    expect(JSON.parse(request.body)).toMatchObject({
      version: '0.1.0',
      database: { driver },
      capabilities: ['offline'],
      deployment_model: 'on_prem',
      public_key: { crv: 'X25519' },
    });
  });

  it('applies the answer, so that the tenant is served without a call to the Control Plane', async () => {
    await take(answerTo(await ask()));
    expect(await known()).toMatchObject({ tenantPlaneId: PLANE_ID, deploymentModel: 'on_prem' });
    const plane = await TestTenantPlane.open(database, { env: bundle });
    const { body } = await plane.get('/api/tenant-default').expect(200);
    expect(body).toMatchObject({ tenant: { slug: 'acme' }, deployment: { model: 'on_prem' } });
    await plane.app.close();
  });

  it('accepts the lease in the first answer', async () => {
    const key = await LeaseKey.create();
    const lease = await key.lease({ tenantId: acme.tenant_id, planeId: PLANE_ID, now: new Date() });
    const wanted = new WantedState();
    wanted.keys = [key.published];
    wanted.put({ ...acme, lease });
    const desired_state = wanted.since(null) as DesiredState;
    await take(answerTo(await ask(), { desired_state }));
    expect((await readPlaneRecord(configWith())).tenants).toMatchObject([{ slug: 'acme', lease }]);
  });

  it('accepts a newer answer to the same request, but not an older one', async () => {
    const request = await ask();
    const [older, newer] = [new Date(Date.now() - 60_000), new Date()];
    await take(answerTo(request, {}, { now: newer }));
    await take(answerTo(request, {}, { now: newer }));
    await expect(take(answerTo(request, {}, { now: older }))).rejects.toThrow(
      /Upload the request file again/,
    );
  });

  it('refuses an answer older than the applied state, even if it was signed later', async () => {
    const request = await ask();
    const wanted = new WantedState();
    const now = new Date();
    const answer = (seconds = 0): EnrolAnswerFile => {
      // Without a revision, `since` always returns a state.
      const desired_state = wanted.since(null) as DesiredState;
      return answerTo(request, { desired_state }, { now: new Date(now.getTime() + seconds * 1000) });
    };
    wanted.put(acme);
    const older = [answer(), answer(1)];
    wanted.put({ ...acme, status: 'suspended' });
    for (const newer of [answer(), answer()]) await take(newer);
    for (const file of older) await expect(take(file)).rejects.toThrow(/Upload the request file again/);
    expect((await readPlaneRecord(configWith())).tenants).toMatchObject([{ status: 'suspended' }]);
    // As if the Control Plane had been restored from a backup.
    wanted.startNewEpoch();
    await take(answer());
  });

  // Skipped on SQLite, where a second command or a running plane would find the file locked.
  if (driver === 'postgres')
    describe('while another state is being applied', () => {
      /** Two answers signed in the same second. The second contains the newer state. */
      async function twoAnswers(): Promise<{ active: EnrolAnswerFile; suspended: EnrolAnswerFile }> {
        const request = await ask();
        const wanted = new WantedState();
        const now = new Date();
        const [active, suspended] = (['active', 'suspended'] as const).map((status) => {
          wanted.put({ ...acme, status });
          // Without a revision, `since` always returns a state.
          return answerTo(request, { desired_state: wanted.since(null) as DesiredState }, { now });
        });
        if (!active || !suspended) throw new Error('Expected two answers.');
        return { active, suspended };
      }
      /** Applies an answer, but pauses after its entries are written until `meanwhile` has finished. */
      async function takeAround(answer: object, meanwhile: () => Promise<void>): Promise<void> {
        const path = join(folder, 'slow.json');
        writeFileSync(path, JSON.stringify(answer));
        await installed(async (plane) => {
          const written = Pause.behind(plane.applier, 'apply');
          const taken = applyAnswer(plane, path);
          taken.catch(() => undefined);
          await written.reached;
          await meanwhile().finally(() => written.release());
          await taken;
        });
      }
      const status = async () => (await readPlaneRecord(configWith())).tenants[0]?.status;
      const appliedRevision = async () => (await known())?.revision;
      const revisionIn = ({ body }: EnrolAnswerFile): string =>
        (JSON.parse(body) as OfflineEnrolAnswer).desired_state.revision;

      it('refuses an older answer while a newer one is only partly applied', async () => {
        const { active, suspended } = await twoAnswers();
        await takeAround(suspended, () =>
          expect(take(active)).rejects.toThrow(/Upload the request file again/),
        );
        expect([await status(), await appliedRevision()]).toEqual(['suspended', revisionIn(suspended)]);
      });

      it('stops applying an older answer once a newer one is accepted', async () => {
        const { active, suspended } = await twoAnswers();
        const older = takeAround(active, () => take(suspended));
        await expect(older).rejects.toThrow(/took over before this answer file was fully applied/);
        expect([await status(), await appliedRevision()]).toEqual(['suspended', revisionIn(suspended)]);
      });

      /** Applies an older answer while a running plane applies a newer state that suspends the tenant. */
      async function takeBeside(
        moment: (applier: DesiredStateApplier) => Pause,
        expectTaken: (taken: Promise<void>) => Promise<void>,
      ): Promise<void> {
        const link = await Link.create('postgres');
        try {
          const { control } = link;
          const { wanted } = control;
          wanted.put(acme);
          const plane = await link.startPlane({ ATLAS_TP_DEPLOYMENT: 'on_prem' });
          await link.reported(acme.tenant_id);
          const applying = moment(plane.app.get(DesiredStateApplier));
          let older: DesiredState | null = null;
          wanted.changeTogether(() => {
            wanted.put({ ...acme, name: 'Renamed' });
            older = wanted.since(null);
            wanted.put({ ...acme, status: 'suspended' });
          });
          const changes = { tenant_plane_id: control.planeId, desired_state: older ?? undefined };
          await applying.reached;
          const env = { ...control.env, ATLAS_OFFLINE_MODE: '1', ...environmentFor(link.database) };
          const taken = take(answerTo(await ask(env), changes, { secret: control.secret }), env);
          await expectTaken(taken).finally(() => applying.release());
          const isApplied = () => plane.identities.current.revision === wanted.revision;
          await eventually(isApplied, { what: 'the plane has applied the newest state' });
          const { body } = await plane.get('/api/tenant-default', { tenant: 'acme' });
          expect(body.code).toBe('tenant_suspended');
        } finally {
          await link.close();
        }
      }

      it('accepts an older answer while a running plane has not begun to apply a newer state', () =>
        takeBeside(
          (applier) => Pause.before(applier, 'accept'),
          (taken) => taken,
        ));

      it('refuses an older answer once a running plane has partly applied a newer state', () =>
        takeBeside(
          (applier) => Pause.behind(applier, 'apply'),
          (taken) => expect(taken).rejects.toThrow(/Upload the request file again/),
        ));
    });

  it('refuses an answer that is for another installation, altered or wrongly signed', async () => {
    const request = await ask();
    const good = answerTo(request);
    const other = mintCredential('ats').value.reveal();
    const bad: [object, RegExp][] = [
      [answerTo(request, { instance_id: PLANE_ID }), /a different installation/],
      [{ ...good, body: good.body.replace('acme', 'evil') }, /can't be trusted/],
      [{ ...good, answers: 'sig1=:AAAA:' }, /can't be trusted/],
      [answerTo(request, {}, { secret: other }), /can't be trusted.*INTERNAL_SERVICE_SECRET/],
      [{}, /not an answer file: its format.*POST .*enroll-offline.*request file/],
      [{ ...good, format: 'other' }, /not an answer file/],
      [{ ...good, body: undefined, signature: undefined }, /it lacks body, signature.*enroll-offline/],
      [request, /This is the request file.*enroll-offline/],
      [
        { code: 'token_expired', detail: 'Too late.' },
        /refused the request file \(token_expired\): Too late/,
      ],
    ];
    for (const [answer, reason] of bad) await expect(take(answer)).rejects.toThrow(reason);
    expect(await known()).toMatchObject({ tenantPlaneId: null, keys: [] });
    await take(good);
    await expect(take(answerTo(request, { tenant_plane_id: acme.tenant_id }))).rejects.toThrow(
      /a different tenant plane/,
    );
  });

  it.each(modelsWhere(({ offlineEnrolmentAllowed }) => !offlineEnrolmentAllowed))(
    'writes no request for a %s plane, and says what to do',
    async (model) => {
      const path = join(folder, 'request.json');
      const write = installed(async (plane) => writeRequest(plane, path), { ATLAS_TP_DEPLOYMENT: model });
      await expect(write).rejects.toThrow(new RegExp(`${model}.*enrol online.*on_prem`));
      expect(existsSync(path)).toBe(false);
    },
  );

  it('names a missing variable of the install bundle', async () => {
    const path = join(folder, 'request.json');
    const write = (name: string) =>
      installed(async (plane) => writeRequest(plane, path), { [name]: undefined });
    for (const name of ['CONTROL_PLANE_BASE_URL', 'INTERNAL_SERVICE_SECRET', 'ATLAS_PROVISIONING_TOKEN'])
      await expect(write(name)).rejects.toThrow(`${name} is not set`);
  });

  describe('with a reachable Control Plane', () => {
    let control: FakeControlPlane;
    beforeEach(async () => (control = await FakeControlPlane.start()));
    afterEach(() => control.stop());

    it('leaves an enrolled plane unchanged, and makes no call', async () => {
      for (let round = 0; round < 2; round += 1) await installed(enrolOnce, control.env);
      expect(control.enrolments).toHaveLength(1);
      expect(await known()).toMatchObject({
        tenantPlaneId: control.planeId,
        lastContactAt: expect.any(Date),
      });
    });

    it.each([24, -24])(
      "orders answers by the Control Plane's signing times, even if the plane's own clock is %d hours off",
      async (hours) => {
        const { wanted } = control;
        wanted.put(acme);
        const before = { desired_state: wanted.since(null) as DesiredState };
        const linked = { ...control.env, ATLAS_TP_DEPLOYMENT: 'on_prem' };
        const plane = await TestTenantPlane.open(database, {
          env: linked,
          clock: new ShiftedClock(hours * 3600),
        });
        await eventually(() => control.reported(acme.tenant_id), { what: 'the tenant is served' });
        wanted.put({ ...acme, status: 'suspended' });
        const { revision } = wanted;
        await eventually(() => plane.identities.current.revision === revision, {
          what: 'the suspension is applied',
        });
        await plane.app.close();

        const env = { ...control.env, ATLAS_OFFLINE_MODE: '1' };
        const request = await ask(env);
        const answer = (state: Partial<OfflineEnrolAnswer>, agoMs: number): EnrolAnswerFile => {
          const now = new Date(Date.now() - agoMs);
          const changes = { tenant_plane_id: control.planeId, ...state };
          return answerTo(request, changes, { secret: control.secret, now });
        };
        await expect(take(answer(before, 3600_000), env)).rejects.toThrow(/Upload the request file again/);
        const { tenants } = await readPlaneRecord(configWith(env));
        expect(tenants).toMatchObject([{ status: 'suspended' }]);
        await take(answer({ desired_state: wanted.since(null) as DesiredState }, 0), env);
      },
    );

    describe('on a plane that stopped while applying a suspension', () => {
      const linked = () => ({ ...control.env, ATLAS_TP_DEPLOYMENT: 'on_prem' });
      const open = () => TestTenantPlane.open(database, { env: linked(), clock: new ShiftedClock() });
      let before: DesiredState;
      let newest: DesiredState;

      /**
       * Makes a write fail, and stops the plane once the plane has attempted that write. Returns a function
       * that allows the write again.
       */
      async function endAt(
        write: string,
        isReached: (plane: TestTenantPlane) => Promise<boolean> | boolean,
      ): Promise<() => Promise<void>> {
        const { wanted } = control;
        wanted.put(acme);
        before = wanted.since(null) as DesiredState;
        const plane = await open();
        await eventually(() => plane.identities.current.revision === before.revision, {
          what: 'the tenant is served',
        });
        const allow = await refuse(write);
        wanted.put({ ...acme, status: 'suspended' });
        newest = wanted.since(null) as DesiredState;
        const reached = eventually(() => isReached(plane), { what: `the plane reaches the ${write}` });
        await reached.finally(() => plane.app.close());
        return allow;
      }
      const endAtRevision = () =>
        endAt('update of revision on plane_identity', async (plane) => {
          const { body } = await plane.get('/api/tenant-default', { tenant: 'acme' });
          return body.code === 'tenant_suspended';
        });
      const endAtEntry = () =>
        endAt('update of status on tenants', () => control.reported(acme.tenant_id)?.state === 'failed');

      async function refuse(write: string): Promise<() => Promise<void>> {
        const [forbid, allow] =
          driver === 'sqlite'
            ? [
                `create trigger refused before ${write} begin select raise(abort, 'refused'); end`,
                'drop trigger refused',
              ]
            : [
                `create function refused() returns trigger language plpgsql as
                   $$ begin raise exception 'refused'; end $$;
                 create trigger refused before ${write} for each row execute function refused()`,
                'drop function refused() cascade',
              ];
        await asOwner(forbid);
        return () => asOwner(allow);
      }
      async function asOwner(statement: string): Promise<void> {
        const target = databaseTarget(database.ownerUrl ?? database.url);
        const dataSource = await createDataSource(target, TENANT_PLANE_SCHEMA).initialize();
        await dataSource.query(statement).finally(() => dataSource.destroy());
      }

      it('finishes applying the suspension, and refuses any older answer', async () => {
        const allow = await endAtRevision();
        expect(await known()).toMatchObject({ revision: before.revision });
        const env = { ...linked(), ATLAS_OFFLINE_MODE: '1' };
        const request = await ask(env);
        const [older, newer] = [before, newest].map((desired_state) => {
          const changes = { tenant_plane_id: control.planeId, desired_state };
          return answerTo(request, changes, { secret: control.secret });
        }) as [EnrolAnswerFile, EnrolAnswerFile];
        const refusesOlder = async () => {
          await expect(take(older, env)).rejects.toThrow(/Upload the request file again/);
          expect((await readPlaneRecord(configWith(env))).tenants).toMatchObject([{ status: 'suspended' }]);
        };
        await refusesOlder();
        // The command fails at the same write.
        await expect(take(newer, env)).rejects.toThrow('refused');
        expect(await known()).toMatchObject({ revision: before.revision });
        await refusesOlder();
        await allow();
        for (const same of [newer, newer]) await take(same, env);
        expect(await known()).toMatchObject({ revision: newest.revision });
        await refusesOlder();
      });

      it.each([
        ['before it stored the entry', endAtEntry],
        ['before it stored the revision', endAtRevision],
      ])('pulls the suspension again (stopped %s)', async (_, end) => {
        const allow = await end();
        await allow();
        expect(await known()).toMatchObject({ revision: before.revision, toldRevision: newest.revision });
        expect(control.reports.map(({ revision }) => revision)).not.toContain(newest.revision);
        const pulled = control.pulls.length;
        const plane = await open();
        const isReported = () => control.reports.some(({ revision }) => revision === newest.revision);
        await eventually(isReported, { what: 'the plane reports the newest revision' });
        expect(control.pulls[pulled]).toMatchObject({ since: before.revision });
        const { body } = await plane.get('/api/tenant-default', { tenant: 'acme' });
        expect(body.code).toBe('tenant_suspended');
        await plane.app.close();
      });
    });

    it("adjusts to the Control Plane's clock after one refusal", async () => {
      control.clock.aheadSeconds = 4000;
      await installed(enrolOnce, control.env);
      expect([control.refusals, control.enrolments.length]).toEqual([['clock_skew'], 1]);
    });

    it('says why the enrolment failed', async () => {
      control.refuses = 'token_expired';
      await expect(installed(enrolOnce, control.env)).rejects.toThrow(
        /Not enrolled: .*ATLAS_PROVISIONING_TOKEN/,
      );
      await expect(installed(enrolOnce)).rejects.toThrow(/ATLAS_OFFLINE_MODE is set.*--offline/);
      expect((await known())?.tenantPlaneId).toBeNull();
    });
  });
});
