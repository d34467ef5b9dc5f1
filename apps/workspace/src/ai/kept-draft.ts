import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query';
import { type NewRunbook } from '../runbooks/runbook';

/** How an address names the part of an incident's page that drafts. */
export const DRAFT_PART = 'runbook-draft';

/** The draft of a runbook for an incident. It is kept until the page is loaded anew or the session ends. */
export function useKeptDraft(incidentId: string) {
  const queries = useQueryClient();
  const queryKey = ['ai', 'runbook-draft', incidentId];
  const { data: draft = null } = useQuery<NewRunbook | null>({
    queryKey,
    queryFn: skipToken,
    staleTime: Infinity,
    gcTime: Infinity,
  });
  const put = (runbook: NewRunbook | null): void => void queries.setQueryData(queryKey, runbook);
  return { draft, keep: put, discard: () => put(null) };
}
