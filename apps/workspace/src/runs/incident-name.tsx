import { bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api';
import { PageLink } from '../links';

const STALE_MS = 60_000;

interface IncidentNameProps {
  readonly id: string;
  /** Without the title. */
  readonly isShort?: boolean;
}

/** An incident's number and title, as a link. */
export function IncidentName({ id, isShort = false }: IncidentNameProps) {
  const { data } = useQuery({
    queryKey: ['incidents', 'one', id],
    queryFn: () => bodyOf(api.GET('/api/incidents/{id}', { params: { path: { id } } })),
    staleTime: STALE_MS,
  });
  const name = data ? `${data.number} ${data.title}` : 'Incident';
  return (
    <PageLink to="/incidents/$id" params={{ id }} size="sm" title={name}>
      {isShort && data ? data.number : name}
    </PageLink>
  );
}
