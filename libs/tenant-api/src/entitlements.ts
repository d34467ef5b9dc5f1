import { Optional } from '@atlas/platform';
import { type Limits, type Module, type Plan } from '@atlas/tenancy';
import { IsISO8601, IsInt, IsString, IsUUID, Length } from 'class-validator';

export interface EntitlementsApi {
  /** Show the tenant's plan, its limits, what is used, and its lease */
  'GET /api/entitlements': { 200: EntitlementsView };
  /** Load a lease from a file */
  'POST /api/entitlements/lease': { body: LoadLeaseDto; 200: EntitlementsView };
}

/**
 * - `valid`: nothing to do.
 * - `late`: the lease should have been renewed. Everything works.
 * - `grace`: the paid extras will become read-only. Everything still works.
 * - `expired`: the paid extras are read-only.
 */
type LeaseState = 'valid' | 'late' | 'grace' | 'expired';

export interface LeaseView {
  readonly serial: number;
  readonly issued_at: Date;
  readonly expires_at: Date;
  readonly state: LeaseState;
  /** When the next change for the worse comes, unless the lease is renewed before. */
  readonly next_effect_at: Date | null;
}

export interface EntitlementsView {
  readonly plan: Plan;
  readonly modules: readonly Module[];
  readonly limits: Limits;
  /** How many users, data sources and agents the tenant has. What it uses of other limits is not here. */
  readonly usage: Readonly<Record<string, number>>;
  /** Why the paid extras can only be read; null if they can be changed too. */
  readonly read_only: 'past_due' | 'lease_expired' | null;
  /** When the paid extras become read-only because a bill is unpaid; null if none is. */
  readonly read_only_from: Date | null;
  /**
   * From when on history that is older than the plan keeps is deleted. Null if that is so already, or if the
   * plane has not received a lease yet. A raised plan keeps this time.
   */
  readonly retention_from: Date | null;
  /** Null if the plane has not received a lease yet. */
  readonly lease: LeaseView | null;
}

/** The content of a lease file. Only `lease` is read; the other fields are for people. */
export class LoadLeaseDto {
  /** A JWS (RFC 7515). */
  @IsString()
  @Length(1, 20_000)
  lease: string;

  @Optional()
  @IsUUID()
  tenant_id?: string;

  @Optional()
  @IsUUID()
  tenant_plane_id?: string;

  @Optional()
  @IsInt()
  serial?: number;

  @Optional()
  @IsISO8601()
  issued_at?: string;

  @Optional()
  @IsISO8601()
  expires_at?: string;
}
