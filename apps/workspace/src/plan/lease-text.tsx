import { When } from '@atlas/web';
import { type ReactNode } from 'react';
import { type Entitlements } from './entitlements';

type Lease = NonNullable<Entitlements['lease']>;

/** What the lease means now, what happens next, and when. */
export function LeaseText({ lease }: { readonly lease: Entitlements['lease'] }) {
  if (lease === null) return <>This plane has not received a lease yet. Until it does, the plan decides.</>;
  return TEXTS[lease.state](lease);
}

const TEXTS: Readonly<Record<Lease['state'], (lease: Lease) => ReactNode>> = {
  valid: ({ expires_at: end }) => (
    <>
      Everything works. The next lease replaces this one, which ends <When at={end} />.
    </>
  ),
  late: ({ expires_at: end }) => (
    <>
      Everything works, but this lease should have been renewed by now. If no new one comes, SLOs, runbooks
      and AI become read-only <When at={end} />.
    </>
  ),
  grace: ({ expires_at: end }) => (
    <>
      Everything still works. If no new lease comes, SLOs, runbooks and AI become read-only <When at={end} />.
    </>
  ),
  expired: ({ expires_at: end }) => (
    <>
      The lease ended <When at={end} />. SLOs, runbooks and AI can be read but not changed until a new one
      comes. Incidents, alerts, configuration items and exports work as usual.
    </>
  ),
};

/** What comes first, and when, if nothing is done. The other texts say when the lease ends. */
export function NextText({ of: { lease, read_only_from: unpaid } }: { readonly of: Entitlements }) {
  const next = lease?.next_effect_at;
  if (!next) return null;
  if (unpaid !== null && Date.parse(unpaid) === Date.parse(next))
    return (
      <>
        Before that, SLOs, runbooks and AI become read-only <When at={next} />, because a bill is unpaid.
      </>
    );
  if (lease.state === 'valid')
    return (
      <>
        If none has come <When at={next} />, admins are warned.
      </>
    );
  return lease.state === 'late' ? (
    <>
      Its last two weeks begin <When at={next} />.
    </>
  ) : null;
}
