import { BILLING_STATES, type BillingState } from '@atlas/plane-contract';
import { Optional } from '@atlas/platform';
import { type Limits, type Module, type Plan } from '@atlas/tenancy';
import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { type JobView } from './jobs';
import { type TenantView } from './tenants';

/** What tenants may use, and what they have used. */
export interface EntitlementsApi {
  /** List the plans, smallest first */
  'GET /api/plans': { 200: readonly PlanSpecView[] };
  /** Issue a lease as a file, for a tenant plane that makes no calls */
  'POST /api/tenants/:id/lease': { body: IssueLeaseDto; 200: LeaseFileView };
  /** Record whether a tenant's bill is paid */
  'POST /api/tenants/:id/billing-state': { body: BillingStateDto; 200: BillingChangedView };
  /** Show what a tenant's plane has metered, by day */
  'GET /api/tenants/:id/usage': { query: UsageQuery; 200: UsageView };
}

export interface PlanSpecView {
  readonly key: Plan;
  readonly modules: readonly Module[];
  readonly limits: Limits;
}

/** A lease that a plane receives otherwise is valid for as long, so a shorter file would not be noticed. */
export const MIN_LEASE_DAYS = 30;
export const MAX_LEASE_DAYS = 400;
export const DEFAULT_LEASE_FILE_DAYS = 90;

export class IssueLeaseDto {
  /** For how many days the lease is valid. 90 if left out. */
  @Optional()
  @IsInt()
  @Min(MIN_LEASE_DAYS)
  @Max(MAX_LEASE_DAYS)
  valid_days?: number;
}

/** The content of a lease file. Planes read only `lease`. */
export interface LeaseFileView {
  readonly tenant_id: string;
  readonly tenant_plane_id: string;
  readonly serial: number;
  readonly issued_at: Date;
  readonly expires_at: Date;
  /** A JWS (RFC 7515). */
  readonly lease: string;
}

export class BillingStateDto {
  /**
   * `past_due`: after 14 days, paid extras become read-only. `suspended`: the tenant is suspended. `ok` ends
   * both.
   */
  @IsIn(BILLING_STATES)
  state: BillingState;
}

export interface BillingChangedView {
  readonly tenant: TenantView;
  /** The job that suspends or resumes the tenant; null if neither is needed. */
  readonly job: JobView | null;
}

export class UsageQuery {
  /**
   * A month in UTC; the current one if left out.
   * @example 2026-11
   */
  @Optional()
  @Matches(/^\d{4}-(0[1-9]|1[0-2])$/, { message: 'month must be a month such as 2026-11' })
  month?: string;
}

/** The amounts of one day, by what was metered. */
export interface UsageOfDay {
  /** A day in UTC, such as 2026-11-30. */
  readonly day: string;
  readonly amounts: Readonly<Record<string, number>>;
}

export interface UsageView {
  readonly month: string;
  readonly days: readonly UsageOfDay[];
  /** The sum of the days. */
  readonly total: Readonly<Record<string, number>>;
}
