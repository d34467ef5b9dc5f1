import { Group, Text } from '@mantine/core';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { api } from '../api';
import { ButtonLink } from '../links';
import { useMay } from '../session';
import { AskAi } from './ask-ai';
import { ExampleRun } from './example-run';

/** The buttons that lead to what completes a step. */
export function NextAction({ step }: { readonly step: string }) {
  const isOperator = useMay('operator');
  // Everybody who sees the checklist may ask the AI.
  if (step === 'ai') return <AskAi />;
  if (!isOperator) return <Text size="sm">Ask an operator to do this step.</Text>;
  switch (step) {
    case 'connect_data':
      return (
        <Actions>
          <ButtonLink to="/cmdb/new" size="xs">
            Add a configuration item
          </ButtonLink>
          <ButtonLink size="xs" to="/data-sources/new" variant="default">
            Add a data source
          </ButtonLink>
        </Actions>
      );
    case 'monitoring':
      return <Monitoring />;
    case 'slos':
      return (
        <Actions>
          <ButtonLink size="xs" to="/slos/new">
            Set an SLO
          </ButtonLink>
          <ButtonLink size="xs" to="/slos/import" variant="default">
            Import one from OpenSLO
          </ButtonLink>
        </Actions>
      );
    case 'runbook':
      return <ExampleRun />;
    default:
      // A step of a newer plane, which only its hint explains.
      return null;
  }
}

function Actions({ children }: { readonly children: ReactNode }) {
  return <Group gap="xs">{children}</Group>;
}

/** The newest data source waits for its first alert. */
function Monitoring() {
  const { data, error } = useQuery({
    queryKey: ['data-sources', 'newest'],
    queryFn: () => bodyOf(api.GET('/api/data-sources', { params: { query: { limit: 1 } } })),
  });
  const [newest] = data?.items ?? [];
  return (
    <>
      <ProblemAlert error={error} />
      {newest && (
        <Text size="sm">
          “{newest.name}” waits for its first alert. This page shows it as soon as it arrives.
        </Text>
      )}
      {data && (
        <Actions>
          {newest && (
            <ButtonLink to="/data-sources/$id" params={{ id: newest.id }} size="xs">
              Show how to send alerts
            </ButtonLink>
          )}
          <ButtonLink size="xs" to="/data-sources/new" variant={newest ? 'default' : 'filled'}>
            Add a data source
          </ButtonLink>
        </Actions>
      )}
    </>
  );
}
