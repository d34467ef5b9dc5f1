import { BILLING_STATES } from '@atlas/plane-contract';
import { PLANS } from '@atlas/tenancy';
import { UsageError } from '../../failure';
import { type Operation } from './operation';

const group = 'Plans and usage';

export const ENTITLEMENT_OPERATIONS: readonly Operation[] = [
  {
    name: 'change-plan',
    group,
    summary: 'Change the plan of a tenant, or what was agreed in addition',
    about: `Changes the plan of a tenant, or what was agreed with it in addition to the plan. An agreement
replaces the previous one. The tenant plane receives it in a new lease.`,
    examples: [
      'change-plan acme --plan operations',
      'change-plan acme --limits agents=12,users=80 --modules ai_runbook_drafts',
      'change-plan acme --plan enterprise --no-agreement',
    ],
    subject: 'tenant',
    operation: 'PATCH /api/tenants/:id',
    done: 'Changed.',
    options: [
      { name: 'plan', value: '<plan>', field: 'plan', text: 'the new plan', choices: PLANS },
      {
        name: 'limits',
        value: '<limit=n,…>',
        field: 'plan_overrides.limits',
        parse: limits,
        text: 'limits that were agreed, instead of those of the plan',
      },
      {
        name: 'modules',
        value: '<module,…>',
        field: 'plan_overrides.modules',
        isList: true,
        text: 'modules that were agreed, in addition to those of the plan',
      },
      {
        name: 'no-agreement',
        field: 'plan_overrides',
        parse: () => null,
        text: 'end the agreement, so that only the plan counts',
      },
    ],
  },
  {
    name: 'billing',
    group,
    summary: "Record whether a tenant's bill is paid",
    about: `Records whether a tenant's bill is paid. "past_due" makes paid extras read-only after 14 days.
"suspended" suspends the tenant, and "ok" resumes it.`,
    examples: ['billing acme --state past_due', 'billing acme --state ok'],
    subject: 'tenant',
    operation: 'POST /api/tenants/:id/billing-state',
    done: 'Recorded.',
    options: [
      {
        name: 'state',
        value: '<state>',
        field: 'state',
        isRequired: true,
        text: 'state of the bill',
        choices: BILLING_STATES,
      },
    ],
  },
];

/** `agents=12,users=80` as an object. Throws {@link UsageError}. */
function limits(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').map((one) => {
      const [, name, number] = /^([^=]+)=(\d{1,9})$/.exec(one) ?? [];
      if (name === undefined) throw new UsageError(`"${one}" is not a limit, such as agents=12.`);
      return [name, Number(number)];
    }),
  );
}
