import { type DesiredSignupLinks } from '@atlas/plane-contract';
import { type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { Placement } from '../registry/placement.entity';
import { MintedSignupLink } from './minted-signup-link.entity';

/** The maximum number of links listed per kind and tenant. */
const MOST_TOLD = 100;

interface ToldLink {
  readonly tenant_id: string;
  readonly jti: string;
  /** A number on SQLite. */
  readonly is_revoked: boolean | number;
}

/**
 * Returns what the plane must know about the sign-up links of each tenant whose home is this plane and whose
 * entry has changed since `since`. If there are more revoked links than can be listed, `revoked_through`
 * revokes the newest unlisted link and all older ones. Unlisted links issued at an earlier home stop working.
 */
export async function toldSignupLinks(
  manager: EntityManager,
  tenantPlaneId: string,
  since: number,
): Promise<ReadonlyMap<string, DesiredSignupLinks>> {
  const numbered = (query: SelectQueryBuilder<object>): SelectQueryBuilder<MintedSignupLink> =>
    query
      .from(MintedSignupLink, 'link')
      .innerJoin(Placement, 'home', "home.tenant_id = link.tenant_id and home.phase in ('serving', 'frozen')")
      .where('home.tenant_plane_id = :tenantPlaneId and home.entry_revision > :since')
      .andWhere('(link.revoked_at is not null or link.tenant_plane_id <> :tenantPlaneId)')
      .select(['link.tenant_id as tenant_id', 'link.jti as jti', 'link.revoked_at is not null as is_revoked'])
      .addSelect(
        'row_number() over (partition by link.tenant_id, link.revoked_at is null order by link.jti desc)',
        'ordinal',
      );
  const links = await manager
    .createQueryBuilder()
    .select('told.*')
    .from(numbered, 'told')
    .where('told.ordinal <= :most', { most: MOST_TOLD + 1 })
    .orderBy('told.jti', 'DESC')
    .setParameters({ tenantPlaneId, since })
    .getRawMany<ToldLink>();
  const byTenant = new Map<string, ToldLink[]>();
  for (const link of links) byTenant.set(link.tenant_id, [...(byTenant.get(link.tenant_id) ?? []), link]);
  return new Map(Array.from(byTenant, ([id, told]) => [id, toldOf(told)]));
}

function toldOf(links: readonly ToldLink[]): DesiredSignupLinks {
  const jtis = (isRevoked: boolean): string[] =>
    links.filter((link) => Boolean(link.is_revoked) === isRevoked).map(({ jti }) => jti);
  const [revoked, carried] = [jtis(true), jtis(false)];
  const through = revoked[MOST_TOLD];
  return {
    revoked: revoked.slice(0, MOST_TOLD),
    ...(through !== undefined && { revoked_through: through }),
    carried: carried.slice(0, MOST_TOLD),
  };
}
