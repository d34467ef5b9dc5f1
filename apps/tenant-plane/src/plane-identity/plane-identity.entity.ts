import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type PublishedKey } from '@atlas/plane-contract';
import { type DeploymentModel } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who this tenant plane is and how far it has come. One row, shared by all replicas. */
@Entity('plane_identity')
export class PlaneIdentity {
  @PrimaryColumn('integer') id: number;
  /** Made before the first call, so that a repeated enrolment is known as ours. */
  @Column('uuid', { name: 'instance_id' }) instanceId: string;
  @JsonColumn({ name: 'public_key' }) publicKey: Record<string, unknown>;
  @Column('text', { name: 'private_key_sealed' }) privateKeySealed: string;
  /** The same key sealed under other secrets: those of later environments, and those of earlier ones. */
  @JsonColumn({ name: 'private_key_copies' }) privateKeyCopies: string[];
  @Column('uuid', { name: 'tenant_plane_id', nullable: true }) tenantPlaneId: string | null;
  @Column('varchar', { name: 'deployment_model', nullable: true }) deploymentModel: DeploymentModel | null;
  /** Of the secret in the environment that it enrolled with. */
  @Column('varchar', { name: 'enrolled_key_id', nullable: true }) enrolledKeyId: string | null;
  /** Secrets that followed that one by rotation, the newest first. Null without any. */
  @Column('text', { name: 'service_secrets_sealed', nullable: true }) serviceSecretsSealed: string | null;
  /** The last revision of the desired state that is applied. */
  @Column('varchar', { nullable: true }) revision: string | null;
  /**
   * Of the last revision that was applied by a version which
   * writes this: `<contents>/<revision>`, see {@link appliedAt}.
   */
  @Column('varchar', { name: 'applied_contents', nullable: true }) appliedContents: string | null;
  /**
   * Of the newest state that it was told, applied or not: its
   * revision, and when the Control Plane signed it, by its own clock.
   */
  @Column('varchar', { name: 'told_revision', nullable: true }) toldRevision: string | null;
  @TimestampColumn({ name: 'state_signed_at', nullable: true }) stateSignedAt: Date | null;
  /** Keys of the Control Plane to check its signatures with, offline too. */
  @JsonColumn() keys: PublishedKey[];
  /** Counts reports; stored before one is sent. */
  @Column('integer') sequence: number;
  /** By the time that the replicas share. */
  @TimestampColumn({ name: 'last_contact_at', nullable: true }) lastContactAt: Date | null;
  /** The replica that talks to the Control Plane. */
  @Column('varchar', { name: 'lease_owner', nullable: true }) leaseOwner: string | null;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
}
