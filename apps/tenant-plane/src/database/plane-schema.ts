import { type Schema, type TenantOwned } from '@atlas/persistence';

type RowClass = new () => object;

/**
 * What the plane's database holds. Every feature has its part in it, so it is put together above the
 * features, and given to those below who deal with all of it.
 */
export abstract class PlaneSchema implements Schema {
  abstract readonly entities: RowClass[];
  abstract readonly migrations: RowClass[];
  /** Rows that belong to one tenant each: every entity behind those that its rows refer to. */
  abstract readonly tenantScoped: readonly (new () => TenantOwned)[];
  /** Those that rows of others refer to. */
  abstract readonly referred: readonly RowClass[];
}
