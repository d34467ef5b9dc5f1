import { type TestDatabase } from '@atlas/testing';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { databaseTarget } from '../src/connection/database-target';
import {
  changeTrackingTables,
  dropChangeTrackingTables,
  trackChangesOf,
} from '../src/tenants/change-tracking';
import { JsonColumn, TimestampColumn } from '../src/schema/columns';
import { PortableMigration, type MigrationContext } from '../src/schema/migration';
import { type TenantOwned } from '../src/tenants/tenant-scope';
import { createWriteProbes } from '../src/database/write-probe';

/** A tenant-scoped table for these tests. */
@Entity('notes')
export class Note implements TenantOwned {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') text: string;
  @JsonColumn({ nullable: true }) tags: string[] | null;
  @TimestampColumn({ name: 'written_at' }) writtenAt: Date;
}

class CreateNotes1700000000001 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    await sql(
      `create table notes (tenant_id ${types.uuid} not null, id ${types.uuid} not null, text text not null,
        tags ${types.json}, written_at ${types.timestamp} not null,
          constraint notes_pk primary key (tenant_id, id))`,
      `create table tenant_counters (tenant_id ${types.uuid} not null, series varchar not null,
        value ${types.bigint} not null,
        constraint tenant_counters_pk primary key (tenant_id, series))`,
    );
    await sql(...createWriteProbes());
    await sql(...changeTrackingTables(driver), ...trackChangesOf(driver, 'notes', ['id']));
    await tenantScoped('notes', 'tenant_counters', 'tracked_tenants', 'row_changes');
  }
  protected async revert({ driver, sql }: MigrationContext): Promise<void> {
    await sql(
      'drop table write_probes',
      'drop table tenant_counters',
      'drop table notes',
      ...dropChangeTrackingTables(driver),
    );
  }
}

export const NOTES_SCHEMA = { entities: [Note], migrations: [CreateNotes1700000000001] };

export const targetsOf = ({ url, ownerUrl }: TestDatabase) => ({
  target: databaseTarget(url),
  migrationTarget: ownerUrl === undefined ? undefined : databaseTarget(ownerUrl),
});
