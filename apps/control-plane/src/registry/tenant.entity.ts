import { type DeploymentModel } from '@atlas/deployment-profiles';
import { JsonColumn, TimestampColumn } from '@atlas/persistence';
import { type BillingState } from '@atlas/plane-contract';
import { type Plan, type PlanOverrides, type TenantStatus } from '@atlas/tenancy';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type TenantSource = 'admin_ui' | 'signup' | 'api';

@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid') id: string;
  @Column('varchar') slug: string;
  /** False once the slug may be used by another tenant. */
  @Column('boolean', { name: 'holds_slug' }) holdsSlug: boolean;
  @Column('varchar') name: string;
  @Column('varchar', { name: 'deployment_model' }) deploymentModel: DeploymentModel;
  @Column('varchar') status: TenantStatus;
  @Column('varchar') plan: Plan;
  /** What was agreed with the tenant in addition to its plan. */
  @JsonColumn({ name: 'plan_overrides', nullable: true }) planOverrides: PlanOverrides | null;
  @Column('varchar', { name: 'billing_state' }) billingState: BillingState;
  /** Since when a bill has been unpaid; null if none is. */
  @TimestampColumn({ name: 'past_due_since', nullable: true }) pastDueSince: Date | null;
  /** The job that suspended the tenant because of an unpaid bill, until the tenant is resumed. */
  @Column('uuid', { name: 'billing_job_id', nullable: true }) billingJobId: string | null;
  /** When the tenant's newest lease was issued, which is also its serial. Null before the first renewal. */
  @TimestampColumn({ name: 'leased_at', nullable: true }) leasedAt: Date | null;
  /** Until when the newest file with a lease is valid. Null if there never was one. */
  @TimestampColumn({ name: 'leased_until', nullable: true }) leasedUntil: Date | null;
  /** The tenant plane that the file is for. */
  @Column('uuid', { name: 'leased_until_on', nullable: true }) leasedUntilOn: string | null;
  /** The serial of the lease, as a time, whose coming end was told as an event. */
  @TimestampColumn({ name: 'told_ending_of', nullable: true }) toldEndingOf: Date | null;
  @Column('varchar', { nullable: true }) region: string | null;
  @Column('varchar') source: TenantSource;
  @Column('varchar', { name: 'admin_email' }) adminEmail: string;
  @Column('varchar', { name: 'po_number', nullable: true }) poNumber: string | null;
  @JsonColumn() settings: Record<string, unknown>;
  /** The URL that users open, planned before a tenant plane exists. */
  @Column('varchar', { nullable: true }) url: string | null;
  /** The tenant plane's own address. */
  @Column('varchar', { name: 'endpoint_url', nullable: true }) endpointUrl: string | null;
  @Column('text', { name: 'db_url_sealed', nullable: true }) dbUrlSealed: string | null;
  @TimestampColumn({ name: 'created_at' }) createdAt: Date;
  @TimestampColumn({ name: 'updated_at' }) updatedAt: Date;
  @TimestampColumn({ name: 'active_at', nullable: true }) activeAt: Date | null;
  /** Null unless the tenant is suspended, or was when it was deprovisioned. */
  @TimestampColumn({ name: 'suspended_at', nullable: true }) suspendedAt: Date | null;
  @Column('varchar', { name: 'suspension_reason', nullable: true }) suspensionReason: string | null;
  /** Until when a deprovisioned tenant can be restored. */
  @TimestampColumn({ name: 'restorable_until', nullable: true }) restorableUntil: Date | null;
}
