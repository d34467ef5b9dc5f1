import { type ControlPlanePaths, type ControlPlaneSchemas, createApi, newQueryClient } from '@atlas/web';

export type Signup = ControlPlaneSchemas['schemas']['SignupView'];

export const queries = newQueryClient();

/** These pages need no session. */
export const api = createApi<ControlPlanePaths>(() => undefined);
