import { LowerCase, Optional } from '@atlas/platform';
import { IsUUID } from 'class-validator';
import { type DeploymentHint, type DeploymentModel, type EgressClassName } from '@atlas/deployment-profiles';
import { type LeaseView } from './entitlements';

/** How the plane is deployed, and the state of its link to the Control Plane. */
export interface DeploymentApi {
  /** Show what a sign-in page needs: the tenant, the deployment model and the link to the Control Plane */
  'GET /api/tenant-default': { 200: TenantDefaultView };
  /** Show who runs the plane, holds its data and backs it up */
  'GET /api/deployment': { 200: DeploymentStateView };
  /** Check the link to the Control Plane */
  'GET /api/integrations/control-plane': { 200: { checks: NamedOutcome[] } };
  /** List the moves of the tenant away from this plane */
  'GET /api/moves': { 200: { items: MoveView[] } };
  /** Consent to a move that takes data out of the customer's network */
  'POST /api/moves/consent': { body: ConsentToMoveDto; 200: MoveView };
}

/** The deployment model as users see it: its name and its reminders. */
export interface DeploymentView {
  readonly model: DeploymentModel;
  readonly profile: string;
  readonly hints: readonly DeploymentHint[];
}

export interface TenantDefaultView {
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string } | null;
  readonly deployment: DeploymentView;
  readonly control_plane: { readonly reachable: boolean; readonly last_contact_at: Date | null };
  /** Whether the plane makes no call to the Control Plane. */
  readonly offline: boolean;
  readonly sign_in: SignInView;
}

/** How many versions behind, of the first of the three numbers that differs. */
export interface VersionsBehind {
  readonly unit: 'major' | 'minor' | 'patch';
  readonly count: number;
}

/** Who is responsible for what, and how the plane is set up. */
export interface DeploymentDetailsView {
  readonly model: DeploymentModel;
  readonly profile: string;
  readonly run_by: 'atlas' | 'customer';
  /** Who holds the data of incidents, the CMDB and automation. */
  readonly data_held_by: 'atlas' | 'customer';
  readonly backed_up_by: readonly ('atlas' | 'customer')[];
  readonly database: 'postgres' | 'sqlite';
  /** The version of the plane. */
  readonly version: string;
  /** The newest version, as the Control Plane last said. Null if it has not. */
  readonly latest_version: string | null;
  /** Whether the plane runs an older version than the newest one. */
  readonly behind: boolean;
  /** How far it is behind; null if it is not. */
  readonly versions_behind: VersionsBehind | null;
  /** Whether the plane makes no call to the Control Plane. */
  readonly offline: boolean;
}

/** The deployment, and how its link to the Control Plane is at the moment. */
export interface DeploymentStateView extends DeploymentDetailsView {
  readonly control_plane: { readonly reachable: boolean; readonly last_contact_at: Date | null };
  /** Null if the plane has not received a lease yet. */
  readonly lease: LeaseView | null;
  readonly egress: RecentEgress;
}

/** What has left the plane in the last 24 hours, by class. On a shared plane, only the tenant's own calls. */
export interface RecentEgress {
  /** The ledger counts by the hour, so calls of the whole hour in which this time lies are included. */
  readonly since: Date;
  readonly classes: readonly EgressSum[];
}

export interface EgressSum {
  readonly class: EgressClassName;
  /** How many calls have left. */
  readonly calls: number;
  /** The size of their bodies and queries, without headers. */
  readonly bytes: number;
  /** How many calls the plane refused to make, so that nothing left. */
  readonly refused: number;
}

/** The ways in which the tenant's users can sign in. */
export interface SignInView {
  readonly password: true;
  /** Whether they can sign in through the tenant's identity provider. */
  readonly single_sign_on: boolean;
  /** Whether the tenant's admin can register, because the tenant has no user yet. */
  readonly registration: boolean;
  /** Whether the plane sends emails, so that a forgotten password can be reset by email. */
  readonly mail: boolean;
}

/** The outcome of a check. */
export interface CheckOutcome {
  readonly ok: boolean;
  readonly detail: string;
  /** What to do, and who must do it. */
  readonly fix?: string;
  /** The check has passed, but its result needs attention. */
  readonly warning?: true;
}

export interface NamedOutcome extends CheckOutcome {
  readonly name: string;
  /** The check did not run, so its result says nothing. */
  readonly skipped?: true;
}

export interface MoveView {
  readonly transfer_id: string;
  /** The move waits for an admin's consent, because data would leave the customer's network. */
  readonly consent_required: boolean;
  readonly consented: boolean;
}

export class ConsentToMoveDto {
  /**
   * The move that the admin has seen. If another one has replaced it, the consent is refused. Without it, the
   * consent is to the move that waits now, whichever it is.
   */
  @Optional()
  @LowerCase()
  @IsUUID()
  transfer_id?: string;
}
