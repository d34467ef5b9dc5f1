import { ListTenantsQuery, UpdateTenantDto, type TenantView, type SignupLink } from '@atlas/operator-api';
import { Database, lockedForUpdate, plannedForValues, updateRows } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type Page,
  pageOf,
  validationFailed,
  type ExpectedVersion,
  timeOfChange,
} from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { type OperatorCaller } from '../access/caller';
import { Audit } from '../audit/audit';
import { issuedAtOf } from '../desired-state/leases';
import { TenantStatusPublisher } from '../desired-state/tenant-status-publisher';
import { Placement } from '../registry/placement.entity';
import { TENANT_WRITES, requireStatus } from '../registry/tenant-writes';
import { Tenant } from '../registry/tenant.entity';
import { SignupLinks } from './signup-links';
import { tenantView } from './tenant.view';

/** Follows every other character in byte order. */
const LAST_CHARACTER = '\u{10FFFF}';
/** The maximum length of a tenant's settings as JSON. */
const MAX_SETTINGS = 10_000;

@Injectable()
export class Tenants {
  constructor(
    private readonly database: Database,
    private readonly links: SignupLinks,
    private readonly publisher: TenantStatusPublisher,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async get(idOrSlug: string): Promise<TenantView> {
    const [found] = await this.query((query) => {
      if (isUuid(idOrSlug)) query.where('tenant.id = :idOrSlug', { idOrSlug });
      else query.where('tenant.slug = :idOrSlug and tenant.holdsSlug', { idOrSlug });
    }, 1);
    if (!found) throw tenantNotFound();
    return found;
  }

  /** Newest first. */
  async list({
    cursor,
    limit,
    status,
    deployment_model: model,
    q,
  }: ListTenantsQuery): Promise<Page<TenantView>> {
    const items = await this.query((query) => {
      plannedForValues(query);
      if (cursor) query.andWhere('tenant.id < :cursor', { cursor });
      if (status) query.andWhere('tenant.status = :status', { status });
      if (model) query.andWhere('tenant.deploymentModel = :model', { model });
      if (q) query.andWhere(beginning(query, ['slug', 'name', 'adminEmail']), { q });
    }, limit + 1);
    return pageOf(items, limit, (item) => item);
  }

  /**
   * Updates the tenant, and publishes the change to its plane in the same transaction. Throws
   * `changed_meanwhile`.
   */
  async update(id: string, dto: UpdateTenantDto, expected: ExpectedVersion<TenantView>): Promise<TenantView> {
    await this.database.write(async (manager) => {
      // The lock serialises concurrent patches, so settings merge correctly.
      const tenant = await lockTenant(manager, id);
      requireStatus(tenant, TENANT_WRITES.update);
      const [current] = await viewsOf(manager, (query) => query.where({ id }), 1);
      if (current) expected.require(current);
      const { settings } = tenant;
      const now = this.clock.now();
      const changes = {
        ...(dto.name !== undefined && { name: dto.name.trim() }),
        ...(dto.plan !== undefined && { plan: dto.plan }),
        ...(dto.plan_overrides !== undefined && { planOverrides: dto.plan_overrides }),
        ...(dto.settings !== undefined && { settings: merged(settings, dto.settings) }),
      };
      const isLeasedAnew = changes.plan !== undefined || changes.planOverrides !== undefined;
      const times = {
        updatedAt: timeOfChange(now, tenant.updatedAt),
        ...(isLeasedAnew && { leasedAt: timeOfChange(now, issuedAtOf(tenant)) }),
      };
      await updateRows(manager, Tenant, { id }, { ...changes, ...times });
      await this.publisher.publish(manager, id);
      await this.audit.record(manager, {
        action: 'tenant.updated',
        targetKind: 'tenant',
        targetId: id,
        before: factsOf(tenant),
        after: factsOf({ ...tenant, ...changes }),
      });
    });
    return this.get(id);
  }

  createSignupLink(caller: OperatorCaller, id: string): Promise<SignupLink> {
    return this.database.write(async (manager) => {
      requireStatus(await lockTenant(manager, id), TENANT_WRITES.signupLink);
      const link = await this.links.create(manager, id, caller);
      const after = { expires_at: link.expires_at };
      await this.audit.record(manager, {
        action: 'tenant.signup_link_created',
        targetKind: 'tenant',
        targetId: id,
        after,
      });
      return link;
    });
  }

  private query(narrow: (query: SelectQueryBuilder<Tenant>) => void, limit: number): Promise<TenantView[]> {
    return this.database.read((manager) => viewsOf(manager, narrow, limit));
  }
}

async function viewsOf(
  manager: EntityManager,
  narrow: (query: SelectQueryBuilder<Tenant>) => void,
  limit: number,
): Promise<TenantView[]> {
  const query = manager
    .createQueryBuilder(Tenant, 'tenant')
    .leftJoin(Placement, 'home', "home.tenantId = tenant.id and home.phase in ('serving', 'frozen')")
    .addSelect('home.tenantPlaneId', 'home_plane_id')
    .orderBy('tenant.id', 'DESC')
    .limit(limit);
  narrow(query);
  const { entities, raw } = await query.getRawAndEntities<{ home_plane_id: string | null }>();
  return entities.map((tenant, index) => tenantView(tenant, raw[index]?.home_plane_id ?? null));
}

/**
 * Matches rows of which one of the columns begins with the parameter `q`. Each column has an index on its
 * lower-case text in byte order, which these ranges use.
 */
function beginning({ connection }: SelectQueryBuilder<Tenant>, columns: readonly (keyof Tenant)[]): string {
  const inBytes = connection.options.type === 'postgres' ? 'collate "C"' : '';
  const range = (column: string): string =>
    `(lower(tenant.${column}) ${inBytes} >= lower(:q) and ` +
    `lower(tenant.${column}) ${inBytes} < lower(:q) || '${LAST_CHARACTER}')`;
  return `(${columns.map(range).join(' or ')})`;
}

function factsOf({ name, plan, planOverrides, settings }: Tenant): Record<string, unknown> {
  return { name, plan, plan_overrides: planOverrides, settings };
}

export async function requireTenant(manager: EntityManager, id: string): Promise<Tenant> {
  const tenant = await manager.findOneBy(Tenant, { id });
  if (!tenant) throw tenantNotFound();
  return tenant;
}

/**
 * Locks a tenant. Decisions that depend on its status, places or jobs are made under this
 * lock, in the transaction that writes them. Take it before the locks on planes and jobs.
 */
export async function lockTenant(manager: EntityManager, id: string): Promise<Tenant> {
  const query = manager.createQueryBuilder(Tenant, 'tenant').where({ id });
  const tenant = await lockedForUpdate(query).getOne();
  if (!tenant) throw tenantNotFound();
  return tenant;
}

function tenantNotFound(): DomainError {
  return new DomainError('tenant_not_found', 'not_found', 'There is no such tenant.');
}

/** Merges as in RFC 7396 (JSON Merge Patch), but only one level deep. */
function merged(settings: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries({ ...settings, ...patch }).filter(([, value]) => value !== null);
  const result = Object.fromEntries(entries);
  const size = JSON.stringify(result).length;
  if (size <= MAX_SETTINGS) return result;
  const message =
    `settings would have ${size} characters of JSON; at most ${MAX_SETTINGS} are allowed. Set some to ` +
    'null to remove them';
  throw validationFailed([{ field: 'settings', message }]);
}
