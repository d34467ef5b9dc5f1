import { randomUUID } from 'node:crypto';
import { StepFailure } from '@atlas/jobs';
import { Database } from '@atlas/persistence';
import { databasesOfLongSuite } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { LocalDriver } from '../../src/infrastructure/drivers/local/local.driver';
import { AwaitBackupStep } from '../../src/operations/deprovision/await-backup.step';
import { OldBackups } from '../../src/operations/deprovision/old-backups';
import { ReadableBackup } from '../../src/operations/deprovision/readable-backup';
import { RemoveCopiesStep } from '../../src/operations/deprovision/remove-copies.step';
import { type ProvisioningContext } from '../../src/provisioning-jobs/provisioning-step';
import { Transfer, TransferPart } from '../../src/registry/transfer.entity';
import { TenantAddresses } from '../../src/tenants/tenant-addresses';
import { Backups } from '../../src/transfers/backups';
import { RestoredCopy } from '../../src/transfers/restored-copy';
import { DrivenPlanes } from '../driven-planes.fixture';
import { JobScene } from '../job-scene.fixture';
import { type SignedAnswer, refusal } from '../plane-simulator.fixture';
import { Traveller, beside } from '../travel-scene.fixture';

describe.each(databasesOfLongSuite('postgres'))('a restored tenant, on %s', (driver) => {
  let scene: JobScene;
  let tenant: Traveller;
  let backup: string;
  let count = 0;
  let driven: DrivenPlanes;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    driven = new DrivenPlanes(scene);
  });
  afterAll(() => scene.plane.close());
  beforeEach(async () => {
    tenant = await Traveller.settle(scene, `region-${(count += 1)}`);
    backup = await tenant.leave();
  });
  afterEach(() => jest.restoreAllMocks());

  const isKept = async (): Promise<boolean> => {
    const [row] = await scene.plane.rows(Transfer, { id: backup });
    return row?.keySealed !== null && (await scene.plane.count(TransferPart, { transferId: backup })) === 1;
  };
  const status = async () => (await scene.tenant(tenant.id))['status'];
  /** Completes the restore on the current installation. Expects the backup to be kept until then. */
  const ends = async (job: string): Promise<void> => {
    const imported = await tenant.beginImport();
    await imported();
    expect(await tenant.isHome()).toMatchObject({ requires_copy: backup });
    expect(await isKept()).toBe(true);
    await tenant.report();
    await scene.reaches(job, 'succeeded');
    expect([await status(), await isKept()]).toEqual(['active', false]);
    const { tenants } = await tenant.cell.pullAll();
    expect(tenants.find(({ tenant_id: id }) => id === tenant.id)).not.toHaveProperty('requires_copy');
  };

  it('is imported again if its plane is reinstalled right before becoming its home', async () => {
    const { job, imported } = await tenant.comeBack();
    const anew = scene.before('reinstate', async () => void (await tenant.installAnew()));
    await imported();
    await anew;
    await ends(job);
  });

  it('is imported again if its plane is reinstalled before the failed restore is retried', async () => {
    const { job, imported } = await tenant.comeBack();
    const broken = jest.spyOn(scene.plane.app.get(TenantAddresses), 'at').mockImplementation(() => {
      throw new Error('a sealing key is missing');
    });
    await imported();
    for (let state = ''; state !== 'failed'; state = (await scene.job(job)).status) {
      scene.plane.clock.advance(60);
      await scene.plane.sweep();
    }
    broken.mockRestore();
    await tenant.installAnew();
    await scene.act(job, 'retry').expect(202);
    await ends(job);
  });

  it("is imported again once its plane re-enrols after the plane's secret was revoked", async () => {
    const { job, imported } = await tenant.comeBack();
    const path = `/api/tenant-planes/${tenant.cell.id}/rotate-secret`;
    const revoked = scene.before('reinstate', async () => {
      await scene.plane.post(path, { mode: 'compromised' }).expect(202);
    });
    await imported();
    await revoked;
    await scene.reaches(job, 'waiting');
    const { steps } = await scene.job(job);
    expect(steps.find(({ status: one }) => one === 'waiting')).toMatchObject({
      name: 'reinstate',
      waiting_for: 'the tenant plane to enrol again',
    });
    expect(await status()).toBe('deprovisioning');
    await tenant.installAnew();
    await tenant.report({ state: 'failed', error: 'The backup key cannot be decrypted here.' });
    await ends(job);
  });

  const LOST: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      'was reinstalled and reports that it serves the tenant',
      async () => {
        await tenant.installAnew();
        await tenant.report();
      },
    ],
    [
      'reports that its database lacks the rows',
      () => tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' }),
    ],
  ];
  it.each(LOST)('is imported again if its plane %s', async (_, lose) => {
    const job = await tenant.reinstated();
    await lose();
    await tenant.told(({ phase }) => phase === 'importing');
    expect([await status(), await isKept()]).toEqual(['deprovisioning', true]);
    const [event] = await scene.plane.rows(AuditEvent, {
      action: 'tenant.restore_reopened',
      targetId: tenant.id,
    });
    expect(event).toMatchObject({ before: { status: 'active' }, after: { job_id: job } });
    await ends(job);
  });

  it('can be restored by another job if the first restore is cancelled after the rows are lost', async () => {
    const job = await tenant.reinstated();
    await tenant.installAnew();
    await tenant.report();
    await tenant.told(({ phase }) => phase === 'importing');
    await scene.act(job, 'cancel').expect(202);
    await scene.reaches(job, 'cancelled');
    await tenant.told(({ purge }) => purge?.job_id === job);
    expect(await scene.tenant(tenant.id)).toMatchObject({
      status: 'deprovisioning',
      tenant_plane_id: null,
      endpoint_url: null,
      restorable_until: expect.any(String),
    });
    await ends(await tenant.asked('restore'));
  });

  describe('whose plane has not yet reported that it serves the tenant', () => {
    const sweep = () => scene.plane.app.get(OldBackups).sweep();
    const timedOut = async (job: string): Promise<void> => {
      scene.plane.clock.advance(16 * 60);
      expect(await scene.looksAgain(job)).toMatchObject({ error: { code: 'wait_timed_out' } });
    };
    const ENDS: readonly (readonly [string, (job: string) => Promise<unknown>])[] = [
      ['failed', timedOut],
      [
        'was stopped by a deprovisioning that was rolled back',
        async () => {
          const job = await tenant.deprovision();
          await tenant.told(({ transfer }) => transfer?.role === 'backup');
          await scene.act(job, 'cancel').expect(202);
          await scene.act(job, 'rollback').expect(202);
          await scene.reaches(job, 'cancelled');
        },
      ],
    ];

    it.each(ENDS)('keeps its backup only until its plane reports, even if the restore %s', async (_, end) => {
      await end(await tenant.reinstated());
      await sweep();
      expect(await isKept()).toBe(true);
      await tenant.report();
      await sweep();
      await sweep();
      expect([await status(), await isKept()]).toEqual(['active', false]);
      const erased = { action: 'tenant.backup_erased', targetId: tenant.id };
      expect(await scene.plane.count(AuditEvent, erased)).toBe(1);
    });

    it('stays active when its restore is retried after its backup is erased', async () => {
      const job = await tenant.reinstated();
      await timedOut(job);
      await tenant.report();
      await sweep();
      await scene.act(job, 'retry').expect(202);
      await scene.reaches(job, 'succeeded');
      expect(await status()).toBe('active');
    });

    it('keeps its backup, even if already selected by the sweep, if its plane loses the rows', async () => {
      const job = await tenant.reinstated();
      await timedOut(job);
      await tenant.installAnew();
      await tenant.report();
      await sweep();
      jest.spyOn(scene.plane.app.get(Database), 'read').mockResolvedValueOnce([{ id: tenant.id }]);
      await sweep();
      expect(await isKept()).toBe(true);
      await scene.act(job, 'retry').expect(202);
      await ends(job);
    });

    it('keeps its backup during a sweep while the restore is still running', async () => {
      const job = await tenant.reinstated();
      const swept = scene.before('erase-backup', async () => {
        await sweep();
        expect(await isKept()).toBe(true);
      });
      await tenant.report();
      await swept;
      await scene.reaches(job, 'succeeded');
      expect(await isKept()).toBe(false);
    });
  });

  it('needs no second import if its plane re-enrols with a new key and the same database', async () => {
    const job = await tenant.reinstated();
    const { instanceId: instance_id } = tenant.cell;
    await tenant.installAnew({ instance_id });
    await tenant.report();
    await scene.reaches(job, 'succeeded');
    expect([await status(), await isKept()]).toEqual(['active', false]);
  });

  it('delays re-enrolment of its plane from the last row check until its backup is erased', async () => {
    const job = await tenant.reinstated();
    const anew = await scene.plane.reissue(tenant.cell);
    const copy = scene.plane.app.get(RestoredCopy);
    const reopenIfLost = copy.reopenIfLost.bind(copy);
    let enrolment: Promise<SignedAnswer> | undefined;
    const order: string[] = [];
    const looked = scene.before('erase-backup', async () => {
      jest.spyOn(copy, 'reopenIfLost').mockImplementationOnce(async (context) => {
        const found = await reopenIfLost(context);
        const enrol = () => anew.enrol().finally(() => order.push('enrolled'));
        ({ answer: enrolment } = await beside(scene.plane.app.get(Database), enrol));
        order.push('looked');
        return found;
      });
    });
    await tenant.report();
    await looked;
    await scene.reaches(job, 'succeeded');
    await enrolment;
    expect(order).toEqual(['looked', 'enrolled']);
  });

  describe('when deprovisioned again', () => {
    /** Expects the backup of the first deprovisioning to be kept, and restores the tenant from it. */
    const goesAndComesBack = async (job: string): Promise<void> => {
      await tenant.told(({ purge }) => purge?.job_id === job);
      expect(await isKept()).toBe(true);
      await tenant.purge(job);
      await ends(await tenant.asked('restore'));
    };

    it('can be restored from its earlier backup again if its plane has lost the rows', async () => {
      await tenant.reinstated();
      await tenant.installAnew();
      await goesAndComesBack(await tenant.deprovision());
    });

    it('keeps its earlier backup if the rows are lost while a new backup is being made', async () => {
      await tenant.reinstated();
      const job = await tenant.deprovision();
      const { id: newer } = await tenant.told(({ transfer }) => transfer?.role === 'backup' && transfer);
      await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' });
      await goesAndComesBack(job);
      expect(await scene.plane.rows(Transfer, { id: newer })).toMatchObject([{ keySealed: null }]);
    });

    it('keeps its earlier backup if the loss is reported between two checks in the same step', async () => {
      await tenant.reinstated();
      const job = await tenant.deprovision();
      await tenant.told(({ transfer }) => transfer?.role === 'backup' && transfer);
      await scene.reaches(job, 'waiting');
      const step = scene.plane.app.get(AwaitBackupStep);
      const run = step.run.bind(step);
      jest.spyOn(step, 'run').mockImplementationOnce((context) => {
        // The step checks for a lost copy, then writes, and then reads the plane's report.
        const write: ProvisioningContext['write'] = async (work) => {
          await tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' });
          return context.write(work);
        };
        // Object.create returns `any`. Only `write` differs from the given context.
        return run(Object.create(context, { write: { value: write } }) as ProvisioningContext);
      });
      await scene.looksAgain(job);
      await goesAndComesBack(job);
    });

    const loses = () => tenant.report({ state: 'failed', code: 'copy_missing', error: 'It is not here.' });
    const fails = async (job: string): Promise<void> => {
      scene.plane.clock.advance(16 * 60);
      expect(await scene.looksAgain(job)).toMatchObject({ status: 'failed' });
    };
    /** Loses the rows after the restore has failed, so that the restore does not import the backup again. */
    const losesAfterRestore = async (): Promise<void> => {
      await fails(await tenant.reinstated());
      await loses();
    };
    /** Runs `happens` between the check of the backup and the transaction that starts the removal. */
    const beforeTheRemoval = (happens: () => Promise<unknown>): void => {
      const readable = scene.plane.app.get(ReadableBackup);
      const look = readable.require.bind(readable);
      jest.spyOn(readable, 'require').mockImplementationOnce(async (context) => {
        await look(context);
        await happens();
      });
    };
    const comesBackFrom = async (newer: string): Promise<void> => {
      expect(newer).not.toBe(backup);
      expect(await isKept()).toBe(false);
      const { job, imported } = await tenant.comeBack();
      await imported();
      expect(await tenant.isHome()).toMatchObject({ requires_copy: newer });
      await tenant.report();
      await scene.reaches(job, 'succeeded');
    };

    it('is backed up again if its plane recovers the rows right before the removal', async () => {
      await losesAfterRestore();
      beforeTheRemoval(() => tenant.report());
      const job = await tenant.deprovision();
      const newer = await tenant.backUp();
      await tenant.purge(job);
      await comesBackFrom(newer);
    });

    it('keeps its earlier backup if its plane recovers the rows but loses them again', async () => {
      await losesAfterRestore();
      beforeTheRemoval(() => tenant.report());
      const job = await tenant.deprovision();
      const { id: newer } = await tenant.told(({ transfer }) => transfer?.role === 'backup' && transfer);
      await loses();
      await goesAndComesBack(job);
      expect(await scene.plane.rows(Transfer, { id: newer })).toMatchObject([{ keySealed: null }]);
    });

    describe('from its dedicated plane', () => {
      const destroys = (work: LocalDriver['destroy']) =>
        jest.spyOn(scene.plane.app.get(LocalDriver), 'destroy').mockImplementationOnce(work);
      beforeEach(async () => {
        const { region } = tenant;
        const { tenantId, slug, simulator } = await driven.provision('0.1.0', { region });
        tenant = Traveller.at(scene, region, simulator, tenantId, slug);
        const gone = await tenant.deprovision();
        backup = await tenant.backUp();
        await scene.reaches(gone, 'succeeded');
        const job = await tenant.asked('restore');
        tenant.cell = await driven.enrols(slug, '0.1.0');
        await (
          await tenant.beginImport()
        )();
        await tenant.isHome();
        await fails(job);
        await loses();
      });

      it('is backed up again if the plane recovers the rows right before the plane is removed', async () => {
        const removed = jest.fn();
        destroys(async (_, write) => {
          await tenant.report();
          await write(async () => undefined);
          removed();
        });
        const job = await tenant.deprovision();
        await scene.reaches(job, 'waiting');
        await scene.looksAgain(job);
        const newer = await tenant.backUp();
        expect(removed).not.toHaveBeenCalled();
        await scene.reaches(job, 'succeeded');
        expect([await isKept(), newer === backup]).toEqual([false, false]);
      });

      it.each([
        ['is served again if rolled back before any part of the plane is removed', false, 'cancelled', null],
        ['cannot be rolled back once parts of the plane may be removed', true, 'failed', 'beyond_return'],
      ] as const)('%s', async (_, hasBegun, end, code) => {
        destroys(async (_subject, write) => {
          if (hasBegun) await write(async () => undefined);
          throw new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
        });
        await tenant.report();
        const job = await tenant.deprovision();
        await tenant.backUp();
        await scene.reaches(job, 'failed');
        expect(await scene.job(job)).toMatchObject({ error: { code: 'stuck' } });
        await tenant.report();
        await scene.act(job, 'rollback').expect(202);
        await scene.reaches(job, end);
        if (code === null) await tenant.isHome();
        else expect(await scene.job(job)).toMatchObject({ error: { code } });
      });

      it('keeps its earlier backup if the plane recovers the rows while being removed', async () => {
        destroys(async (_, write) => {
          await write(async () => undefined);
          throw new StepFailure('operator', 'stuck', 'It is stuck.', 'Try again.');
        });
        const job = await tenant.deprovision();
        await scene.reaches(job, 'failed');
        await tenant.report();
        await scene.act(job, 'retry').expect(202);
        await scene.reaches(job, 'succeeded');
        expect(await isKept()).toBe(true);
      });
    });

    const breaksBeforeTheRemoval = (): void => {
      const broken = new StepFailure('operator', 'broken', 'It broke.', 'Operator: fix it.');
      jest.spyOn(scene.plane.app.get(RemoveCopiesStep), 'run').mockRejectedValueOnce(broken);
    };

    describe('with a rollback after a new backup', () => {
      let job: string;
      let newer: string;
      beforeEach(async () => {
        await fails(await tenant.reinstated());
        breaksBeforeTheRemoval();
        job = await tenant.deprovision();
        newer = await tenant.backUp();
        await scene.reaches(job, 'failed');
      });
      const rollsBack = async (end: 'failed' | 'cancelled') => {
        await scene.act(job, 'rollback').expect(202);
        await scene.reaches(job, end);
        return scene.job(job);
      };

      it.each<[string, () => Promise<unknown>]>([
        ['is reinstalled', () => tenant.installAnew()],
        ['reports the rows as missing', loses],
        ['has not yet reported the rows', () => Promise.resolve()],
      ])('keeps the new backup if the plane %s', async (_, happens) => {
        await happens();
        const fix = expect.stringContaining('restore');
        expect(await rollsBack('failed')).toMatchObject({ error: { code: 'home_not_serving', fix } });
        await scene.act(job, 'retry').expect(202);
        await tenant.purge(job);
        await comesBackFrom(newer);
      });

      it('keeps the new backup until the plane has reported to a restored Control Plane', async () => {
        await tenant.report();
        await scene.plane.beginEpoch();
        expect(await rollsBack('failed')).toMatchObject({ error: { code: 'home_not_serving' } });
        await tenant.report();
        await rollsBack('cancelled');
      });

      it('keeps the new backup if a copy of the plane with an older database has also reported', async () => {
        await tenant.report();
        const { linkId, sequence } = tenant.cell;
        Object.assign(tenant.cell, { linkId: randomUUID(), sequence: sequence - 2 });
        await tenant.report();
        Object.assign(tenant.cell, { linkId, sequence: sequence + 1 });
        await tenant.report();
        const fix = expect.stringContaining('restore');
        expect(await rollsBack('failed')).toMatchObject({ error: { code: 'home_forked', fix } });
        await scene.act(job, 'retry').expect(202);
        await tenant.purge(job);
        await comesBackFrom(newer);
      });

      it('requires the restored rows at its home until the new backup is erased', async () => {
        await tenant.report();
        const { tenants } = await tenant.cell.pullAll();
        expect(tenants.find(({ tenant_id: id }) => id === tenant.id)).toHaveProperty('requires_copy', backup);
        await rollsBack('cancelled');
        expect(await scene.plane.rows(Transfer, { id: newer })).toMatchObject([{ keySealed: null }]);
        expect(await tenant.isHome()).not.toHaveProperty('requires_copy');
        expect(await status()).toBe('active');
      });

      it('delays re-enrolment of its plane from the row check until the backup is erased', async () => {
        await tenant.report();
        const anew = await scene.plane.reissue(tenant.cell);
        const backups = scene.plane.app.get(Backups);
        const erase = backups.erase.bind(backups);
        let enrolment: Promise<SignedAnswer> | undefined;
        const order: string[] = [];
        jest.spyOn(backups, 'erase').mockImplementationOnce(async (...which) => {
          const enrol = () => anew.enrol().finally(() => order.push('enrolled'));
          ({ answer: enrolment } = await beside(scene.plane.app.get(Database), enrol));
          order.push('looked');
          return erase(...which);
        });
        await rollsBack('cancelled');
        await enrolment;
        expect(order).toEqual(['looked', 'enrolled']);
      });
    });

    it('keeps its earlier backup if its plane has lost the rows and the job is rolled back', async () => {
      await tenant.reinstated();
      await tenant.installAnew();
      breaksBeforeTheRemoval();
      const job = await tenant.deprovision();
      await scene.reaches(job, 'failed');
      await scene.act(job, 'rollback').expect(202);
      await scene.reaches(job, 'cancelled');
      expect([await status(), await isKept()]).toEqual(['active', true]);
    });
  });

  it('can be neither moved nor given up if its plane has lost the rows but a backup remains', async () => {
    const target = await scene.plane.enrolledCell({ region: tenant.region });
    const job = await tenant.reinstated();
    scene.plane.clock.advance(16 * 60);
    expect(await scene.looksAgain(job)).toMatchObject({
      status: 'failed',
      error: { code: 'wait_timed_out' },
    });
    await tenant.installAnew();
    const body = { deployment_model: 'shared', tenant_plane_id: target.id };
    const move = () => scene.plane.post(`/api/tenants/${tenant.id}/move`, body);
    const refused = await move();
    expect(refusal(refused)).toEqual([409, 'copy_lost']);
    expect(refused.body.detail).toContain('Retry the restore');
    const given = { confirm_slug: tenant.slug, accept_data_loss: true };
    const kept = await scene.plane.post(`/api/tenants/${tenant.id}/deprovision`, given);
    expect(refusal(kept)).toEqual([409, 'copy_kept']);
    await scene.act(job, 'retry').expect(202);
    await ends(job);
    await move().expect(202);
  });
});
