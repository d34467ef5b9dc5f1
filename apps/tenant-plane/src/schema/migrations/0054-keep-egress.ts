import { type ColumnTypes, type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * What has left the plane. Changes are not tracked, because these rows say what this plane has sent, and stay
 * here when a tenant moves.
 */
export class KeepEgress1700000000054 extends PortableMigration {
  protected async apply({ sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table plane_egress_calls (id ${types.uuid} not null, ${columnsOf(types)},
        constraint plane_egress_calls_pk primary key (id))`,
      `create table egress_calls (
        tenant_id ${types.uuid} not null, id ${types.uuid} not null, ${columnsOf(types)},
        constraint egress_calls_pk primary key (tenant_id, id))`,
    );
    await tenantScoped('egress_calls');
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table egress_calls', 'drop table plane_egress_calls');
  }
}

function columnsOf({ bigint, boolean, json, timestamp }: ColumnTypes): string {
  return `class varchar not null, destination varchar not null, fields ${json} not null,
    refused ${boolean} not null, count integer not null, bytes ${bigint} not null,
    first_at ${timestamp} not null, last_at ${timestamp} not null`;
}
