import { TimestampColumn } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** When a row of a tenant needs attention. Triggers on the rows' tables write these. */
@Entity('due_times')
export class DueTime {
  @PrimaryColumn('varchar', { name: 'table_name' }) tableName: string;
  /** The tenant. The column is not called `tenant_id`, because one query finds the due rows of all tenants. */
  @PrimaryColumn('uuid', { name: 'owner_id' }) ownerId: string;
  @PrimaryColumn('uuid', { name: 'row_id' }) rowId: string;
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
}
