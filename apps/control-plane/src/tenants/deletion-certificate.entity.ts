import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Kept after the tenant's deletion, as proof of it. */
@Entity('deletion_certificates')
export class DeletionCertificate {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** A JWS. */
  @Column('text') certificate: string;
  @TimestampColumn({ name: 'issued_at' }) issuedAt: Date;
}
