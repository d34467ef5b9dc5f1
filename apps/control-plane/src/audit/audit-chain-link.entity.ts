import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Seals audit rows in order behind the writers, so that no request waits for another's commit. */
@Entity('audit_chain')
export class AuditChainLink {
  @PrimaryColumn('integer') position: number;
  @Column('uuid', { name: 'audit_id' }) auditId: string;
  /** SHA-256 of the link before and of this audit row. */
  @Column('varchar') hash: string;
}
