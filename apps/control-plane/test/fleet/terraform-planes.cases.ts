import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepFailure } from '@atlas/jobs';
import { EVERY_DATABASE, eventually } from '@atlas/testing';
import { infrastructureName } from '../../src/infrastructure/drivers/infrastructure-name';
import { TerraformDriver } from '../../src/infrastructure/drivers/terraform/terraform.driver';
import { TenantPlane } from '../../src/registry/tenant-plane.entity';
import { sayImported, sealedPart, sendPart } from '../backup-part.fixture';
import { type Driven, DrivenPlanes } from '../driven-planes.fixture';
import { JobScene } from '../job-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('a tenant plane created by Terraform on %s', (driver) => {
  let folder: string;
  let scene: JobScene;
  let planes: DrivenPlanes;
  let terraform: TerraformDriver;
  let plane: Driven;
  let directory: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atlas-terraform-planes-'));
    scene = await JobScene.set(driver, { TERRAFORM_WORK_DIR: folder });
    planes = new DrivenPlanes(scene);
    terraform = scene.plane.app.get(TerraformDriver);
  });
  afterAll(async () => {
    await scene.plane.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    plane = await planes.provision('0.1.0');
    const { slug, planeId: tenantPlaneId } = plane;
    await scene.plane.change(TenantPlane, { id: tenantPlaneId }, { infrastructureDriver: 'terraform' });
    directory = join(folder, infrastructureName({ slug, tenantPlaneId }));
  });
  afterEach(() => jest.restoreAllMocks());

  const releaseOf = async () => (await scene.plane.rows(TenantPlane, { id: plane.planeId }))[0]?.release;
  /** Deprovisions the tenant and sends its backup. */
  const deprovisioned = async (): Promise<string> => {
    const { tenantId, slug: confirm_slug, simulator } = plane;
    const { body } = await scene.plane
      .post(`/api/tenants/${tenantId}/deprovision`, { confirm_slug })
      .expect(202);
    const backup = await eventually(async () => {
      await simulator.pull();
      const { transfer } = simulator.tenants.get(tenantId) ?? {};
      return transfer?.role === 'backup' && transfer;
    });
    await sendPart(simulator, backup.id, await sealedPart(backup, {}));
    await sayImported(simulator, backup.id);
    return body.job.id;
  };

  it('does not count as removed until an operator has restored its missing state', async () => {
    const destroyed = jest.spyOn(terraform, 'destroy').mockResolvedValue();
    const job = await deprovisioned();
    await scene.reaches(job, 'failed');
    expect((await scene.job(job)).error).toMatchObject({ code: 'state_missing', class: 'operator' });
    expect(await scene.tenant(plane.tenantId)).toMatchObject({
      status: 'deprovisioning',
      restorable_until: null,
    });
    const certificate = `/api/tenants/${plane.tenantId}/deletion-certificate`;
    expect(refusal(await scene.plane.get(certificate))).toEqual([404, 'not_deleted']);
    expect(destroyed).not.toHaveBeenCalled();

    mkdirSync(directory);
    await scene.act(job, 'retry').expect(202);
    await scene.reaches(job, 'succeeded');
    expect(destroyed).toHaveBeenCalledTimes(1);
    expect(existsSync(directory)).toBe(false);
  });

  it('keeps its state until its removal is recorded', async () => {
    mkdirSync(directory);
    jest.spyOn(terraform, 'destroy').mockResolvedValue();
    const died = new StepFailure('operator', 'died', 'It died.', 'Operator: retry the job.');
    jest.spyOn(terraform, 'forget').mockRejectedValueOnce(died);
    expect(await releaseOf()).toBe('0.1.0');
    const job = await deprovisioned();
    await scene.reaches(job, 'failed');
    expect([existsSync(directory), await releaseOf()]).toEqual([true, null]);
    // Simulates a process that died right after forgetting the state.
    rmSync(directory, { recursive: true });
    await scene.act(job, 'retry').expect(202);
    await scene.reaches(job, 'succeeded');
  });

  it('is not created again by an upgrade while its state is missing', async () => {
    const created = jest.spyOn(terraform, 'create');
    const path = `/api/tenant-planes/${plane.planeId}/upgrade`;
    const { body } = await scene.plane.post(path, { version: '0.0.9' }).expect(202);
    await scene.reaches(body.job.id, 'cancelled');
    expect((await scene.job(body.job.id)).error).toMatchObject({ code: 'state_missing' });
    expect(created).not.toHaveBeenCalled();
    expect(await releaseOf()).toBe('0.1.0');
  });
});
