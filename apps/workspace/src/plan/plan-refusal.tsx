import { Alert } from '@mantine/core';
import { type Problem } from '@atlas/web';
import { BarrierText } from './barrier-text';
import { PlanLink } from './plan-link';

const TITLES: Readonly<Record<string, string>> = {
  module_not_in_plan: 'Not part of your plan',
  quota_exceeded: 'The plan’s limit is reached',
  payment_required: 'This can only be read at the moment',
};

/** A call that the plan or the bill does not allow, and who can change that. */
function PlanRefusal({ problem }: { readonly problem: Problem }) {
  return (
    <Alert color="orange" role="alert" title={TITLES[problem.code]}>
      <Sentence problem={problem} /> <PlanLink />
    </Alert>
  );
}

export const PLAN_REFUSALS = Object.fromEntries(Object.keys(TITLES).map((code) => [code, PlanRefusal]));

function Sentence({ problem: { code, detail, reason, quota } }: { readonly problem: Problem }) {
  if (code === 'payment_required' && (reason === 'past_due' || reason === 'lease_expired'))
    return <BarrierText barrier={reason} />;
  // What the AI gateway says is for programs. It names no quota here.
  if (code === 'quota_exceeded' && quota === undefined)
    return (
      <>
        Too few AI credits are left in this month. They are renewed on the first day of the next month (UTC).
        Whoever runs Atlas for you can change the plan.
      </>
    );
  return <>{detail}</>;
}
