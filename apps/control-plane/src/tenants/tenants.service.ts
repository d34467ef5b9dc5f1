import { Database } from '@atlas/persistence';
import { DomainError, type Page, pageOf } from '@atlas/platform';
import { isUuid } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { Audit } from '../audit/audit.service';
import { Placement } from '../tenant-planes/placement.entity';
import { type SignupLink, SignupLinks } from './signup-links';
import { Tenant } from './tenant.entity';
import { type TenantView, tenantView } from './tenant.view';
import { type ListTenantsQuery } from './tenants.dto';

@Injectable()
export class Tenants {
  constructor(
    private readonly database: Database,
    private readonly links: SignupLinks,
    private readonly audit: Audit,
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
  async list({ cursor, limit, status }: ListTenantsQuery): Promise<Page<TenantView>> {
    const items = await this.query((query) => {
      if (cursor) query.andWhere('tenant.id < :cursor', { cursor });
      if (status) query.andWhere('tenant.status = :status', { status });
    }, limit + 1);
    return pageOf(items, limit, (item) => item);
  }

  createSignupLink(id: string): Promise<SignupLink> {
    return this.database.write(async (manager) => {
      await requireTenant(manager, id);
      const link = await this.links.create(manager, id);
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

  private async query(
    narrow: (query: SelectQueryBuilder<Tenant>) => void,
    limit: number,
  ): Promise<TenantView[]> {
    return this.database.read(async (manager) => {
      const query = manager
        .createQueryBuilder(Tenant, 'tenant')
        .leftJoin(Placement, 'home', "home.tenantId = tenant.id and home.phase in ('serving', 'frozen')")
        .addSelect('home.tenantPlaneId', 'home_plane_id')
        .orderBy('tenant.id', 'DESC')
        .limit(limit);
      narrow(query);
      const { entities, raw } = await query.getRawAndEntities<{ home_plane_id: string | null }>();
      return entities.map((tenant, index) => tenantView(tenant, raw[index]?.home_plane_id ?? null));
    });
  }
}

export async function requireTenant(manager: EntityManager, id: string): Promise<Tenant> {
  const tenant = await manager.findOneBy(Tenant, { id });
  if (!tenant) throw tenantNotFound();
  return tenant;
}

export function tenantNotFound(): DomainError {
  return new DomainError('tenant_not_found', 'not_found', 'There is no such tenant.');
}
