import { Text } from '@mantine/core';
import { matches, useAgents } from '../agents/use-agents';
import { type PairDraft } from './draft';

/** Says whether an agent could run the step now. */
export function AgentMatch({ labels }: { readonly labels: readonly PairDraft[] }) {
  const { data } = useAgents();
  if (!data) return null;
  const named = labels.filter(({ name }) => name !== '').map(({ name, value }) => [name, value] as const);
  const found = data.items.filter((agent) => matches(agent, Object.fromEntries(named)));
  const online = found.filter(({ state }) => state === 'online').length;
  if (found.length === 0 && data.next_cursor === null)
    return (
      <Text size="sm" c="orange" mt={4}>
        No agent matches. The step would wait until one does.
      </Text>
    );
  return (
    <Text size="sm" c={online === 0 ? 'orange' : 'dimmed'} mt={4}>
      {found.length === 1 ? '1 agent matches' : `${found.length} agents match`}, {online} online
    </Text>
  );
}
