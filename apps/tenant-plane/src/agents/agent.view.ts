import { type AgentView } from '@atlas/tenant-api/agents';
import { previousKeyUntil } from '../credentials/previous-keys';
import { type Agent, labelsOf } from './agent.entity';

/** Agents call at least every 30 s. */
const SILENCE_MS = 90_000;

export function agentView(agent: Agent, now: Date): AgentView {
  const { id, name, version, hostname, lastContactAt, createdAt } = agent;
  const isOnline = lastContactAt !== null && now.getTime() - lastContactAt.getTime() <= SILENCE_MS;
  return {
    id,
    name,
    state: isOnline ? 'online' : 'offline',
    labels: labelsOf(agent),
    version,
    hostname,
    last_contact_at: lastContactAt,
    created_at: createdAt,
    previous_key_until: previousKeyUntil(agent, now),
  };
}
