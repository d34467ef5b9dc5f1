import { Text } from '@mantine/core';
import { Page, isMissing, useFreshRead, versionedOf } from '@atlas/web';
import { useParams, useSearch } from '@tanstack/react-router';
import { api } from '../../api';
import { draftOf, newDraft } from '../../runbooks/draft';
import { Editor } from '../../runbooks/editor';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { useRunbook } from '../../runbooks/use-runbooks';
import { NoSuchRunbook, WITHIN } from './no-such';

/** Writes a runbook from nothing, or as a copy of another. */
export function NewRunbook() {
  const { copy } = useSearch({ from: '/signed-in/runbooks/new' });
  return (
    <NeedsRole role="operator" title="Write a runbook">
      <NeedsModule module="runbooks" title="Write a runbook">
        {copy === undefined ? (
          <Page title="Write a runbook" within={WITHIN}>
            <Editor initial={newDraft()} first={null} />
          </Page>
        ) : (
          <Copy key={copy} id={copy} />
        )}
      </NeedsModule>
    </NeedsRole>
  );
}

function Copy({ id }: { readonly id: string }) {
  const { data, error } = useRunbook(id);
  if (isMissing(error)) return <NoSuchRunbook />;
  return (
    <Page
      title="Duplicate a runbook"
      within={WITHIN}
      about="Headers with credentials are not copied. Enter their values again."
      error={error}
      isLoading={!data && !error}
    >
      {data && <Editor initial={draftOf(data, true)} first={null} />}
    </Page>
  );
}

/** Stores a new version of a runbook. */
export function EditRunbook() {
  const { id } = useParams({ from: '/signed-in/runbooks/$id/edit' });
  return (
    <NeedsRole role="operator" title="Edit a runbook">
      <NeedsModule module="runbooks" title="Edit a runbook">
        <Edit key={id} id={id} />
      </NeedsModule>
    </NeedsRole>
  );
}

function Edit({ id }: { readonly id: string }) {
  const { data, error } = useFreshRead(() =>
    versionedOf(api.GET('/api/runbooks/{id}', { params: { path: { id } } })),
  );
  if (isMissing(error)) return <NoSuchRunbook />;
  const within = [...WITHIN, { to: `/runbooks/${id}`, label: data?.stored.name ?? 'Runbook' }];
  return (
    <Page title="Edit the runbook" within={within} error={error} isLoading={!data && !error}>
      {data &&
        (data.stored.archived_at === null ? (
          <Editor initial={draftOf(data.stored)} first={data} />
        ) : (
          <Text>This runbook was archived, so it can no longer be changed.</Text>
        ))}
    </Page>
  );
}
