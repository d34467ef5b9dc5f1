import { Button, Group, Text } from '@mantine/core';
import { ProblemAlert, type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { api } from '../api';
import { useOnce } from '../once';
import { ButtonLink } from '../links';

const EXAMPLE: TenantPlaneSchemas['schemas']['RunbookDto'] = {
  name: 'Say hello',
  description: 'An example. It changes nothing.',
  steps: [
    {
      name: 'Read this',
      kind: 'manual',
      risk: 'low',
      config: { instructions: 'This step only waits for you. Press “Mark as done” to end the run.' },
    },
  ],
};

/** Creates a harmless runbook and runs it, or leads to where people write their own. */
export function ExampleRun() {
  const creation = useOnce();
  const start = useOnce();
  // If only the run fails, the runbook is there already.
  const runbookId = useRef<string>(undefined);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const run = useMutation({
    mutationFn: async () => {
      if (runbookId.current === undefined) {
        const call = api.POST('/api/runbooks', { body: EXAMPLE, headers: creation.headers() });
        runbookId.current = (await bodyOf(call)).id;
      }
      const params = { path: { id: runbookId.current } };
      return bodyOf(api.POST('/api/runbooks/{id}/runs', { params, body: {}, headers: start.headers() }));
    },
    onSuccess: async (started) => {
      void queries.invalidateQueries({ queryKey: ['runbooks'] });
      void queries.invalidateQueries({ queryKey: ['runs'] });
      if ('id' in started) await navigate({ to: '/runs/$id', params: { id: started.id } });
    },
    onError: (error) => {
      if (runbookId.current === undefined) creation.done(error);
      else start.done(error);
    },
  });
  return (
    <>
      <Text size="sm">
        The example has one step that waits until you press “Mark as done”. A run counts once it has ended.
      </Text>
      <ProblemAlert error={run.error} />
      <Group gap="xs">
        <Button size="xs" loading={run.isPending} onClick={() => run.mutate()}>
          Create an example and run it
        </Button>
        <ButtonLink size="xs" to="/runbooks/new" variant="default">
          Write your own runbook
        </ButtonLink>
        <ButtonLink size="xs" to="/runbooks" variant="default">
          Run one that is there
        </ButtonLink>
      </Group>
    </>
  );
}
