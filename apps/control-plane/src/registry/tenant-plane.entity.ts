import { CELL_MODELS, type DeploymentModel } from '@atlas/deployment-profiles';
import { type PoolState, type TenantPlaneStatus, type SecretMode } from '@atlas/operator-api';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type HealthStatus, OFFLINE_CAPABILITY, type ReportedHealth } from '@atlas/plane-contract';
import { uuidv7 } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type DriverName } from '../config/control-plane.config';

/** A copy of a plane that a later restore has replaced. */
interface ReplacedIncarnation {
  /** Null for the plane as it was installed. */
  readonly incarnation: string | null;
  readonly replaced_at: string;
  /** When the copy last reported after that. */
  readonly reported_at: string | null;
}

/** `own`: a secret minted for this plane. `platform`: the secret that cells run by Atlas share. */

/** A running Tenant Plane, or one that is expected to enrol. A plane that many tenants share is a cell. */
@Entity('tenant_planes')
export class TenantPlane {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') name: string;
  @Column('varchar', { name: 'deployment_model' }) deploymentModel: DeploymentModel;
  @Column('varchar') status: TenantPlaneStatus;
  @Column('varchar', { nullable: true }) region: string | null;
  /** How many tenants may be placed on the plane, and how many are placed there now. */
  @Column('integer') capacity: number;
  @Column('integer') placed: number;
  /**
   * False once the plane is drained, so that no more tenants are placed on it. For a pooled plane: whether a
   * tenant may take it.
   */
  @Column('boolean', { name: 'accepts_tenants' }) acceptsTenants: boolean;
  /** Whether the plane is in the warm pool or was taken from it. */
  @Column('varchar', { name: 'pool_state', nullable: true }) poolState: PoolState | null;
  @Column('varchar', { name: 'secret_mode' }) secretMode: SecretMode;
  /**
   * The key that the plane should switch to, handed over
   * with its desired state. Null except during a rotation.
   */
  @Column('varchar', { name: 'next_key_id', nullable: true }) nextKeyId: string | null;
  /** The driver that created the plane, if any. */
  @Column('varchar', { name: 'infrastructure_driver', nullable: true })
  infrastructureDriver: DriverName | null;
  /**
   * The version that the plane was last instructed to run, when and by which job it was instructed, and the
   * number of the last report that the plane sent before that.
   */
  @Column('varchar', { nullable: true }) release: string | null;
  @TimestampColumn({ name: 'released_at', nullable: true }) releasedAt: Date | null;
  @Column('uuid', { name: 'released_by', nullable: true }) releasedBy: string | null;
  @Column('integer', { name: 'released_sequence', nullable: true }) releasedSequence: number | null;
  /**
   * The revision number of the plane's desired state. Incremented last in a writing
   * transaction, under this row's lock, so that revisions are numbered in commit order.
   */
  @Column('integer') revision: number;
  @TimestampColumn({ name: 'revised_at' }) revisedAt: Date;
  @Column('uuid', { name: 'instance_id', nullable: true }) instanceId: string | null;
  @JsonColumn({ name: 'public_key', nullable: true }) publicKey: unknown;
  @JsonColumn({ nullable: true }) capabilities: string[] | null;
  @Column('varchar', { nullable: true }) version: string | null;
  @Column('varchar', { name: 'endpoint_url', nullable: true }) endpointUrl: string | null;
  /** The address that the plane last reported, whether or not it was adopted. */
  @Column('varchar', { name: 'reported_endpoint_url', nullable: true }) reportedEndpointUrl: string | null;
  /** The address before the last change, and when the address last changed back to a previous one. */
  @Column('varchar', { name: 'previous_endpoint_url', nullable: true }) previousEndpointUrl: string | null;
  @TimestampColumn({ name: 'endpoint_returned_at', nullable: true }) endpointReturnedAt: Date | null;
  /** How many address changes have exceeded the limit since a change was last adopted. */
  @Column('integer', { name: 'address_changes_left_out' }) addressChangesLeftOut: number;
  /** When the plane's newest request file was signed; null if there is none. */
  @TimestampColumn({ name: 'requested_at', nullable: true }) requestedAt: Date | null;
  /** The URL of the plane's database, if a driver created it or an operator recorded it. A secret. */
  @Column('text', { name: 'db_url_sealed', nullable: true }) dbUrlSealed: string | null;
  @Column('varchar', { name: 'database_driver', nullable: true }) databaseDriver: string | null;
  @Column('varchar', { name: 'applied_revision', nullable: true }) appliedRevision: string | null;
  @Column('uuid', { name: 'link_id', nullable: true }) linkId: string | null;
  @Column('integer') sequence: number;
  /**
   * The report number stored in the plane's database, if that lags behind
   * `sequence`. Another process of the plane continues from the stored number.
   */
  @Column('integer', { name: 'stored_sequence', nullable: true }) storedSequence: number | null;
  /** Recent report numbers that never arrived, and the process that last sent a late report. */
  @JsonColumn({ name: 'missed_sequences' }) missedSequences: number[];
  @Column('uuid', { name: 'late_link_id', nullable: true }) lateLinkId: string | null;
  /** The restore that the plane's reports are from. Null if it was never restored. */
  @Column('uuid', { nullable: true }) incarnation: string | null;
  @JsonColumn({ name: 'replaced_incarnations' }) replacedIncarnations: ReplacedIncarnation[];
  /**
   * When a report last showed that two copies of this plane are
   * running (a cloned disk), or that its database was restored.
   */
  @TimestampColumn({ name: 'forked_at', nullable: true }) forkedAt: Date | null;
  /** When the plane last reported, according to the database's clock. */
  @TimestampColumn({ name: 'last_report_at', nullable: true }) lastReportAt: Date | null;
  @JsonColumn({ nullable: true }) health: ReportedHealth | null;
  /** The status from `health`. */
  @Column('varchar', { name: 'health_status', nullable: true }) healthStatus: HealthStatus | null;
  @TimestampColumn({ name: 'enrolled_at', nullable: true }) enrolledAt: Date | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
}

/** Whether the plane serves many tenants. */
export function isCell({ deploymentModel }: Pick<TenantPlane, 'deploymentModel'>): boolean {
  return CELL_MODELS.includes(deploymentModel);
}

/**
 * Whether the plane enrolled by file and has never reported. No job waits for
 * reports from such a plane. Once it reports, it is treated like any other plane.
 */
export function isAirGapped({ capabilities, lastReportAt }: TenantPlane): boolean {
  return lastReportAt === null && (capabilities ?? []).includes(OFFLINE_CAPABILITY);
}

/** A plane that is registered but has not enrolled. `name` is derived from its id. */
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
    poolState: null,
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
    incarnation: null,
    replacedIncarnations: [],
    forkedAt: null,
    lastReportAt: null,
    health: null,
    healthStatus: null,
    enrolledAt: null,
    createdAt: now,
  };
}
