import { Alert } from '@mantine/core';
import { When, useNow } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { PageLink } from '../links';
import { BarrierText } from './barrier-text';
import { type Entitlements, entitlements } from './entitlements';
import { LeaseText } from './lease-text';

/** Tells admins on every page what stops soon, or has stopped, and what to do. */
export function PlanBanner() {
  const { data } = useQuery(entitlements);
  return data ? <Known of={data} /> : null;
}

function Known({ of }: { readonly of: Entitlements }) {
  const now = useNow(60_000);
  const { read_only: barrier, read_only_from: from, lease } = of;
  if (barrier !== null)
    return (
      <Banner color="red" title="SLOs, runbooks and AI can only be read">
        <BarrierText barrier={barrier} />
      </Banner>
    );
  return (
    <>
      {from !== null && Date.parse(from) > now && (
        <Banner color="orange" title="A bill is unpaid">
          Everything works for now. SLOs, runbooks and AI become read-only <When at={from} />. Ask the person
          who looks after your contract with Atlas to pay it.{' '}
        </Banner>
      )}
      {(lease?.state === 'late' || lease?.state === 'grace') && (
        <Banner
          color="orange"
          title={lease.state === 'late' ? 'The lease was not renewed' : 'The lease ends soon'}
        >
          <LeaseText lease={lease} />{' '}
        </Banner>
      )}
    </>
  );
}

interface BannerProps {
  readonly color: 'orange' | 'red';
  readonly title: string;
  readonly children: ReactNode;
}

function Banner({ color, title, children }: BannerProps) {
  return (
    <Alert color={color} radius={0} role="status" title={title}>
      {children}
      <PageLink to="/plan" size="sm">
        See what to do
      </PageLink>
    </Alert>
  );
}
