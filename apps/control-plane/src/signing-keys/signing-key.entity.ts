import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type PublishedKey } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key pair for one purpose. Published to tenant planes before it is used to sign. */
@Entity('signing_keys')
export class SigningKey {
  @PrimaryColumn('varchar') kid: string;
  @Column('varchar') purpose: string;
  @JsonColumn({ name: 'public_jwk' }) publicJwk: PublishedKey;
  @Column('text', { name: 'private_sealed' }) privateSealed: string;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}
