import { profileOf } from '@atlas/deployment-profiles';
import { Database, insertRow, together, violates } from '@atlas/persistence';
import { Clock, DomainError, validationFailed } from '@atlas/platform';
import { plannedTenantUrl, slugFromName, slugProblem, uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { ControlPlaneConfig } from '../control-plane.config';
import { type RepeatableAnswer } from '../idempotency/sealed-idempotency';
import { Cells } from '../tenant-planes/cells';
import { type InstallBundle, ProvisioningTokens } from '../tenant-planes/provisioning-tokens';
import { SingleTenantPlanes } from '../tenant-planes/single-tenant-planes';
import { Tenant, type TenantSource } from '../tenants/tenant.entity';
import { tenantView } from '../tenants/tenant.view';
import { type ProvisionTenantDto } from '../tenants/tenants.dto';
import { jobView } from './job.view';
import { Jobs } from './jobs.repository';
import { newJob } from './new-job';
import { Operations } from './operations';
import { JobQueue } from './queue/job-queue';
import { type PlanView } from './accepted.view';

const SLUG_RULE = { name: 'tenants_slug_uq', table: 'tenants', columns: ['slug'] };

/** Accepts the request for a tenant: everything that it needs is checked and written, then workers take over. */
@Injectable()
export class Provisioning {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly operations: Operations,
    private readonly cells: Cells,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly queue: JobQueue,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** What `accept` would do. Changes nothing. */
  async plan(dto: ProvisionTenantDto): Promise<PlanView> {
    const tenant = this.newTenant(dto, 'api');
    const steps = this.operations.provisioning(dto.deployment_model);
    await this.database.read(async (manager) => {
      await this.requireRoom(manager, tenant);
      if (await manager.existsBy(Tenant, { slug: tenant.slug, holdsSlug: true }))
        throw slugTaken(tenant.slug);
    });
    return this.operations.describe(steps, tenant);
  }

  /** Tenant, job, audit row and wake-up, in the caller's transaction. */
  async accept(
    manager: EntityManager,
    dto: ProvisionTenantDto,
    source: TenantSource,
  ): Promise<RepeatableAnswer> {
    const tenant = this.newTenant(dto, source);
    const steps = this.operations.provisioning(tenant.deploymentModel);
    const job = newJob({ operation: 'provision', tenantId: tenant.id, steps }, tenant.createdAt);
    const after = {
      slug: tenant.slug,
      deployment_model: tenant.deploymentModel,
      plan: tenant.plan,
      job_id: job.id,
    };
    // Started together: they travel in one message.
    const accepted = together([
      this.requireRoom(manager, tenant),
      insertRow(manager, Tenant, tenant),
      this.jobs.insert(manager, job),
      this.audit.record(manager, {
        action: 'tenant.provision',
        targetKind: 'tenant',
        targetId: tenant.id,
        after,
      }),
      this.queue.wake(manager, job.id),
      this.openInstall(manager, tenant, dto.token_ttl_seconds),
    ]);
    const outcomes = await accepted.catch((error: unknown) => {
      throw violates(error, SLUG_RULE) ? slugTaken(tenant.slug) : error;
    });
    const install = outcomes[5];
    return {
      status: 202,
      headers: { location: `/api/provisioning-jobs/${job.id}` },
      body: { tenant: tenantView(tenant, install?.tenantPlaneId ?? null), job: jobView(job, tenant.slug) },
      ...(install && { install: { tokenId: install.bundle.token_id, bundle: install.bundle } }),
    };
  }

  /** What the customer needs to install its tenant plane, where it has to. */
  private async openInstall(
    manager: EntityManager,
    tenant: Tenant,
    ttlSeconds: number | undefined,
  ): Promise<{ tenantPlaneId: string; bundle: InstallBundle } | null> {
    if (!profileOf(tenant.deploymentModel).installRequired) return null;
    const plane = await this.planes.ensure(manager, tenant, {
      model: tenant.deploymentModel,
      phase: 'serving',
    });
    return { tenantPlaneId: plane.id, bundle: await this.tokens.issue(manager, plane, ttlSeconds) };
  }

  private newTenant(dto: ProvisionTenantDto, source: TenantSource): Tenant {
    if (dto.deployment_model === 'dedicated' && this.config.REQUIRE_PURCHASE_ORDER && !dto.po_number) {
      const detail = 'A dedicated tenant needs a purchase order: send po_number.';
      throw new DomainError('purchase_order_required', 'unprocessable', detail);
    }
    this.requireDatabase(dto);
    const slug = dto.slug ?? slugFromName(dto.name);
    const problem = slugProblem(slug);
    if (problem)
      throw validationFailed([
        { field: 'slug', message: `No slug can be made of this name (${problem}): send a slug.` },
      ]);
    const now = this.clock.now();
    return {
      id: uuidv7(now),
      slug,
      holdsSlug: true,
      name: dto.name.trim(),
      deploymentModel: dto.deployment_model,
      status: 'provisioning',
      plan: dto.plan,
      region: dto.region ?? null,
      source,
      adminEmail: dto.admin_email.toLowerCase(),
      poNumber: dto.po_number ?? null,
      settings: { ...(dto.database?.driver && { database_driver: dto.database.driver }) },
      url: profileOf(dto.deployment_model).installRequired
        ? null
        : plannedTenantUrl(slug, this.config.TENANT_BASE_DOMAIN),
      endpointUrl: null,
      dbUrlSealed: null,
      createdAt: now,
      updatedAt: now,
      activeAt: null,
      restorableUntil: null,
    };
  }

  /** Its plane would refuse to start on it, hours later. */
  private requireDatabase({ deployment_model: model, database }: ProvisionTenantDto): void {
    const { allowedInProduction } = profileOf(model).databases;
    const driver = database?.driver;
    if (!this.config.isProduction || driver === undefined || allowedInProduction.includes(driver)) return;
    const detail = `In production a ${model} tenant is not on ${driver}: ask for ${allowedInProduction.join(' or ')}, or leave database.driver out.`;
    throw new DomainError('database_not_in_production', 'unprocessable', detail);
  }

  private async requireRoom(manager: EntityManager, tenant: Tenant): Promise<void> {
    if (
      tenant.deploymentModel !== 'shared' ||
      (await this.cells.emptiest(manager, { region: tenant.region }))
    )
      return;
    const where = tenant.region ? ` in region ${tenant.region}` : '';
    const detail = `No shared tenant plane${where} has room. Try again later; operators register another cell.`;
    throw new DomainError('no_capacity', 'unavailable', detail, {}, { 'retry-after': '60' });
  }
}

function slugTaken(slug: string): DomainError {
  return new DomainError('slug_taken', 'conflict', `The slug "${slug}" is taken: send another one.`);
}
