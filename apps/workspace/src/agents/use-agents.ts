import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, every } from '../api';
import { useMay } from '../session';

export type Agent = TenantPlaneSchemas['schemas']['AgentView'];

const PAGE = 50;
const MOST = 200;
const REFRESH_MS = 10_000;

export const AGENTS = ['agents'] as const;

export function useAgentPages() {
  return useInfiniteQuery({
    queryKey: [...AGENTS, 'list'],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/agents', { params: { query: { limit: PAGE, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: every(REFRESH_MS),
  });
}

/** The newest 200 agents. Only operators can read them. */
export function useAgents() {
  const isOperator = useMay('operator');
  return useQuery({
    queryKey: [...AGENTS, 'newest'],
    queryFn: () => bodyOf(api.GET('/api/agents', { params: { query: { limit: MOST } } })),
    enabled: isOperator,
    refetchInterval: every(REFRESH_MS),
  });
}

export function useAgent(id: string, refreshMs: number) {
  return useQuery({
    queryKey: [...AGENTS, 'one', id],
    queryFn: () => bodyOf(api.GET('/api/agents/{id}', { params: { path: { id } } })),
    refetchInterval: every(refreshMs),
  });
}

/** Whether an agent has all labels that a step asks for. */
export function matches({ labels }: Agent, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}
