import { TimestampColumn } from '@atlas/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Proof of a tenant's deletion, kept after the tenant is gone. */
@Entity('deletion_certificates')
export class DeletionCertificate {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  /** A JWS. */
  @Column('text') certificate: string;
  @TimestampColumn({ name: 'issued_at' }) issuedAt: Date;
}
