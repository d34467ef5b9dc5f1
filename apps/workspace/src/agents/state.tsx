import { Badge } from '@mantine/core';
import { When, useNow } from '@atlas/web';
import { type Agent } from './use-agents';

const REDRAW_MS = 30_000;

/** Whether an agent is in contact, in words. */
export function AgentState({ agent: { state, last_contact_at: last } }: { readonly agent: Agent }) {
  if (state === 'online')
    return (
      <Badge variant="light" color="green" tt="none" fw={600}>
        online
      </Badge>
    );
  return last === null ? (
    <Badge variant="light" color="gray" tt="none" fw={600}>
      not installed yet
    </Badge>
  ) : (
    <Badge variant="light" color="red" tt="none" fw={600}>
      no contact
    </Badge>
  );
}

/** Until when the key before the last rotation is accepted. */
export function OldKey({ agent: { previous_key_until: until } }: { readonly agent: Agent }) {
  const now = useNow(REDRAW_MS);
  return <When at={until !== null && Date.parse(until) > now ? until : null} />;
}
