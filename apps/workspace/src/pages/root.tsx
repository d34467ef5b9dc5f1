import { Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { NoSuchPage, OwnProblems, PageProblems, ProblemAlert, ProblemError } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type ErrorComponentProps, Outlet, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { OBSTACLE_CODES, quietApi } from '../api';
import { PageLink } from '../links';
import { CANNOT_LOAD, mayReload, reload } from '../lost-parts';
import { ObstacleCover } from '../obstacle';
import { AI_REFUSALS } from '../ai/ai-refusal';
import { PLAN_REFUSALS } from '../plan/plan-refusal';

const REFUSALS = { ...PLAN_REFUSALS, ...AI_REFUSALS };

export function Root() {
  return (
    // The cover says it, and a form must not go on saying it once the cover has gone.
    <PageProblems value={OBSTACLE_CODES}>
      <OwnProblems value={REFUSALS}>
        <Outlet />
      </OwnProblems>
      <ObstacleCover />
    </PageProblems>
  );
}

/** Shown instead of a page that cannot be loaded. */
export function CannotShow({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = (): void => {
    reset();
    void router.invalidate();
  };
  if (error instanceof Error && error.message === CANNOT_LOAD) return <PartMissing />;
  return (
    <Container size={560} py={80} component="main">
      <Stack>
        <Title order={1} size="h3">
          This page cannot be shown
        </Title>
        <ProblemAlert error={error} />
        <Group>
          <Button variant="default" onClick={again}>
            Try again
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}

const RETRY_MS = 3000;

/** Either there is no connection, or the plane was updated and has other files now. */
function PartMissing() {
  const { data: isThere } = useQuery({
    queryKey: ['plane-is-there'],
    queryFn: planeAnswers,
    refetchInterval: RETRY_MS,
    gcTime: 0,
    staleTime: 0,
  });
  const isUpdated = isThere === true;
  useEffect(() => {
    if (isUpdated && mayReload()) reload();
  }, [isUpdated]);
  return (
    <Container size={560} py={80} role="status">
      <Title order={1} size="h3" mb="md">
        {isUpdated ? 'A newer version is here' : `No connection to ${location.host}`}
      </Title>
      {isUpdated ? (
        <Button onClick={reload}>Reload the page</Button>
      ) : (
        <Text>This page opens as soon as there is a connection.</Text>
      )}
    </Container>
  );
}

/** A refusal is an answer, too. */
async function planeAnswers(): Promise<boolean> {
  try {
    await quietApi.GET('/api/tenant-default');
    return true;
  } catch (error) {
    return error instanceof ProblemError;
  }
}

export function NoSuchWorkspacePage() {
  return (
    <NoSuchPage>
      <PageLink to="/">start from the first page</PageLink>
    </NoSuchPage>
  );
}
