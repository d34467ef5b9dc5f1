import { AuditRow } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

@Entity('audit_events')
export class AuditEvent extends AuditRow {
  @PrimaryColumn('uuid') id: string;
}
