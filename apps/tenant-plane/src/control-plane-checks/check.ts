import { type CheckOutcome } from '@atlas/tenant-api';
import { type DatabaseTarget, type Schema } from '@atlas/persistence';
import { type DeploymentModel } from '@atlas/tenancy';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Probe } from './probe';
import { type RunningPlane } from './running-plane';

export interface Found extends CheckOutcome {
  /** It could not be told, because of what another check shows. */
  readonly isFollowUp?: true;
}

/** What a check looks at. */
export interface CheckScene {
  readonly config: TenantPlaneConfig;
  /** CONTROL_PLANE_BASE_URL. */
  readonly controlPlane: URL;
  readonly isEnrolled: boolean;
  /** The model that it is enrolled in, where the environment names another. */
  readonly otherModel: DeploymentModel | null;
  readonly database: DatabaseTarget;
  /** What it has to hold. */
  readonly schema: Schema;
  /** As the environment or the enrolment says; null before either does. */
  readonly model: DeploymentModel | null;
  /** This plane, where it runs already; asked where its database or port is in use. */
  readonly running: () => Promise<RunningPlane | null>;
  /** The one signed call that the checks of a run share; made when the first of them asks. Never rejects. */
  readonly probe: () => Promise<Probe>;
}

/** One thing that has to be right: a file here, and a line in checks.ts. */
export interface Check {
  readonly name: string;
  /** Asked before an installation only: a plane that runs has both behind it. */
  readonly isForPreflightOnly?: boolean;
  /** Has sense without a Control Plane. */
  readonly isLocal?: boolean;
  /** What to do when it takes too long. */
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
