import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { Page, oneOf } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type JobFilter, JobsTable } from '../../jobs/jobs-table';
import { JobLink, PlaneLink, TenantLink, shortId } from '../../parts/links';
import { useTenant } from '../../parts/tenants';
import { JOB_VIEWS, given } from '../../parts/search';

type View = (typeof JOB_VIEWS)[number];

interface Look {
  readonly label: string;
  readonly filter: JobFilter;
  readonly empty: string;
}

const VIEWS: { readonly [Name in View]: Look } = {
  attention: {
    label: 'Needs you',
    filter: { needs_attention: true },
    empty: 'No job needs you. Jobs that failed or were stopped halfway would be here.',
  },
  live: { label: 'In progress', filter: { live: true }, empty: 'No job is in progress.' },
  all: { label: 'All', filter: {}, empty: 'No job has run yet. Provision a tenant to start one.' },
};

interface SubjectProps {
  readonly tenant_id?: string;
  readonly tenant_plane_id?: string;
  readonly parent_id?: string;
}

/** What the shown jobs have in common. */
function Subject({ tenant_id: tenant, tenant_plane_id: plane, parent_id: parent }: SubjectProps) {
  return (
    <>
      {tenant !== undefined && <OfTenant id={tenant} />}
      {plane !== undefined && (
        <>
          of the plane <PlaneLink id={plane} />
        </>
      )}
      {parent !== undefined && (
        <>
          started by <JobLink id={parent} name={`the job ${shortId(parent)}`} />
        </>
      )}
    </>
  );
}

function OfTenant({ id }: { readonly id: string }) {
  const { data } = useTenant(id);
  return (
    <>
      of the tenant <TenantLink id={id} name={data?.slug ?? shortId(id)} />
    </>
  );
}

export function Jobs() {
  const { view, ...subject } = given(useSearch({ from: '/signed-in/jobs' }));
  const navigate = useNavigate({ from: '/jobs' });
  const isNarrowed = Object.keys(subject).length > 0;
  const shown = view ?? (isNarrowed ? 'all' : 'attention');
  const { filter, empty } = VIEWS[shown];
  return (
    <Page
      title="Jobs"
      about="Every change to a tenant or a plane is a job. Open one to see its steps and who has to act."
    >
      <Stack>
        <Group>
          <SegmentedControl
            aria-label="Which jobs"
            value={shown}
            onChange={(next) =>
              void navigate({ search: given({ ...subject, view: oneOf(JOB_VIEWS, next) }) })
            }
            data={JOB_VIEWS.map((value) => ({ value, label: VIEWS[value].label }))}
          />
          {isNarrowed && (
            <>
              <Text size="sm" c="dimmed">
                Only jobs <Subject {...subject} />
              </Text>
              <Button variant="subtle" size="xs" onClick={() => void navigate({ search: { view: 'all' } })}>
                Clear
              </Button>
            </>
          )}
        </Group>
        <JobsTable filter={{ ...subject, ...filter }} empty={empty} />
      </Stack>
    </Page>
  );
}
