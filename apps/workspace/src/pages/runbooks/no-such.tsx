import { PageLink } from '../../links';
import { NoSuch } from '../../no-such';

export const WITHIN = [{ to: '/runbooks', label: 'Runbooks' }];

export function NoSuchRunbook() {
  return (
    <NoSuch thing="runbook" within={WITHIN}>
      <PageLink to="/runbooks">Go to the runbooks</PageLink>
    </NoSuch>
  );
}
