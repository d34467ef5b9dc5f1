import { type Schema, type TenantOwned } from '@atlas/persistence';

type RowClass = new () => object;

/**
 * The schema of the plane's database. Every feature contributes to it, so it is assembled above the features
 * and injected into modules below them.
 */
export abstract class PlaneSchema implements Schema {
  abstract readonly entities: RowClass[];
  abstract readonly migrations: RowClass[];
  /** Entities whose rows belong to a tenant. Each comes after the entities that its rows refer to. */
  abstract readonly tenantScoped: readonly (new () => TenantOwned)[];
  /** Entities whose rows belong to a tenant but stay on this plane when the tenant moves. */
  abstract readonly staying: readonly (new () => TenantOwned)[];
  /** Entities that the rows of other entities refer to. */
  abstract readonly referred: readonly RowClass[];
}
