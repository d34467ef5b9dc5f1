import { type Progress } from '../progress';
import { type DataDirectory } from './data-directory';
import { type StackProcesses } from './stack-processes';
import { type StackState } from './stack-state';

/** Shared by all parts of the stack while it starts. */
export interface StackContext {
  readonly data: DataDirectory;
  readonly state: StackState;
  readonly processes: StackProcesses;
  readonly progress: Progress;
  readonly controlPlaneUrl: string;
  readonly tenantPlaneUrl: string;
  /** `localhost:<port of the tenant plane>` */
  readonly baseDomain: string;
}
