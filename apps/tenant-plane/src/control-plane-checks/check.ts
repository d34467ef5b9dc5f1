import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type DatabaseTarget, type Schema } from '@atlas/persistence';
import { type CheckOutcome } from '@atlas/tenant-api/deployment';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Probe } from './probe';
import { type RunningPlane } from './running-plane';

export interface Found extends CheckOutcome {
  /** Could not be decided, because of what another check reports. */
  readonly isFollowUp?: true;
}

/** What a check looks at. */
export interface CheckScene {
  readonly config: TenantPlaneConfig;
  /** CONTROL_PLANE_BASE_URL. */
  readonly controlPlane: URL;
  readonly isEnrolled: boolean;
  /** The model it is enrolled as, if the environment names another. */
  readonly otherModel: DeploymentModel | null;
  readonly database: DatabaseTarget;
  /** What the database must hold. */
  readonly schema: Schema;
  /** From the environment or the enrolment; null before either names one. */
  readonly model: DeploymentModel | null;
  /** This plane, if it is running already; needed if its database or port is in use. */
  readonly running: () => Promise<RunningPlane | null>;
  /** The one signed call that the checks of a run share, made on first use. Never rejects. */
  readonly probe: () => Promise<Probe>;
}

/** One condition to check: a file here, and a line in checks.ts. */
export interface Check {
  readonly name: string;
  /** Runs before an installation only: a running plane has passed it. */
  readonly isForPreflightOnly?: boolean;
  /** Makes sense without a Control Plane. */
  readonly isLocal?: boolean;
  /** What to do if it times out. */
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

/** Like `bad`, but hidden when another check has found the cause. */
export function followUp(detail: string, fix: string): Found {
  return { ok: false, isFollowUp: true, detail, fix };
}
