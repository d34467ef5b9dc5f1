import { Alert, Group, Loader, Text } from '@mantine/core';
import { useAgent } from './use-agents';

const LOOK_MS = 2000;

/** Waits until a new agent is in contact. */
export function WaitingForAgent({ id }: { readonly id: string }) {
  const { data: agent } = useAgent(id, LOOK_MS);
  if (agent?.state === 'online')
    return (
      <Alert color="green" role="status" title={`${agent.name} is online`}>
        Version {agent.version}, on {agent.hostname}.
      </Alert>
    );
  return (
    <Group gap="xs" role="status">
      <Loader size="xs" aria-hidden />
      <Text size="sm">Waiting for the agent. This page sees it as soon as it is in contact.</Text>
    </Group>
  );
}
