import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepFailure } from '@atlas/jobs';
import { JsonLogger, createPino } from '@atlas/platform';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { LocalPlane } from '../../src/infrastructure/drivers/local/local-plane.entity';
import { LocalPlanes } from '../../src/infrastructure/drivers/local/local-planes';
import { LocalPostgres } from '../../src/infrastructure/drivers/local/local-postgres';
import { ProvisioningJob } from '../../src/provisioning-jobs/provisioning-job.entity';
import { SEALING_KEYS } from '../control-plane.fixture';
import { JOBS, JobScene } from '../job-scene.fixture';

const ADMIN_PASSWORD = 'p@ss/word of admins';
const ADMIN_URL = `postgres://atlas:${encodeURIComponent(ADMIN_PASSWORD)}@127.0.0.1:1/postgres`;

describe.each(EVERY_DATABASE)(
  'an infrastructure driver that fails and prints its whole input, on %s,',
  (driver) => {
    const build = mkdtempSync(join(tmpdir(), 'atlas-build-'));
    let scene: JobScene;
    let logged = '';
    beforeAll(async () => {
      writeFileSync(join(build, 'main.js'), '');
      const env = { LOCAL_DRIVER_POSTGRES_URL: ADMIN_URL, LOCAL_DRIVER_TENANT_PLANE: build };
      scene = await JobScene.set(driver, { ...env, LOCAL_DRIVER_DIR: build });
      Logger.overrideLogger(
        new JsonLogger(createPino('tests', 'trace', { write: (line) => void (logged += line) })),
      );
    });
    afterEach(() => jest.restoreAllMocks());
    afterAll(async () => {
      Logger.overrideLogger(false);
      await scene.plane.close();
      rmSync(build, { recursive: true });
    });

    /** The secrets of the plane being created. */
    const secretsNow = async (): Promise<Record<string, string>> => {
      const planes = await scene.plane.rows(LocalPlane);
      const newest = planes.sort((a, b) => (a.tenantPlaneId < b.tenantPlaneId ? 1 : -1))[0] as LocalPlane;
      const env = scene.plane.app.get(LocalPlanes).environmentOf(newest);
      const url = env['TENANT_PLANE_DATABASE_URL'] ?? '';
      return {
        url,
        'url, encoded': encodeURIComponent(url),
        password: new URL(url).password,
        secret: env['INTERNAL_SERVICE_SECRET'] ?? '',
        token: env['ATLAS_PROVISIONING_TOKEN'] ?? '',
        'admin url': ADMIN_URL,
        'admin url, encoded': encodeURIComponent(ADMIN_URL),
        'admin password': ADMIN_PASSWORD,
        'admin password, encoded': encodeURIComponent(ADMIN_PASSWORD),
        'sealing key': SEALING_KEYS.split(':')[1] ?? '',
      };
    };

    it.each([
      [
        'a step failure',
        'failed',
        (text: string) => new StepFailure('operator', 'create_failed', text, 'Check it.'),
      ],
      ['an unexpected error', 'waiting', (text: string) => new Error(text)],
    ] as const)('reveals no secret through %s', async (_whose, status, failure) => {
      logged = '';
      let secrets: Record<string, string> = {};
      jest.spyOn(LocalPostgres.prototype, 'ensure').mockImplementation(async () => {
        secrets = await secretsNow();
        throw failure(`could not connect: ${Object.entries(secrets).join(' ')}`);
      });
      const { body } = await scene.plane.provision({ deployment_model: 'dedicated' }).expect(202);
      const job = await eventually(async () => {
        const now = await scene.job(body.job.id);
        return now.steps.some(({ error }) => error !== null) && now.status === status && now;
      });
      expect(JSON.stringify(job)).toContain('could not connect: url,postgres://');
      if (status === 'waiting') await scene.act(body.job.id, 'cancel').expect(202);
      const events = await scene.plane.get(`${JOBS}/${body.job.id}/events`);
      const texts = {
        job: JSON.stringify(job),
        events: events.text,
        rows: JSON.stringify(await scene.plane.rows(ProvisioningJob)),
        audit: JSON.stringify(await scene.plane.rows(AuditEvent)),
        log: logged,
      };
      expect(Object.keys(secrets)).toHaveLength(10);
      for (const [what, secret] of Object.entries(secrets))
        for (const [where, text] of Object.entries(texts))
          expect([what, where, secret !== '' && text.includes(secret)]).toEqual([what, where, false]);
      if (status === 'waiting') expect(logged).toContain('could not connect');
    });
  },
);
