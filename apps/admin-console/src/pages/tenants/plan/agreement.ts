import { LIMIT_NAMES, MODULE_NAMES, PLAN_NAMES, type FieldTexts } from '@atlas/web';
import { type Limit, type PlanSpec, type Tenant, type TenantChange } from '../../../parts/types';
import { LIMITS } from '../../../plans/plans';

/** What the form shows. A limit that is left out is that of the plan. */
export interface Agreement {
  readonly plan: Tenant['plan'];
  readonly limits: { readonly [Name in Limit]?: number };
  readonly modules: PlanSpec['modules'];
}

export function agreementOf({ plan, plan_overrides: agreed }: Pick<Tenant, 'plan' | 'plan_overrides'>) {
  return { plan, limits: agreed?.limits ?? {}, modules: agreed?.modules ?? [] } satisfies Agreement;
}

/** Nothing agreed is null, which removes what was agreed before. */
export function changeOf({ plan, limits, modules }: Agreement): TenantChange {
  const isEmpty = Object.keys(limits).length === 0 && modules.length === 0;
  return {
    plan,
    plan_overrides: isEmpty
      ? null
      : {
          ...(Object.keys(limits).length > 0 && { limits }),
          ...(modules.length > 0 && { modules: [...modules] }),
        },
  };
}

export const AGREEMENT_TEXTS: FieldTexts<Agreement> = [
  ['Plan', ({ plan }) => PLAN_NAMES[plan]],
  ...LIMITS.map(
    (limit) =>
      [LIMIT_NAMES[limit], ({ limits }: Agreement) => String(limits[limit] ?? 'as in the plan')] as const,
  ),
  ['Agreed modules', ({ modules }) => modules.map((module) => MODULE_NAMES[module]).join(', ')],
];
