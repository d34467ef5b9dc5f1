import { Alert, Text } from '@mantine/core';
import { Page, isMissing, useFreshRead, versionedOf } from '@atlas/web';
import { useParams, useSearch } from '@tanstack/react-router';
import { DRAFT_PART, useKeptDraft } from '../../ai/kept-draft';
import { api } from '../../api';
import { PageLink } from '../../links';
import { contentOf, draftOf, newDraft } from '../../runbooks/draft';
import { Editor } from '../../runbooks/editor';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { useRunbook } from '../../runbooks/use-runbooks';
import { NoSuchRunbook, WITHIN } from './no-such';

/** Writes a runbook from nothing, as a copy of another, or from a draft by an AI. */
export function NewRunbook() {
  const { copy, drafted_for: incidentId } = useSearch({ from: '/signed-in/runbooks/new' });
  return (
    <NeedsRole role="operator" title="Write a runbook">
      <NeedsModule module="runbooks" title="Write a runbook">
        {incidentId !== undefined ? (
          <Drafted key={incidentId} incidentId={incidentId} />
        ) : copy === undefined ? (
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

/** Nothing of the draft is stored until a person saves it. */
function Drafted({ incidentId }: { readonly incidentId: string }) {
  const { draft, discard } = useKeptDraft(incidentId);
  const incident = (
    <PageLink to="/incidents/$id" params={{ id: incidentId }} hash={DRAFT_PART}>
      Go to the incident
    </PageLink>
  );
  if (!draft)
    return (
      <Page title="Review a draft" within={WITHIN}>
        <Text>
          There is no draft. Drafts are not stored, so it is gone once the page is loaded anew. {incident}
        </Text>
      </Page>
    );
  return (
    <Page title="Review a draft" within={WITHIN}>
      <Alert color="orange" title="An AI has written this, and it is not saved" mb="md" maw={860}>
        Read each step before you save. Whoever can write into an incident can influence the draft. {incident}
      </Alert>
      <Editor initial={draftOf(contentOf(draft))} first={null} onSaved={discard} />
    </Page>
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
