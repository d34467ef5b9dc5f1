import { type TenantPlaneStatus, type SecretMode } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type HealthStatus, OFFLINE_CAPABILITY, type ReportedHealth } from '@atlas/plane-contract';
import { type DeploymentModel, uuidv7 } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type DriverName } from '../config/driver-names';

/** `own`: a secret minted for it; `platform`: the one secret of the cells that Atlas runs. */

/** A running Tenant Plane, or one that is expected to enrol. With many tenants it is a cell. */
@Entity('tenant_planes')
export class TenantPlane {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar', { name: 'deployment_model' }) deploymentModel: DeploymentModel;
  @Column('varchar') status: TenantPlaneStatus;
  @Column('varchar', { nullable: true }) region: string | null;
  /** How many tenants it may hold, and how many places are taken. */
  @Column('integer') capacity: number;
  @Column('integer') placed: number;
  /** False once it is drained: nobody is placed there. */
  @Column('boolean', { name: 'accepts_tenants' }) acceptsTenants: boolean;
  @Column('varchar', { name: 'secret_mode' }) secretMode: SecretMode;
  /** The key that it shall sign with from now on; it may be told so in band. Null but in a rotation. */
  @Column('varchar', { name: 'next_key_id', nullable: true }) nextKeyId: string | null;
  /** What made it, where we did. */
  @Column('varchar', { name: 'infrastructure_driver', nullable: true })
  infrastructureDriver: DriverName | null;
  /**
   * The version that it was told to run, since when, by which
   * job, and the number of the last report before that.
   */
  @Column('varchar', { nullable: true }) release: string | null;
  @TimestampColumn({ name: 'released_at', nullable: true }) releasedAt: Date | null;
  @Column('uuid', { name: 'released_by', nullable: true }) releasedBy: string | null;
  @Column('integer', { name: 'released_sequence', nullable: true }) releasedSequence: number | null;
  /**
   * The `n` of its desired state. Counted up last in a writing
   * transaction, under this row's lock: commit order is revision order.
   */
  @Column('integer') revision: number;
  @TimestampColumn({ name: 'revised_at' }) revisedAt: Date;
  @Column('uuid', { name: 'instance_id', nullable: true }) instanceId: string | null;
  @JsonColumn({ name: 'public_key', nullable: true }) publicKey: unknown;
  @JsonColumn({ nullable: true }) capabilities: string[] | null;
  @Column('varchar', { nullable: true }) version: string | null;
  @Column('varchar', { name: 'endpoint_url', nullable: true }) endpointUrl: string | null;
  /** What it last reported as its address, whether or not that was taken over. */
  @Column('varchar', { name: 'reported_endpoint_url', nullable: true }) reportedEndpointUrl: string | null;
  /** The address before its last change, and when a change last led back to the one before. */
  @Column('varchar', { name: 'previous_endpoint_url', nullable: true }) previousEndpointUrl: string | null;
  @TimestampColumn({ name: 'endpoint_returned_at', nullable: true }) endpointReturnedAt: Date | null;
  /** How many changes of it no longer had an allowance, since the last one that was taken over. */
  @Column('integer', { name: 'address_changes_left_out' }) addressChangesLeftOut: number;
  /** When the newest request file was signed. Null without any. */
  @TimestampColumn({ name: 'requested_at', nullable: true }) requestedAt: Date | null;
  /** Where its database is, where we made it. A secret. */
  @Column('text', { name: 'db_url_sealed', nullable: true }) dbUrlSealed: string | null;
  @Column('varchar', { name: 'database_driver', nullable: true }) databaseDriver: string | null;
  @Column('varchar', { name: 'applied_revision', nullable: true }) appliedRevision: string | null;
  @Column('uuid', { name: 'link_id', nullable: true }) linkId: string | null;
  @Column('integer') sequence: number;
  /**
   * What the plane had stored of its sequence when that was less: another process of it counts on from here.
   */
  @Column('integer', { name: 'stored_sequence', nullable: true }) storedSequence: number | null;
  /** Recent report numbers that never arrived, and the process that last sent a late report. */
  @JsonColumn({ name: 'missed_sequences' }) missedSequences: number[];
  @Column('uuid', { name: 'late_link_id', nullable: true }) lateLinkId: string | null;
  /**
   * When it was last heard that two copies of this plane speak: a cloned disk. Or one did that was restored.
   */
  @TimestampColumn({ name: 'forked_at', nullable: true }) forkedAt: Date | null;
  /** By the database's time. */
  @TimestampColumn({ name: 'last_report_at', nullable: true }) lastReportAt: Date | null;
  @JsonColumn({ nullable: true }) health: ReportedHealth | null;
  /** The status in it. */
  @Column('varchar', { name: 'health_status', nullable: true }) healthStatus: HealthStatus | null;
  @TimestampColumn({ name: 'enrolled_at', nullable: true }) enrolledAt: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}

/**
 * Enrolled by file and never heard from: no job waits for its
 * reports. Once it reports, it counts like any other plane.
 */
export function isAirGapped({ capabilities, lastReportAt }: TenantPlane): boolean {
  return lastReportAt === null && (capabilities ?? []).includes(OFFLINE_CAPABILITY);
}

/** A plane that is registered and has yet to enrol. `name` is made of its id. */
export function expectedPlane(
  facts: Pick<TenantPlane, 'deploymentModel' | 'region' | 'capacity' | 'placed' | 'secretMode'> & {
    readonly name: (id: string) => string;
    readonly now: Date;
  },
): TenantPlane {
  const { name, now, ...given } = facts;
  const id = uuidv7(now);
  return {
    ...given,
    id,
    name: name(id),
    status: 'expected',
    acceptsTenants: true,
    infrastructureDriver: null,
    release: null,
    releasedAt: null,
    releasedBy: null,
    releasedSequence: null,
    nextKeyId: null,
    revision: 0,
    revisedAt: now,
    instanceId: null,
    publicKey: null,
    capabilities: null,
    version: null,
    endpointUrl: null,
    reportedEndpointUrl: null,
    previousEndpointUrl: null,
    endpointReturnedAt: null,
    addressChangesLeftOut: 0,
    requestedAt: null,
    dbUrlSealed: null,
    databaseDriver: null,
    appliedRevision: null,
    linkId: null,
    sequence: 0,
    storedSequence: null,
    missedSequences: [],
    lateLinkId: null,
    forkedAt: null,
    lastReportAt: null,
    health: null,
    healthStatus: null,
    enrolledAt: null,
    createdAt: now,
  };
}
