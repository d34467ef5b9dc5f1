import { Alert } from '@mantine/core';
import { LIMIT_NAMES, MODULE_NAMES, Page } from '@atlas/web';
import { type ReactNode } from 'react';
import { BarrierText } from './barrier-text';
import { type Barrier, type Limit, type Module, useBarrier, useFull, useMayEdit } from './entitlements';
import { PlanLink } from './plan-link';

/** Says why a part of the product can only be read, if it can. */
export function PlanNotice({ module }: { readonly module: Module }) {
  const barrier = useBarrier(module);
  return barrier && <Notice module={module} barrier={barrier} />;
}

interface NoticeProps {
  readonly module: Module;
  readonly barrier: Barrier;
}

function Notice({ module, barrier }: NoticeProps) {
  const name = MODULE_NAMES[module];
  return (
    <Alert
      color="orange"
      role="status"
      mb="sm"
      title={barrier === 'not_in_plan' ? `${name}: not part of your plan` : `${name} can only be read`}
    >
      <BarrierText barrier={barrier} />
      <PlanLink />
    </Alert>
  );
}

interface NeedsModuleProps {
  readonly module: Module;
  /** The title of the page that needs it. */
  readonly title: string;
  readonly children: ReactNode;
}

/** A page that changes something, unless that would be refused already when it is opened. */
export function NeedsModule({ module, title, children }: NeedsModuleProps) {
  const mayEdit = useMayEdit(module);
  if (mayEdit !== true)
    return (
      <Page title={title} isLoading={mayEdit === null}>
        <PlanNotice module={module} />
      </Page>
    );
  return (
    <>
      <PlanNotice module={module} />
      {children}
    </>
  );
}

const FULL = 'the plan’s limit is reached';

/** Says that there can be no more of something. */
export function FullNotice({ limit }: { readonly limit: Limit }) {
  const used = useFull(limit);
  if (used === null) return null;
  return (
    <Alert color="orange" role="status" mb="sm" title={`${LIMIT_NAMES[limit]}: ${FULL}`}>
      There are {used}, and your plan allows no more. Remove one that is not needed, or ask whoever runs Atlas
      for you to change the plan. <PlanLink />
    </Alert>
  );
}
