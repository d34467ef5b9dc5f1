import { readFileSync } from 'node:fs';
import { identityOf } from '@atlas/platform/processes';
import { databasesOfLongSuite, eventually } from '@atlas/testing';
import { TerraformStack, hasTerraform } from './terraform.fixture';
import { inFullForm } from './full-form.fixture';

jest.setTimeout(120_000);

const describeWithTerraform = hasTerraform ? describe : describe.skip;
const SECRETS = /at[ps]_[a-z0-9]+_|:[0-9a-f]{32}@/i;

describeWithTerraform('dedicated tenants with Terraform (skipped unless terraform is on the PATH)', () => {
  let terraform: TerraformStack;
  beforeAll(async () => {
    terraform = await TerraformStack.start();
  });
  afterAll(() => terraform.stop());

  /**
   * Expects the tenant to be active, its admin to be able to sign up, and each resource to exist exactly
   * once.
   */
  async function expectProvisionedOnce(slug: string, isOnPostgres: boolean): Promise<void> {
    const { stack } = terraform;
    const tenant = await stack.awaitActive(slug);
    const session = await stack.signUp(tenant, tenant.endpoint_url ?? '');
    expect(session.user.role).toBe('admin');
    expect(terraform.processesOf(slug)).toHaveLength(1);
    expect(await terraform.namesOf(slug)).toHaveLength(isOnPostgres ? 3 : 1);
    const { body } = await stack.api<{ db_url: string }>(`/api/tenants/${tenant.id}/db-url`);
    expect(body.db_url).toMatch(isOnPostgres ? /^postgres:\/\/atlas_.*@127/ : /tenant-plane\.db$/);
  }

  /** Rolls back the tenant's provisioning, and expects nothing to remain. */
  async function expectUndone(slug: string, tenantId: string): Promise<void> {
    const { stack } = terraform;
    const jobs = await stack.api<{ items: { id: string }[] }>(`/api/provisioning-jobs?tenant_id=${tenantId}`);
    const job = `/api/provisioning-jobs/${jobs.body.items[0]?.id}`;
    await stack.api(`${job}/cancel`, { method: 'POST' });
    expect((await stack.api(`${job}/rollback`, { method: 'POST' })).status).toBe(202);
    const status = async (): Promise<unknown> => (await stack.api(job)).body['status'];
    await eventually(async () => (await status()) === 'cancelled', { what: 'the job is undone' });
    expect(terraform.processesOf(slug)).toEqual([]);
    expect(await terraform.namesOf(slug)).toEqual([]);
  }

  describe.each(databasesOfLongSuite('postgres'))('on %s', (driver) => {
    const slug = `on${driver}`;

    it('can be planned with a dry run, which leaves nothing behind', async () => {
      const { body } = await terraform.stack.api<{ plan: { steps: { creates: string[] }[] } }>(
        '/api/tenants/provision?dry_run=true',
        { body: terraform.requestOf(slug, driver) },
      );
      const creates = body.plan.steps.flatMap((step) => step.creates).join('\n');
      expect(creates).toContain('terraform_data.tenant_plane_started');
      expect(creates.includes('terraform_data.database_made[0]')).toBe(driver === 'postgres');
      expect([...terraform.files('tmp'), ...(await terraform.namesOf(slug))]).toEqual([]);
    });

    it('are created, and users can sign in', async () => {
      await terraform.provision(slug, driver);
      await expectProvisionedOnce(slug, driver === 'postgres');
    });
  });

  it('leave no secret in the logs', () => {
    const files = ['plan.log', 'apply.log', 'apply.err.log'].map((name) =>
      terraform.fileOf('onpostgres', name),
    );
    const output = terraform.stack.controlPlane.output();
    const written = [output, ...files.map((file) => readFileSync(file, 'utf8'))].join('\n');
    expect(written).toContain('terraform_data.tenant_plane_started: Creation complete');
    expect(written).not.toMatch(SECRETS);
  });

  describe('whose apply is interrupted', () => {
    inFullForm('are created by the next attempt if terraform is killed', async () => {
      terraform.closeGate();
      await terraform.provision('hurt', 'postgres');
      process.kill(await terraform.heldApply('hurt'), 'SIGKILL');
      terraform.openGate();
      await expectProvisionedOnce('hurt', true);
    });

    inFullForm(
      'are created by the next Control Plane if terraform and the Control Plane are killed',
      async () => {
        terraform.closeGate();
        await terraform.provision('lost', 'postgres');
        const pid = await terraform.heldApply('lost');
        await terraform.stack.controlPlane.end('SIGKILL');
        process.kill(pid, 'SIGKILL');
        terraform.openGate();
        await terraform.stack.startControlPlane();
        await expectProvisionedOnce('lost', true);
      },
    );

    inFullForm('are created by the surviving terraform if only the Control Plane is killed', async () => {
      terraform.closeGate();
      await terraform.provision('orphan', 'sqlite');
      const survivor = await terraform.heldApply('orphan');
      await terraform.stack.controlPlane.end('SIGKILL');
      const next = await terraform.stack.startControlPlane();
      await next.line(/Acquiring state lock/);
      expect(identityOf(survivor)?.command).toContain('terraform apply');
      expect(next.output()).not.toContain('terraform apply started');
      terraform.openGate();
      await expectProvisionedOnce('orphan', false);
      expect(readFileSync(terraform.fileOf('orphan', 'apply.log'), 'utf8')).toContain('Apply complete');
    });

    inFullForm(
      'are created by the next Control Plane after a shutdown has interrupted terraform',
      async () => {
        terraform.closeGate();
        await terraform.provision('polite', 'sqlite');
        const pid = await terraform.heldApply('polite');
        expect(await terraform.stack.controlPlane.end('SIGTERM')).not.toBeNull();
        expect(identityOf(pid)).toBeUndefined();
        terraform.openGate();
        await terraform.stack.startControlPlane();
        await expectProvisionedOnce('polite', false);
      },
    );

    it('leave nothing behind once their job has been rolled back', async () => {
      const { stack } = terraform;
      terraform.closeGate();
      const { id } = await terraform.provision('undone', 'postgres');
      const pid = await terraform.heldApply('undone');
      await stack.controlPlane.end('SIGKILL');
      process.kill(pid, 'SIGKILL');
      terraform.openGate();
      // This fault point keeps the job from continuing before it is rolled back.
      await stack.startControlPlane({ ATLAS_FAULT_POINT: 'provision/create-infrastructure/before:throw' });
      expect(await terraform.namesOf('undone')).toHaveLength(3);
      await expectUndone('undone', id);
      await stack.controlPlane.end();
      await stack.startControlPlane();
    });
  });

  inFullForm(
    'are upgraded by another apply, and rolled back from a broken release by a further one',
    async () => {
      const { stack, releases } = terraform;
      releases.add('0.0.9');
      releases.add('0.0.8');
      releases.breakFor('0.0.8', 'aged');
      await terraform.provision('aged', 'sqlite');
      const { tenant_plane_id: id, endpoint_url: url } = await stack.awaitActive('aged');
      const upgradeTo = async (version: string): Promise<Record<string, unknown>> => {
        const body = { version };
        const { headers } = await stack.api(`/api/tenant-planes/${id}/upgrade`, { body });
        const ended = async () => {
          const { body: job } = await stack.api(headers.get('location') ?? '');
          return ['succeeded', 'cancelled', 'failed'].includes(String(job['status'])) && job;
        };
        return eventually(ended, { what: `the upgrade to ${version} has finished`, timeoutMs: 90_000 });
      };
      const version = async (): Promise<unknown> => {
        const name = `aged-${id?.slice(-8)}`;
        return (await stack.api<{ items: object[] }>(`/api/tenant-planes?name=${name}`)).body.items;
      };
      expect(await upgradeTo('0.0.9')).toMatchObject({ status: 'succeeded' });
      expect(await version()).toMatchObject([{ version: '0.0.9', release: '0.0.9' }]);
      const back = await upgradeTo('0.0.8');
      expect(back).toMatchObject({ status: 'cancelled', error: { code: 'terraform_apply_failed' } });
      expect(await version()).toMatchObject([{ version: '0.0.9', release: '0.0.9' }]);
      expect(terraform.processesOf('aged')).toHaveLength(1);
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    },
  );

  inFullForm('leave nothing behind when their provisioning is rolled back', async () => {
    const { stack } = terraform;
    await stack.controlPlane.end();
    await stack.startControlPlane({ ATLAS_FAULT_POINT: 'provision/await-enrolment/before:throw' });
    // No other test file may use this slug, because all of them create databases on the same server.
    const { id } = await terraform.provision('abandoned', 'postgres');
    await stack.controlPlane.line(/Fault point provision\/await-enrolment/);
    expect(terraform.processesOf('abandoned')).toHaveLength(1);
    await expectUndone('abandoned', id);
  });
});
