import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type DatabaseTarget, type Schema } from '@atlas/persistence';
import { type CheckOutcome } from '@atlas/tenant-api/deployment';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Egress } from '../egress/egress';
import { type Probe } from './probe';
import { type RunningPlane } from './running-plane';

export interface Found extends CheckOutcome {
  /** Set if the result is unknown because of a problem that another check reports. */
  readonly isFollowUp?: true;
}

/** What a check can inspect. */
export interface CheckScene {
  readonly config: TenantPlaneConfig;
  /** The value of CONTROL_PLANE_BASE_URL. */
  readonly controlPlane: URL;
  /** The door that every call to the Control Plane goes through. */
  readonly egress: Egress;
  readonly isEnrolled: boolean;
  /** The model that the plane is enrolled as, if the environment names a different one. */
  readonly otherModel: DeploymentModel | null;
  readonly database: DatabaseTarget;
  /** The schema that the database must have. */
  readonly schema: Schema;
  /** The model from the environment or the enrolment. Null until one of them names a model. */
  readonly model: DeploymentModel | null;
  /** Finds out whether this plane is already running, to explain why its database or port is in use. */
  readonly running: () => Promise<RunningPlane | null>;
  /** The one signed call that all checks of a run share, made on first use. Never rejects. */
  readonly probe: () => Promise<Probe>;
}

/** One condition to check. Each check has its own file here and a line in checks.ts. */
export interface Check {
  readonly name: string;
  /** Whether the check runs only before an installation, because a running plane has already passed it. */
  readonly isForPreflightOnly?: boolean;
  /** Whether the check makes sense without a Control Plane. */
  readonly isLocal?: boolean;
  /** What to do if the check times out. */
  readonly fixOfSilence: string;
  run(scene: CheckScene): Promise<Found>;
}

export function good(detail: string): CheckOutcome {
  return { ok: true, detail };
}

export function bad(detail: string, fix: string): CheckOutcome {
  return { ok: false, detail, fix };
}

export function warning(detail: string, fix: string): CheckOutcome {
  return { ok: true, warning: true, detail, fix };
}

/** Like `bad`, but hidden if another check has found the cause. */
export function followUp(detail: string, fix: string): Found {
  return { ok: false, isFollowUp: true, detail, fix };
}
