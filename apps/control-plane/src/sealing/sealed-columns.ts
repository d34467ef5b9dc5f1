import { type SealedPlace } from '@atlas/persistence';

/** A column of sealed values, and the columns that identify each value's row and owner. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  /** If omitted, the Control Plane owns the values. */
  readonly owner?: string;
}

/** Every sealed column. A column missing here is not resealed when keys change. */
export const SEALED = {
  eventSecret: { table: 'event_subscriptions', column: 'secret_sealed', row: 'id' },
  aiProviderKey: { table: 'ai_providers', column: 'key_sealed', row: 'id' },
  idempotencyAnswer: { table: 'idempotency_keys', column: 'answer_sealed', row: 'scope' },
  idempotencyInstall: { table: 'idempotency_keys', column: 'install_sealed', row: 'scope' },
  localPlaneEnv: {
    table: 'local_planes',
    column: 'env_sealed',
    row: 'tenant_plane_id',
    owner: 'tenant_plane_id',
  },
  planeDatabaseUrl: { table: 'tenant_planes', column: 'db_url_sealed', row: 'id', owner: 'id' },
  serviceSecret: { table: 'service_keys', column: 'secret_sealed', row: 'id', owner: 'tenant_plane_id' },
  signingKey: { table: 'signing_keys', column: 'private_sealed', row: 'kid' },
  tenantDatabaseUrl: { table: 'tenants', column: 'db_url_sealed', row: 'id', owner: 'id' },
  transferKey: { table: 'transfers', column: 'key_sealed', row: 'id', owner: 'tenant_id' },
} as const satisfies Readonly<Record<string, SealedColumn>>;

export const SEALED_COLUMNS: readonly SealedColumn[] = Object.values(SEALED);

/** Where one row's value is stored. The sealed value is bound to this place. */
export function placeIn(
  { table, column }: SealedColumn,
  rowId: string,
  ownerId = 'control-plane',
): SealedPlace {
  return { table, column, rowId, ownerId };
}
