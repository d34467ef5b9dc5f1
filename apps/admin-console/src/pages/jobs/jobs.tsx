import { Button, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { Page, wordsOf } from '@atlas/web';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { JobsTable } from '../../jobs/jobs-table';
import { shortId } from '../../parts/links';
import { type JOB_VIEWS, given } from '../../parts/search';

/** A list of live jobs needs one call for each of these states. */
const LIVE = ['running', 'waiting', 'queued'] as const;
const ALL = 'all';
type View = (typeof JOB_VIEWS)[number];
const EMPTY: Partial<Record<View, string>> = {
  failed: 'No job needs you.',
  all: 'No job has run yet. Provision a tenant to start one.',
};

export function Jobs() {
  const { view = 'failed', ...subject } = given(useSearch({ from: '/signed-in/jobs' }));
  const navigate = useNavigate({ from: '/jobs' });
  const isNarrowed = Object.keys(subject).length > 0;
  const shown: View = isNarrowed && view === 'failed' ? ALL : view;
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
            onChange={(next) => void navigate({ search: given({ ...subject, view: next as View }) })}
            data={[
              ...(isNarrowed ? [] : [{ value: 'failed', label: 'Failed' }]),
              { value: 'live', label: 'In progress' },
              { value: ALL, label: 'All' },
            ]}
          />
          {isNarrowed && (
            <>
              <Text size="sm" c="dimmed">
                Only{' '}
                {Object.entries(subject).map(
                  ([name, id]) => `${wordsOf(name.replace(/_id$/, ''))} ${shortId(id)}`,
                )}
              </Text>
              <Button variant="subtle" size="xs" onClick={() => void navigate({ search: { view: ALL } })}>
                Clear
              </Button>
            </>
          )}
        </Group>
        {shown === 'live' ? (
          LIVE.map((status) => (
            <section key={status} aria-label={wordsOf(status)}>
              <Title order={2} size="h5" mb="xs" tt="capitalize">
                {status}
              </Title>
              <JobsTable filter={{ ...subject, status }} empty={`No job is ${status}.`} height="40vh" />
            </section>
          ))
        ) : (
          <JobsTable filter={{ ...subject, ...(shown !== ALL && { status: shown }) }} empty={EMPTY[shown]} />
        )}
      </Stack>
    </Page>
  );
}
