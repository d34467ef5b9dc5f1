import {
  RegisterTenantPlaneDto,
  type RegisteredPlane,
  ListTenantPlanesQuery,
  type TenantPlaneView,
  type VersionsView,
} from '@atlas/operator-api';
import { Database, insertRow, violates } from '@atlas/persistence';
import { supportedFrom } from '@atlas/plane-contract';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type PlaneCaller } from '../access/caller';
import { Audit } from '../audit/audit';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { CONTROL_PLANE_VERSION, isBehind, versionClassOf } from '../config/version-policy';
import { ProvisioningTokens } from '../enrolment/provisioning-tokens';
import { healthOf, isForked } from '../registry/health-class';
import { requirePlacedHere } from '../registry/placements';
import { TenantPlane, expectedPlane } from '../registry/tenant-plane.entity';
import { KeyUses } from '../service-keys/key-uses';
import { PreviousSecretUses } from '../service-keys/previous-secret-uses';
import { type ServiceKey } from '../service-keys/service-key.entity';
import { keysView } from '../service-keys/service-key.view';
import { ServiceKeys } from '../service-keys/service-keys';
import { findFleet } from './find-fleet';

const NAME_RULE = { name: 'tenant_planes_name_uq', table: 'tenant_planes', columns: ['name'] };

/** The fleet: tenant planes that have enrolled or are expected to. */
@Injectable()
export class TenantPlanes {
  constructor(
    private readonly database: Database,
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly keyUses: KeyUses,
    private readonly previousSecretUses: PreviousSecretUses,
    private readonly audit: Audit,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  /** Registers a cell, which is then expected to enrol. */
  register(dto: RegisterTenantPlaneDto): Promise<RegisteredPlane> {
    const { name, region, capacity, secret: secretMode } = dto;
    const cell = { deploymentModel: 'shared', region, capacity, placed: 0, secretMode } as const;
    const plane = expectedPlane({ ...cell, name: () => name, now: this.clock.now() });
    return this.database.write(async (manager) => {
      try {
        await insertRow(manager, TenantPlane, plane);
      } catch (error) {
        if (!violates(error, NAME_RULE)) throw error;
        throw new DomainError(
          'name_taken',
          'conflict',
          'A tenant plane with this name is already registered. Choose another name.',
        );
      }
      const install = await this.tokens.issue(manager, plane, dto.token_ttl_seconds);
      await this.audit.record(manager, {
        action: 'tenant_plane.registered',
        targetKind: 'tenant_plane',
        targetId: plane.id,
        after: { name: plane.name, region: plane.region, capacity: plane.capacity },
      });
      return { tenant_plane: this.viewOf(plane, plane.createdAt), install };
    });
  }

  list({ limit, ...query }: ListTenantPlanesQuery): Promise<Page<TenantPlaneView>> {
    return this.database.read(async (manager) => {
      const planes = await findFleet(this.database, manager, query, limit + 1);
      const now = await this.database.now();
      const ids = planes.map(({ id }) => id);
      const accepted = await this.keys.acceptedOf(manager, ids);
      const keysOf = (id: string) => accepted.filter((key) => key.tenantPlaneId === id);
      return pageOf(planes, limit, (plane) => this.viewOf(plane, now, keysOf(plane.id)));
    });
  }

  /** All planes that have enrolled, oldest first. */
  async versions(): Promise<VersionsView> {
    const latest = this.config.tenantPlaneVersion;
    const planes = await this.database.read((manager) =>
      manager.find(TenantPlane, {
        where: { status: 'enrolled' },
        select: { id: true, version: true },
        order: { id: 'ASC' },
      }),
    );
    return {
      latest,
      supported_from: supportedFrom(CONTROL_PLANE_VERSION),
      planes: planes.map(({ id, version }) => ({
        tenant_plane_id: id,
        version,
        behind: version !== null && isBehind(version, latest),
      })),
    };
  }

  get(id: string): Promise<TenantPlaneView> {
    return this.database.read((manager) => this.view(manager, id));
  }

  async view(manager: EntityManager, id: string): Promise<TenantPlaneView> {
    const plane = await manager.findOneBy(TenantPlane, { id });
    if (!plane) throw new DomainError('not_found', 'not_found', 'There is no such tenant plane.');
    return this.viewOf(plane, await this.database.now(), await this.keys.acceptedOf(manager, [id]));
  }

  /**
   * Returns the plane that sent a signed call. The platform secret does not identify the plane, so the
   * signed query must name the plane. If the call names a tenant, that tenant must be placed on the plane.
   */
  async identify(call: ServiceCall<PlaneCaller>, claimedId?: string, tenantId?: string): Promise<string> {
    const known = call.caller.tenantPlaneId;
    if (known !== null && claimedId !== undefined && claimedId !== known) {
      throw new DomainError(
        'tenant_plane_mismatch',
        'forbidden',
        'The signing key does not belong to the tenant plane given in tenant_plane_id.',
      );
    }
    if (!(await this.keys.isActive(call.keyId))) {
      throw new DomainError(
        'not_enrolled',
        'forbidden',
        'No tenant plane has enrolled with this secret. Enrol first.',
      );
    }
    await this.keyUses.noteFirst(call.keyId);
    const id = known ?? (await this.platformCell(claimedId));
    if (this.keys.isPrevious(call)) this.previousSecretUses.note(id);
    if (tenantId !== undefined)
      await this.database.read((manager) => requirePlacedHere(manager, id, [tenantId]));
    return id;
  }

  /** Without a claimed id, the caller must be the only enrolled cell that uses the platform secret. */
  private async platformCell(claimedId: string | undefined): Promise<string> {
    const where = {
      secretMode: 'platform',
      status: 'enrolled',
      ...(claimedId && { id: claimedId }),
    } as const;
    const [only, another] = await this.database.read((manager) =>
      manager.find(TenantPlane, { where, take: 2 }),
    );
    if (only && !another) return only.id;
    const detail =
      'The platform secret does not identify the calling tenant plane. Name the plane in the query: ' +
      'tenant_plane_id=<id from enrolment>.';
    throw new DomainError('tenant_plane_unknown', 'forbidden', detail);
  }

  private viewOf(plane: TenantPlane, now: Date, accepted: readonly ServiceKey[] = []): TenantPlaneView {
    return {
      id: plane.id,
      name: plane.name,
      deployment_model: plane.deploymentModel,
      status: plane.status,
      region: plane.region,
      capacity: plane.capacity,
      tenants: plane.placed,
      accepts_tenants: plane.acceptsTenants,
      pool: plane.poolState,
      secret: plane.secretMode,
      ...keysView(plane, accepted, this.keys.platformKeyId),
      version: plane.version,
      version_class: plane.version === null ? null : versionClassOf(plane.version),
      version_is_newer: plane.version !== null && isBehind(CONTROL_PLANE_VERSION, plane.version),
      release: plane.release,
      endpoint_url: plane.endpointUrl,
      health: healthOf(plane, now),
      health_status: plane.healthStatus,
      health_checks: plane.health?.checks ?? [],
      identity_forked: isForked(plane, now),
      incarnation: plane.incarnation,
      replaced_copies: plane.replacedIncarnations,
      revision: plane.revision,
      revision_applied: plane.appliedRevision,
      last_report_at: plane.lastReportAt,
      enrolled_at: plane.enrolledAt,
      created_at: plane.createdAt,
    };
  }
}
