import { matches, useAgents } from '../agents/use-agents';
import { PageLink } from '../links';
import { useVersion } from '../runbooks/use-runbooks';
import { type Run, type RunStep } from './run';

/**
 * "no agent with os=linux is online", or null if one is that can run the step, as far as the page knows. Runs
 * do not say which labels an agent needs, the runbook does.
 */
export function useLackingAgent(run: Run, { name, kind }: RunStep): string | null {
  const version = useVersion(run.runbook_id, kind === 'shell' ? run.runbook_version : undefined);
  const agents = useAgents();
  const selector = version.data?.steps.find((step) => step.name === name)?.agent_selector;
  if (!selector || !agents.data || agents.data.next_cursor !== null) return null;
  if (agents.data.items.some((agent) => agent.state === 'online' && matches(agent, selector))) return null;
  const labels = Object.entries(selector).map(([label, value]) => `${label}=${value}`);
  return `no agent${labels.length > 0 ? ` with ${labels.join(', ')}` : ''} is online`;
}

export function LookAtAgents() {
  return (
    <PageLink to="/agents" size="sm">
      Look at the agents
    </PageLink>
  );
}
