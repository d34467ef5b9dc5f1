import { Button, Menu, Paper, Stack, Tabs } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { Page } from '@atlas/web';
import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { isLive, operationText } from '../../jobs/job-facts';
import { JobsTable, useJobs } from '../../jobs/jobs-table';
import { LiveJob } from '../../jobs/live-job';
import { EnrolOffline } from '../../operations/enrol-offline';
import { RotateDrawer, UpgradeDrawer } from '../../operations/plane-operations';
import { SignupLinkDialog } from '../../operations/signup-link';
import {
  DeprovisionDrawer,
  MoveDrawer,
  RestoreDrawer,
  ResumeDrawer,
  SuspendDrawer,
} from '../../operations/tenant-operations';
import { TenantTokens } from '../../operations/tokens';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { usePlane } from '../../parts/planes';
import { useTenant } from '../../parts/tenants';
import { type Job, type Plane, type Tenant } from '../../parts/types';
import { DeletionCertificate } from './deletion-certificate';
import { EditTenant } from './edit-tenant';
import { TenantPlan } from './plan/tenant-plan';
import { TenantSettings } from './tenant-settings';
import { TenantFacts, TenantState } from './tenant-facts';

export function TenantPage() {
  const { id } = useParams({ from: '/signed-in/tenants/$id' });
  const { data: tenant, error, isPending } = useTenant(id);
  return tenant === undefined ? (
    <Page title="Tenant" within={WITHIN} error={error} isLoading={isPending} />
  ) : (
    <Loaded tenant={tenant} />
  );
}

const WITHIN = [{ to: '/tenants', label: 'Tenants' }];

function Loaded({ tenant }: { readonly tenant: Tenant }) {
  const mayChange = useMayChange();
  const { data: plane, isLoading: isPlaneLoading } = usePlane(tenant.tenant_plane_id);
  const jobs = useJobs({ tenant_id: tenant.id });
  const last = jobs.data?.pages[0]?.items[0];
  const left = useLeftJobs(tenant.id, last);
  // If this cannot be asked, the job is shown, so that nothing is overlooked.
  const needsPerson = left.data?.pages[0]?.items.some(({ id: its }) => its === last?.id) ?? true;
  const isLoading = jobs.isLoading || left.isLoading || isPlaneLoading;
  // The tabs would move when the state appears above them, just as someone clicks on one.
  const [hasLoaded, setHasLoaded] = useState(false);
  if (!isLoading && !hasLoaded) setHasLoaded(true);
  const { tenantFixed: hasOwnPlane, offlineEnrolmentAllowed: isEnrolledByFile } = profileOf(
    tenant.deployment_model,
  );
  // Before it is issued, the page says when it will be.
  const hasCertificate = tenant.status === 'deleted' || tenant.status === 'deprovisioning';
  return (
    <Page
      title={tenant.name}
      within={WITHIN}
      about={mayChange ? undefined : READ_ONLY}
      actions={mayChange && <Operations tenant={tenant} plane={plane} last={last} />}
      isLoading={!hasLoaded}
    >
      <Stack>
        {!isLoading && <TenantState tenant={tenant} plane={plane} last={last} needsPerson={needsPerson} />}
        {last !== undefined && (isLive(last) || last.status === 'failed' || needsPerson) && (
          <Paper withBorder p="md">
            <LiveJob id={last.id} />
          </Paper>
        )}
        <Tabs defaultValue="overview" keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="jobs">Jobs</Tabs.Tab>
            <Tabs.Tab value="plan">Plan</Tabs.Tab>
            <Tabs.Tab value="settings">Settings</Tabs.Tab>
            {hasOwnPlane && <Tabs.Tab value="tokens">Install</Tabs.Tab>}
            {hasCertificate && <Tabs.Tab value="certificate">Deletion certificate</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="overview">
            <TenantFacts tenant={tenant} plane={plane} />
          </Tabs.Panel>
          <Tabs.Panel value="jobs">
            <JobsTable filter={{ tenant_id: tenant.id }} empty="No job has run for this tenant yet." />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <Stack gap="xl">
              <TenantTokens tenantId={tenant.id} />
              {mayChange && isEnrolledByFile && <EnrolOffline tenant={tenant} />}
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="plan">
            <TenantPlan tenant={tenant} />
          </Tabs.Panel>
          <Tabs.Panel value="settings">
            <TenantSettings tenant={tenant} />
          </Tabs.Panel>
          <Tabs.Panel value="certificate">
            <DeletionCertificate tenant={tenant} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}

/** The tenant's jobs that a person has to decide on. Asked again whenever its newest job has changed. */
function useLeftJobs(tenantId: string, last: Job | undefined) {
  const left = useJobs({ tenant_id: tenantId, needs_attention: true });
  const { refetch } = left;
  useEffect(() => void refetch(), [refetch, last?.id, last?.status]);
  return left;
}

const OPERATIONS = {
  suspend: 'Suspend',
  resume: 'Resume',
  move: 'Move',
  rotate: 'Rotate the secret',
  upgrade: 'Upgrade the plane',
  signup_link: 'Sign-up link',
  edit: 'Edit',
  restore: 'Restore',
  deprovision: 'Deprovision',
} as const;
type Operation = keyof typeof OPERATIONS;

const SERVED: readonly Operation[] = ['move', 'rotate', 'upgrade', 'signup_link', 'edit', 'deprovision'];
const OFFERED: { readonly [Status in Tenant['status']]: readonly Operation[] } = {
  provisioning: ['edit', 'deprovision'],
  active: ['suspend', ...SERVED],
  suspended: ['resume', ...SERVED],
  failed: ['edit', 'deprovision'],
  deprovisioning: ['restore', 'edit'],
  deleted: [],
};
/** These do not wait for a running job. */
const ALWAYS: readonly Operation[] = ['deprovision', 'edit', 'signup_link'];
const OF_OWN_PLANE: readonly Operation[] = ['rotate', 'upgrade'];

interface OperationsProps {
  readonly tenant: Tenant;
  readonly plane: Plane | undefined;
  readonly last: Job | undefined;
}

function Operations({ tenant, plane, last }: OperationsProps) {
  const [open, setOpen] = useState<Operation | null>(null);
  const hasOwnPlane = profileOf(tenant.deployment_model).tenantFixed && plane?.status === 'enrolled';
  const offered = OFFERED[tenant.status].filter((name) => hasOwnPlane || !OF_OWN_PLANE.includes(name));
  const isBusy = last !== undefined && isLive(last);
  if (offered.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button>Operations</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {isBusy && <Menu.Label>A job is running. Some operations wait for it.</Menu.Label>}
          {offered.map((name) => (
            <Menu.Item
              key={name}
              color={name === 'deprovision' ? 'red' : undefined}
              disabled={isBusy && !ALWAYS.includes(name)}
              onClick={() => setOpen(name)}
            >
              {OPERATIONS[name]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {open !== null && (
        <OpenOperation name={open} tenant={tenant} plane={plane} last={last} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

interface OpenOperationProps extends OperationsProps {
  readonly name: Operation;
  readonly onClose: () => void;
}

function OpenOperation({ name, tenant, plane, last, onClose }: OpenOperationProps) {
  const about = { tenant, onClose };
  if (name === 'suspend') return <SuspendDrawer {...about} />;
  if (name === 'resume') return <ResumeDrawer {...about} />;
  if (name === 'move') return <MoveDrawer {...about} />;
  if (name === 'restore') return <RestoreDrawer {...about} />;
  if (name === 'signup_link') return <SignupLinkDialog {...about} />;
  if (name === 'edit') return <EditTenant {...about} />;
  if (name === 'deprovision')
    return (
      <DeprovisionDrawer
        {...about}
        isCopyLost={last?.error?.code === 'copy_lost'}
        stops={last !== undefined && isLive(last) ? operationText(last) : null}
      />
    );
  if (plane === undefined) return null;
  if (name === 'rotate') return <RotateDrawer plane={plane} onClose={onClose} />;
  return <UpgradeDrawer plane={plane} onClose={onClose} />;
}
