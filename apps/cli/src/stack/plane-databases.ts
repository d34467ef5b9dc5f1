import { existsSync } from 'node:fs';
import { CommandFailure } from '../failure';
import { type DataDirectory } from './data-directory';
import { CONTROL_PLANE_OWNER, TENANT_PLANE_APP, TENANT_PLANE_OWNER } from './postgres-roles';
import { type PostgresPasswords } from './stack-state';

/** The environment variables for each plane's database, and for the databases of dedicated tenants. */
export interface PlaneDatabases {
  readonly controlPlane: Readonly<Record<string, string>>;
  readonly tenantPlane: Readonly<Record<string, string>>;
  /** Whether the Control Plane's database is new, because it was lost or never created. */
  readonly isControlPlaneNew: boolean;
  readonly isTenantPlaneNew: boolean;
}

export function sqliteDatabases(data: DataDirectory): PlaneDatabases {
  const controlPlane = data.sqliteFile('control-plane');
  const tenantPlane = data.sqliteFile('tenant-plane');
  if (existsSync(tenantPlane) && !existsSync(controlPlane))
    throw new CommandFailure(`${controlPlane} is missing, and ${tenantPlane} cannot be used without it.`, {
      code: 'database_missing',
      hint: 'Restore the first, or move the second away.',
    });
  return {
    controlPlane: { CONTROL_PLANE_DATABASE_URL: controlPlane, LOCAL_DRIVER_DIR: data.dedicated('sqlite') },
    tenantPlane: { TENANT_PLANE_DATABASE_URL: tenantPlane },
    isControlPlaneNew: !existsSync(controlPlane),
    isTenantPlaneNew: !existsSync(tenantPlane),
  };
}

export function postgresDatabases(
  data: DataDirectory,
  port: number,
  isNew: boolean,
  passwords: PostgresPasswords,
): PlaneDatabases {
  const url = (role: string, password: string, name: string): string =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${name}`;
  return {
    controlPlane: {
      CONTROL_PLANE_DATABASE_URL: url(CONTROL_PLANE_OWNER, passwords.controlPlane, 'control_plane'),
      LOCAL_DRIVER_DIR: data.dedicated('postgres'),
      LOCAL_DRIVER_POSTGRES_URL: url('postgres', passwords.superuser, 'postgres'),
    },
    tenantPlane: {
      TENANT_PLANE_DATABASE_URL: url(TENANT_PLANE_APP, passwords.tenantPlaneApp, 'tenant_plane'),
      TENANT_PLANE_MIGRATION_DATABASE_URL: url(
        TENANT_PLANE_OWNER,
        passwords.tenantPlaneOwner,
        'tenant_plane',
      ),
    },
    isControlPlaneNew: isNew,
    isTenantPlaneNew: isNew,
  };
}
