import { Page, ProblemError } from '@atlas/web';
import { useParams } from '@tanstack/react-router';
import { NeedsRole } from '../../../needs-role';
import { useItem } from '../../../cmdb/use-items';
import { PageLink } from '../../../links';
import { NoSuch } from '../../../no-such';
import { ItemPage, WITHIN } from './item-page';

export function OneItem() {
  const { id } = useParams({ from: '/signed-in/cmdb/$id' });
  return (
    <NeedsRole role="fulfiller" title="Configuration item">
      {/* The key drops what was typed for another item. */}
      <Loaded key={id} id={id} />
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: item, error } = useItem(id);
  if (error instanceof ProblemError && [400, 404].includes(error.problem.status))
    return (
      <NoSuch thing="item" within={WITHIN}>
        <PageLink to="/cmdb">Go to the items</PageLink>
      </NoSuch>
    );
  if (!item) return <Page title="Configuration item" within={WITHIN} error={error} isLoading={!error} />;
  return <ItemPage item={item} error={error} />;
}
