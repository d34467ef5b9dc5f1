import { Button, Group, Menu, Paper, Stack, Table, Tabs, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { Facts, Page, ProblemAlert, StateBadge, When, bodyOf, onceKey } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api';
import { isLive } from '../../jobs/job-facts';
import { JobsTable, useJobs } from '../../jobs/jobs-table';
import { LiveJob } from '../../jobs/live-job';
import { DrainDrawer, RotateDrawer, UpgradeDrawer } from '../../operations/plane-operations';
import { IssueToken } from '../../operations/tokens';
import { READ_ONLY, useMayChange } from '../../parts/access';
import { Dialog } from '../../parts/dialog';
import { CHECK_NAMES, lagOf, usePlane, withTimes } from '../../parts/planes';
import { type Plane } from '../../parts/types';
import { Copies } from './copies';
import { PlaneState, isCell, isInPool } from './plane-state';

const WITHIN = [{ to: '/fleet', label: 'Fleet' }];

export function PlanePage() {
  const { id } = useParams({ from: '/signed-in/fleet/$id' });
  const { data: plane, error, isPending } = usePlane(id);
  return plane === undefined ? (
    <Page title="Plane" within={WITHIN} error={error} isLoading={isPending} />
  ) : (
    <Loaded plane={plane} />
  );
}

function Loaded({ plane }: { readonly plane: Plane }) {
  const mayChange = useMayChange();
  const jobs = useJobs({ tenant_plane_id: plane.id });
  const last = jobs.data?.pages[0]?.items[0];
  return (
    <Page
      title={plane.name}
      within={WITHIN}
      about={mayChange ? undefined : READ_ONLY}
      actions={mayChange && <Operations plane={plane} />}
    >
      <Stack>
        {!jobs.isLoading && <PlaneState plane={plane} last={last} />}
        {last !== undefined && (isLive(last) || last.status === 'failed') && (
          <Paper withBorder p="md">
            <LiveJob id={last.id} />
          </Paper>
        )}
        <Tabs defaultValue="overview" keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="jobs">Jobs</Tabs.Tab>
            {mayChange && plane.status !== 'retired' && <Tabs.Tab value="tokens">Install</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="overview">
            <Stack>
              <Checks plane={plane} />
              <Copies plane={plane} />
              <Keys plane={plane} />
              <PlaneFacts plane={plane} />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="jobs">
            <JobsTable filter={{ tenant_plane_id: plane.id }} empty="No job has run for this plane yet." />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <Text size="sm" mb="sm">
              A token lets a plane enrol under this name, for the first time or again.
            </Text>
            <IssueToken
              issue={(seconds, headers) =>
                bodyOf(
                  api.POST('/api/tenant-planes/{id}/provisioning-tokens', {
                    params: { path: { id: plane.id } },
                    headers,
                    body: { token_ttl_seconds: seconds },
                  }),
                )
              }
            />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}

function Checks({ plane }: { readonly plane: Plane }) {
  if (plane.health_checks.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={340}>
      <Table captionSide="top" layout="fixed">
        {(plane.health === 'offline' || plane.status === 'retired') && (
          <Table.Caption>
            As of its last report, <When at={plane.last_report_at} />
          </Table.Caption>
        )}
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={{ base: 92, xs: 140 }}>Check</Table.Th>
            <Table.Th w={{ base: 112, xs: 120 }}>State</Table.Th>
            <Table.Th>Found</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plane.health_checks.map(({ name, status, detail }) => (
            <Table.Tr key={name}>
              <Table.Td>{CHECK_NAMES[name]}</Table.Td>
              <Table.Td>
                <StateBadge state={status} />
              </Table.Td>
              <Table.Td>{withTimes(detail ?? '')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Keys({ plane }: { readonly plane: Plane }) {
  if (plane.keys.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={400}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Secret</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Created</Table.Th>
            <Table.Th>Last used</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plane.keys.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td>{key.id}</Table.Td>
              <Table.Td>
                {key.role}
                {key.id === plane.key_in_use && ', in use'}
              </Table.Td>
              <Table.Td>
                <When at={key.created_at} />
              </Table.Td>
              <Table.Td>
                <When at={key.last_used_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function newTenantsText({ accepts_tenants: isOpen, tenants, capacity }: Plane): string {
  if (!isOpen) return 'No';
  return tenants < capacity ? 'Yes' : 'No, it is full';
}

function poolText(plane: Plane): string {
  if (!isInPool(plane)) return 'Taken from it by its tenant';
  return plane.accepts_tenants ? 'Ready for a tenant' : 'Not ready for a tenant';
}

function PlaneFacts({ plane }: { readonly plane: Plane }) {
  return (
    <Facts
      facts={[
        ['Model', profileOf(plane.deployment_model).title],
        ['Tenants', `${plane.tenants} of ${plane.capacity}`],
        isCell(plane) ? ['Takes new tenants', newTenantsText(plane)] : null,
        plane.pool === null ? null : ['Warm pool', poolText(plane)],
        ['Region', plane.region ?? '–'],
        ['Version', plane.version ?? '–'],
        ['Release', plane.release ?? '–'],
        ['Changes applied', lagOf(plane)],
        ['Address', plane.endpoint_url ?? '–'],
        ['Secret', plane.secret === 'own' ? 'Its own' : 'The platform’s, so it is not rotated here'],
        ['Last report', <When key="report" at={plane.last_report_at} />],
        ['Enrolled', <When key="enrolled" at={plane.enrolled_at} />],
        ['Created', <When key="created" at={plane.created_at} />],
        ['Id', plane.id],
      ]}
    />
  );
}

type Operation = 'drain' | 'reopen' | 'upgrade' | 'rotate';

function Operations({ plane }: { readonly plane: Plane }) {
  const [open, setOpen] = useState<Operation | null>(null);
  const about = { plane, onClose: () => setOpen(null) };
  if (plane.status !== 'enrolled') return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button>Operations</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {isCell(plane) &&
            (plane.accepts_tenants ? (
              <Menu.Item onClick={() => setOpen('drain')}>Drain</Menu.Item>
            ) : (
              <Menu.Item onClick={() => setOpen('reopen')}>Reopen</Menu.Item>
            ))}
          {!isInPool(plane) && <Menu.Item onClick={() => setOpen('upgrade')}>Upgrade</Menu.Item>}
          <Menu.Item disabled={plane.secret === 'platform'} onClick={() => setOpen('rotate')}>
            Rotate the secret
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'drain' && <DrainDrawer {...about} />}
      {open === 'upgrade' && <UpgradeDrawer {...about} />}
      {open === 'rotate' && <RotateDrawer {...about} />}
      {open === 'reopen' && <ReopenDialog {...about} />}
    </>
  );
}

interface ReopenDialogProps {
  readonly plane: Plane;
  readonly onClose: () => void;
}

function ReopenDialog({ plane, onClose }: ReopenDialogProps) {
  const [once] = useState(onceKey);
  const client = useQueryClient();
  const reopen = useMutation({
    mutationFn: () =>
      api.POST('/api/tenant-planes/{id}/reopen', { params: { path: { id: plane.id } }, headers: once }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['planes'] });
      onClose();
    },
  });
  return (
    <Dialog title={`Reopen ${plane.name}?`} onClose={onClose}>
      <Stack>
        <Text size="sm">New tenants may be placed here again.</Text>
        <ProblemAlert error={reopen.error} />
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            Back
          </Button>
          <Button loading={reopen.isPending} onClick={() => reopen.mutate()}>
            Reopen
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
