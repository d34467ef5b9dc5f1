import { TimestampColumn } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

/** When a row of a tenant needs attention. Triggers on the rows' tables write these. */
@Entity('due_times')
export class DueTime {
  @PrimaryColumn('varchar', { name: 'table_name' }) tableName: string;
  /** The tenant. The column has another name than in scoped tables, because one query reads all tenants. */
  @PrimaryColumn('uuid', { name: 'owner_id' }) ownerId: string;
  @PrimaryColumn('uuid', { name: 'row_id' }) rowId: string;
  @TimestampColumn({ name: 'due_at' }) dueAt: Date;
}
