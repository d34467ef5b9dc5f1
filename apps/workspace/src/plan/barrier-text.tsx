import { type Barrier } from './entitlements';

/** Who can do what about it. */
const REMEDIES: Readonly<Record<Barrier, string>> = {
  not_in_plan: 'Whoever runs Atlas for you can change the plan.',
  past_due:
    'A bill has been unpaid for more than 14 days. It ends once the bill is paid: ask the person who looks ' +
    'after your contract with Atlas.',
  lease_expired:
    'The lease of this workspace has expired. It ends with the next lease: an admin of this workspace sees ' +
    'under Plan and usage how to get one.',
};

/** Why something can be read but not changed, and who can change that. */
export function BarrierText({ barrier }: { readonly barrier: Barrier }) {
  return (
    <>
      {REMEDIES[barrier]}{' '}
      {barrier !== 'not_in_plan' && 'Incidents, alerts, configuration items and exports work as usual. '}
    </>
  );
}
