import {
  type ProblemError,
  type TenantPlanePaths,
  type TenantPlaneSchemas,
  createApi,
  newQueryClient,
} from '@atlas/web';
import { notifications } from '@mantine/notifications';

export const queries = newQueryClient();
export const ME = ['me'] as const;
export const OBSTACLE = ['obstacle'] as const;
export const ENTITLEMENTS = ['entitlements'] as const;

/** What keeps the whole workspace from being used. */
export type Obstacle = 'suspended' | 'moved' | 'unknown' | null;

const OBSTACLES: Readonly<Record<string, Obstacle>> = {
  tenant_suspended: 'suspended',
  tenant_moved: 'moved',
  tenant_not_found: 'unknown',
};
/** The codes of such problems. */
export const OBSTACLE_CODES: readonly string[] = Object.keys(OBSTACLES);

/** The plan, the bill or the lease is not as the pages know it. */
const OF_PLAN: readonly string[] = ['module_not_in_plan', 'quota_exceeded', 'payment_required'];

function notice({ problem }: ProblemError): void {
  const obstacle = OBSTACLES[problem.code];
  if (obstacle !== undefined) queries.setQueryData<Obstacle>(OBSTACLE, obstacle);
  else if (problem.code === 'unauthenticated') queries.setQueryData(ME, null);
  else if (problem.code === 'forbidden') void noticeRole();
  else if (OF_PLAN.includes(problem.code)) void queries.invalidateQueries({ queryKey: ENTITLEMENTS });
}

/** A user who may not do what a page offers may have another role by now. */
async function noticeRole(): Promise<void> {
  const before = knownRole();
  await queries.refetchQueries({ queryKey: ME }, { cancelRefetch: false });
  const role = knownRole();
  if (role === undefined || role === before) return;
  notifications.show({ id: 'role', title: 'Your role was changed', message: `You are now a ${role}.` });
}

interface Me {
  readonly user: TenantPlaneSchemas['schemas']['UserView'];
}

function knownRole(): string | undefined {
  return queries.getQueryData<Me | null>(ME)?.user.role;
}

/** Once a call says that the session has ended or the tenant is away, every page knows. */
export const api = createApi<TenantPlanePaths>(notice);

/** For calls whose refusals say nothing about the session. */
export const quietApi = createApi<TenantPlanePaths>(() => undefined);

/** An interval at which to ask again, as long as there can be an answer. */
export function every(ms: number): () => number | false {
  const isInVain = (): boolean =>
    queries.getQueryData(ME) === null || Boolean(queries.getQueryData<Obstacle>(OBSTACLE));
  return () => (isInVain() ? false : ms);
}
