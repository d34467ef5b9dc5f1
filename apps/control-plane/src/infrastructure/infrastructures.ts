import { type DeploymentModel } from '@atlas/deployment-profiles';
import { Database, type DatabaseDriver } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { POOL_STEM } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig, type DriverName } from '../config/control-plane.config';
import { DatabaseUrls } from '../desired-state/database-urls';
import { type Arrival } from '../enrolment/arrival';
import { ProvisioningTokens } from '../enrolment/provisioning-tokens';
import { SingleTenantPlanes, requireOwn } from '../enrolment/single-tenant-planes';
import { ProvisioningJobs } from '../provisioning-jobs/provisioning-jobs';
import { Placement } from '../registry/placement.entity';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { Drivers } from './drivers';
import {
  type FencedWrite,
  type InfrastructureDriver,
  type InfrastructureRequest,
  type InfrastructureSubject,
  NO_TENANT,
} from './drivers/infrastructure-driver';

type PlaneSubject = Pick<TenantPlane, 'id' | 'deploymentModel'> &
  Partial<Pick<TenantPlane, 'name' | 'region' | 'poolState'>>;

/** The job for which the infrastructure is created, and the job's fenced transactions. */
interface InfrastructureWork {
  readonly jobId: string;
  readonly write: FencedWrite;
}

interface Created {
  readonly driver: DriverName;
  readonly endpointUrl: string;
}

/**
 * Manages the infrastructure of dedicated tenants. The configured
 * driver creates it, and the tenants' and planes' rows record it.
 */
@Injectable()
export class Infrastructures {
  constructor(
    private readonly database: Database,
    private readonly drivers: Drivers,
    private readonly planes: SingleTenantPlanes,
    private readonly tokens: ProvisioningTokens,
    private readonly databaseUrls: DatabaseUrls,
    private readonly jobs: ProvisioningJobs,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Describes, for operators, what would be created. */
  plan(tenant: Tenant, deploymentModel: DeploymentModel): Promise<readonly string[]> {
    const plane = { id: tenant.id, deploymentModel };
    const subject = this.subjectOf(tenant, plane, this.config.tenantPlaneVersion);
    return this.drivers.get(this.config.infrastructureDriver).plan(subject);
  }

  /** With the manual driver, returns null until a person has created the infrastructure. */
  async create(
    { tenantId, jobId, write }: InfrastructureWork & { readonly tenantId: string },
    phase: Arrival['phase'],
  ): Promise<Created | null> {
    const { tenant, plane } = await this.find(tenantId, phase);
    if (!plane) throw new Error('The tenant has no tenant plane to create infrastructure for.');
    const version = plane.release ?? this.config.tenantPlaneVersion;
    const home = phase === 'serving' ? tenant : null;
    return this.createFor({ tenant, plane, home }, version, { jobId, write });
  }

  /** Creates the infrastructure of a plane for the warm pool. Idempotent. */
  async createPooled(
    { tenantPlaneId: id, jobId, write }: InfrastructureWork & { readonly tenantPlaneId: string },
    version: string,
  ): Promise<Created> {
    const plane = await this.database.read((manager) => manager.findOneByOrFail(TenantPlane, { id }));
    const made = await this.createFor({ tenant: null, plane, home: null }, version, { jobId, write });
    if (!made) throw new Error(`Only a person can create planes with ${this.config.infrastructureDriver}.`);
    return made;
  }

  private async createFor(
    { tenant, plane, home }: { tenant: Tenant | null; plane: TenantPlane; home: Tenant | null },
    version: string,
    { jobId, write }: InfrastructureWork,
  ): Promise<Created | null> {
    const name = plane.infrastructureDriver ?? this.config.infrastructureDriver;
    if (plane.dbUrlSealed !== null && plane.endpointUrl !== null && !this.mustName(plane))
      return { driver: name, endpointUrl: plane.endpointUrl };
    await write(async (manager) => {
      await requireOwn(manager, tenant?.id ?? null, plane);
      await manager.update(TenantPlane, { id: plane.id }, { infrastructureDriver: name });
    });
    const request = this.requestFor(tenant, plane, version, { jobId, write });
    const driver = await this.driverOf({ ...plane, infrastructureDriver: name }, request);
    const made = await driver.create(request, write);
    if (!made) return null;
    await write((manager) => this.databaseUrls.record(manager, plane.id, made, home));
    return { driver: name, endpointUrl: made.endpointUrl };
  }

  /** Whether the driver must run once more, because a tenant has taken the plane from the warm pool. */
  mustName({ poolState, infrastructureDriver }: TenantPlane): boolean {
    return poolState === 'taken' && this.drivers.get(infrastructureDriver ?? 'manual').namesTenant;
  }

  /** Makes the plane's driver run the plane on this version. Idempotent. */
  async run(
    { tenantPlaneId, jobId, write }: InfrastructureWork & { readonly tenantPlaneId: string },
    version: string,
  ): Promise<void> {
    const { tenant, plane } = await this.database.read(async (manager) => {
      const place = await manager.findOneByOrFail(Placement, { tenantPlaneId, holdsPlace: true });
      return {
        tenant: await manager.findOneByOrFail(Tenant, { id: place.tenantId }),
        plane: await manager.findOneByOrFail(TenantPlane, { id: tenantPlaneId }),
      };
    });
    const request = this.requestFor(tenant, plane, version, { jobId, write });
    const driver = await this.driverOf(plane, request);
    const made = await driver.create(request, write);
    // The plane may have a new address.
    if (made && made.endpointUrl !== plane.endpointUrl)
      await write((manager) => this.databaseUrls.record(manager, tenantPlaneId, made, tenant));
  }

  /** Does nothing if the plane has a different model, because the plane was not created for this arrival. */
  async destroy(tenantId: string, { model, phase }: Arrival, write: FencedWrite): Promise<void> {
    const { tenant, plane } = await this.find(tenantId, phase);
    if (plane?.deploymentModel === model) await this.destroyPlane(tenant, plane, write);
    if (phase === 'serving') await write((manager) => this.databaseUrls.forget(manager, tenantId));
  }

  /**
   * Destroys the infrastructure of this plane. `begin` runs in the last
   * transaction before anything is removed, and may throw to refuse the removal. Without a tenant, the plane
   * must be in the warm pool.
   */
  async destroyPlane(
    tenant: Tenant | null,
    plane: TenantPlane,
    write: FencedWrite,
    begin: (manager: EntityManager) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const { id } = plane;
    // Supersedes the plane's jobs, because a running upgrade would create the plane again.
    await write(async (manager) => {
      await requireOwn(manager, tenant?.id ?? null, plane);
      // The job that removes a plane from the pool is itself the plane's job, and no other can be live.
      if (tenant) await this.jobs.supersede(manager, { tenantPlaneId: id }, 'removal of its tenant plane');
    });
    const subject = this.subjectOf(tenant, plane, plane.release);
    const driver = await this.driverOf(plane, subject);
    await driver.destroy(subject, beginningWith(begin, write));
    const nothing = { dbUrlSealed: null, release: null, releasedAt: null };
    const nobody = { releasedBy: null, releasedSequence: null };
    await write((manager) => manager.update(TenantPlane, { id }, { ...nothing, ...nobody }));
    await driver.forget(subject);
  }

  /** `release` is set before anything is created for the plane, and cleared once everything is removed. */
  private async driverOf(
    { infrastructureDriver, release }: TenantPlane,
    subject: InfrastructureSubject,
  ): Promise<InfrastructureDriver> {
    const driver = this.drivers.get(infrastructureDriver ?? 'manual');
    if (release !== null) await driver.requireTracked(subject);
    return driver;
  }

  private requestFor(
    tenant: Tenant | null,
    plane: TenantPlane,
    version: string,
    { jobId, write }: InfrastructureWork,
  ): InfrastructureRequest {
    const openEnvironment = () =>
      write((manager) => this.openEnvironment(manager, plane.id, { version, jobId }));
    return { ...this.subjectOf(tenant, plane, version), openEnvironment };
  }

  /**
   * The plane is about to start with this environment, so its version is recorded
   * here. Only a plane that has yet to enrol needs a token.
   */
  private async openEnvironment(
    manager: EntityManager,
    id: string,
    { version, jobId: releasedBy }: { readonly version: string; readonly jobId: string },
  ): Promise<Readonly<Record<string, string>>> {
    const plane = await lockPlane(manager, id);
    const told = { releasedAt: this.clock.now(), releasedBy, releasedSequence: plane.sequence };
    if (plane.release !== version) await manager.update(TenantPlane, { id }, { release: version, ...told });
    if (plane.status === 'enrolled') return this.tokens.environmentOf(manager, plane);
    return (await this.tokens.issue(manager, plane)).env;
  }

  private find(id: string, phase: Arrival['phase']): Promise<{ tenant: Tenant; plane: TenantPlane | null }> {
    return this.database.read(async (manager) => {
      const tenant = await manager.findOneByOrFail(Tenant, { id });
      return { tenant, plane: await this.planes.find(manager, id, phase) };
    });
  }

  /** `tenant` is null while the plane is in the warm pool. */
  subjectOf(
    tenant: Tenant | null,
    { id: tenantPlaneId, deploymentModel, name = '', region = null, poolState = null }: PlaneSubject,
    version: string | null,
  ): InfrastructureSubject {
    const database = (tenant?.settings['database_driver'] as DatabaseDriver) ?? this.config.dedicatedDatabase;
    return {
      tenantId: tenant?.id ?? NO_TENANT,
      slug: tenant?.slug ?? name,
      ...(poolState !== null && { stem: POOL_STEM }),
      tenantPlaneId,
      deploymentModel,
      // A plane from the pool keeps the region in which it was created.
      region: tenant && poolState === null ? tenant.region : region,
      database,
      version,
    };
  }
}

function beginningWith(begin: (manager: EntityManager) => Promise<void>, write: FencedWrite): FencedWrite {
  let hasBegun = false;
  return async (work) => {
    const result = await write(async (manager) => {
      if (!hasBegun) await begin(manager);
      return work(manager);
    });
    hasBegun = true;
    return result;
  };
}
