import { profileOf, CELL_MODELS } from '@atlas/deployment-profiles';
import { JobCarrier } from '@atlas/jobs';
import {
  ProvisionTenantDto,
  type PlanView,
  type AcceptedForTenant,
  type InstallBundle,
} from '@atlas/operator-api';
import { Database, insertRow, together, violates } from '@atlas/persistence';
import { Clock, DomainError, validationFailed } from '@atlas/platform';
import { plannedTenantUrl, slugFromName, slugProblem, uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Audit } from '../../audit/audit';
import { ControlPlaneConfig } from '../../config/control-plane.config';
import { ProvisioningTokens } from '../../enrolment/provisioning-tokens';
import { SingleTenantPlanes } from '../../enrolment/single-tenant-planes';
import { DryRuns } from '../../lifecycle/dry-runs';
import { jobView } from '../../lifecycle/job.view';
import { newProvisioningJob } from '../../provisioning-jobs/job-starter';
import { Cells, cellInPlan } from '../../registry/cells';
import { type TenantPlane } from '../../registry/tenant-plane.entity';
import { Tenant, type TenantSource } from '../../registry/tenant.entity';
import { tenantView } from '../../tenants/tenant.view';

const SLUG_RULE = { name: 'tenants_slug_uq', table: 'tenants', columns: ['slug'] };

/**
 * Starts the provisioning of a tenant. Checks the request
 * and writes the tenant and the job, which workers then run.
 */
@Injectable()
export class Provisioning {
  constructor(
    private readonly database: Database,
    private readonly dryRuns: DryRuns,
    private readonly cells: Cells,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly carrier: JobCarrier,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Describes what {@link start} would do, without changing anything. */
  async plan(dto: ProvisionTenantDto): Promise<PlanView> {
    const tenant = this.newTenant(dto, 'api');
    const cell = await this.database.read(async (manager) => {
      const found = await this.requireRoom(manager, tenant);
      if (await manager.existsBy(Tenant, { slug: tenant.slug, holdsSlug: true }))
        throw slugTaken(tenant.slug);
      return found;
    });
    const { plan } = await this.dryRuns.planFor(tenant, stepsOf(tenant));
    return { plan: { ...plan, tenant: { slug: tenant.slug, url: tenant.url }, ...cellInPlan(cell) } };
  }

  /** Writes the tenant, its job, the audit row and the wake-up in one transaction. */
  start(dto: ProvisionTenantDto, source: TenantSource): Promise<AcceptedForTenant> {
    return this.database.write((manager) => this.write(manager, dto, source));
  }

  private async write(
    manager: EntityManager,
    dto: ProvisionTenantDto,
    source: TenantSource,
  ): Promise<AcceptedForTenant> {
    const tenant = this.newTenant(dto, source);
    const request = { operation: 'provision', tenantId: tenant.id, steps: stepsOf(tenant) } as const;
    const job = newProvisioningJob(request, tenant.createdAt);
    const after = {
      slug: tenant.slug,
      deployment_model: tenant.deploymentModel,
      plan: tenant.plan,
      job_id: job.id,
    };
    // Start these queries together, so that they are sent in one round trip.
    const accepted = together([
      insertRow(manager, Tenant, tenant),
      this.audit.record(manager, {
        action: 'tenant.provision',
        targetKind: 'tenant',
        targetId: tenant.id,
        after,
      }),
      this.openInstall(manager, tenant, dto.token_ttl_seconds),
    ]);
    const outcomes = await accepted.catch((error: unknown) => {
      throw violates(error, SLUG_RULE) ? slugTaken(tenant.slug) : error;
    });
    const install = outcomes[2];
    this.database.beforeCommit(async () => {
      // Locks the cell, which the requests of other tenants need.
      const hasBegun = await this.carrier.start(manager, job);
      // A job that has begun has already taken a place.
      if (!hasBegun) await this.requireRoom(manager, tenant);
    });
    return {
      tenant: tenantView(tenant, install?.tenantPlaneId ?? null),
      job: jobView(job, tenant.slug),
      ...(install && { install: install.bundle }),
    };
  }

  /** The install bundle, if the customer installs the tenant plane; null otherwise. */
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
    const { infrastructureCreated } = profileOf(dto.deployment_model);
    if (infrastructureCreated && this.config.REQUIRE_PURCHASE_ORDER && !dto.po_number) {
      const detail = `A ${dto.deployment_model} tenant needs a purchase order. Send po_number.`;
      throw new DomainError('purchase_order_required', 'unprocessable', detail);
    }
    this.requireDatabase(dto);
    const slug = dto.slug ?? slugFromName(dto.name);
    const problem = slugProblem(slug);
    if (problem)
      throw validationFailed([
        { field: 'slug', message: `This name yields no valid slug (${problem}). Send a slug.` },
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
      planOverrides: null,
      billingState: 'ok',
      pastDueSince: null,
      billingJobId: null,
      leasedAt: now,
      leasedUntil: null,
      leasedUntilOn: null,
      toldEndingOf: null,
      suspendedAt: null,
      suspensionReason: null,
      restorableUntil: null,
    };
  }

  /** Refuses an unsuitable database early. Otherwise, the plane would refuse to start with it hours later. */
  private requireDatabase({ deployment_model: model, database }: ProvisionTenantDto): void {
    const { allowedInProduction } = profileOf(model).databases;
    const driver = database?.driver;
    if (!this.config.isProduction || driver === undefined || allowedInProduction.includes(driver)) return;
    const detail =
      `In production a ${model} tenant cannot use ${driver}. Choose ` +
      `${allowedInProduction.join(' or ')}, or leave database.driver out.`;
    throw new DomainError('database_not_in_production', 'unprocessable', detail);
  }

  /** Returns the cell that would get the tenant now, or null if the tenant gets a plane of its own. */
  private async requireRoom(manager: EntityManager, tenant: Tenant): Promise<TenantPlane | null> {
    if (!CELL_MODELS.includes(tenant.deploymentModel)) return null;
    const cell = await this.cells.emptiest(manager, { region: tenant.region });
    if (cell) return cell;
    const where = tenant.region ? ` in region ${tenant.region}` : '';
    const detail =
      `No shared tenant plane${where} has room. Try again later, or ask an operator to register another ` +
      'cell.';
    throw new DomainError('no_capacity', 'unavailable', detail, {}, { 'retry-after': '60' });
  }
}

/** The names of the provisioning steps, in order. */
function stepsOf({ deploymentModel }: Tenant): readonly string[] {
  return profileOf(deploymentModel).provisioning.steps;
}

function slugTaken(slug: string): DomainError {
  return new DomainError('slug_taken', 'conflict', `The slug "${slug}" is taken. Choose a different one.`);
}
