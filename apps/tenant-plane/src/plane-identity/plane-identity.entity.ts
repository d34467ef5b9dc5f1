import { type DeploymentModel } from '@atlas/deployment-profiles';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type PublishedKey } from '@atlas/plane-contract';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A wrapping key, sealed under each service secret that the plane has known. */
export interface SealedWrappingKey {
  readonly id: string;
  readonly copies: readonly string[];
}

/** The identity and progress of this tenant plane. One row, shared by all replicas. */
@Entity('plane_identity')
export class PlaneIdentity {
  @PrimaryColumn('integer') id: number;
  /** Created before the first call, so that a repeated enrolment is recognised as ours. */
  @Column('uuid', { name: 'instance_id' }) instanceId: string;
  @JsonColumn({ name: 'public_key' }) publicKey: Record<string, unknown>;
  @Column('text', { name: 'private_key_sealed' }) privateKeySealed: string;
  /** The same private key, sealed under the secrets of earlier and later environments. */
  @JsonColumn({ name: 'private_key_copies' }) privateKeyCopies: string[];
  /** The keys that seal the tenants' keys, oldest first. A key is added only if no other can be decrypted. */
  @JsonColumn({ name: 'wrapping_keys' }) wrappingKeys: SealedWrappingKey[];
  @Column('uuid', { name: 'tenant_plane_id', nullable: true }) tenantPlaneId: string | null;
  @Column('varchar', { name: 'deployment_model', nullable: true }) deploymentModel: DeploymentModel | null;
  /** The ID of the secret that was in the environment at enrolment. */
  @Column('varchar', { name: 'enrolled_key_id', nullable: true }) enrolledKeyId: string | null;
  /**
   * Secrets that have replaced the environment's secret through rotation, newest first. Null if there are
   * none.
   */
  @Column('text', { name: 'service_secrets_sealed', nullable: true }) serviceSecretsSealed: string | null;
  /** The last applied revision of the desired state. */
  @Column('varchar', { nullable: true }) revision: string | null;
  /**
   * `<contents>/<revision>` of the last revision applied by a version that writes this column; see
   * {@link appliedAt}.
   */
  @Column('varchar', { name: 'applied_contents', nullable: true }) appliedContents: string | null;
  /**
   * The revision of the newest state received, applied or not, and when the Control Plane signed it, by the
   * Control Plane's clock.
   */
  @Column('varchar', { name: 'told_revision', nullable: true }) toldRevision: string | null;
  @TimestampColumn({ name: 'state_signed_at', nullable: true }) stateSignedAt: Date | null;
  /** The Control Plane's public keys, for checking its signatures even offline. */
  @JsonColumn() keys: PublishedKey[];
  /** The newest version of tenant planes, as the Control Plane last said. */
  @Column('varchar', { name: 'latest_version', nullable: true }) latestVersion: string | null;
  /** The number of the last report. Stored before that report is sent. */
  @Column('integer') sequence: number;
  /** The latest time that the plane has seen; see `TrustedTime`. */
  @TimestampColumn({ name: 'latest_time', nullable: true }) latestTime: Date | null;
  /** Chosen by the last restore of a backup. Null if the plane was never restored. */
  @Column('uuid', { nullable: true }) incarnation: string | null;
  /** The ID of the backup that the last restore used. */
  @Column('uuid', { name: 'restored_from', nullable: true }) restoredFrom: string | null;
  /** Since when the Control Plane has said that this is an outdated copy of the plane. */
  @TimestampColumn({ name: 'copy_noticed_at', nullable: true }) copyNoticedAt: Date | null;
  /** By the replicas' shared clock. */
  @TimestampColumn({ name: 'last_contact_at', nullable: true }) lastContactAt: Date | null;
  /** The claim of the replica that talks to the Control Plane. */
  @Column('varchar', { name: 'lease_owner', nullable: true }) leaseOwner: string | null;
  @TimestampColumn({ name: 'lease_expires_at', nullable: true }) leaseExpiresAt: Date | null;
}
