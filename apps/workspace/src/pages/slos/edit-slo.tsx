import { Button, Group, Stack } from '@mantine/core';
import {
  ChangedMeanwhile,
  type FieldTexts,
  Page,
  type Versioned,
  isMissing,
  sendByKey,
  useCarefulSave,
  useFreshRead,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { ButtonLink, PageLink } from '../../links';
import { type SloValues, changeOf, valuesOf } from '../../slos/form-values';
import { type Slo, type SloChange, oneSlo } from '../../slos/slo';
import { SloFields, isObjective } from '../../slos/slo-fields';
import { SloProblem } from '../../slos/slo-problem';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { NoSuch } from '../../no-such';

const WITHIN = [{ to: '/slos', label: 'SLOs' }];
const TITLE = 'Edit an objective';

export function EditSlo() {
  const { id } = useParams({ from: '/signed-in/slos/$id/edit' });
  return (
    <NeedsRole role="operator" title={TITLE}>
      <NeedsModule module="slos" title={TITLE}>
        <Loaded key={id} id={id} />
      </NeedsModule>
    </NeedsRole>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const { data: first, error } = useFreshRead(() =>
    versionedOf(api.GET('/api/slos/{id}', { params: { path: { id } } })),
  );
  if (isMissing(error))
    return (
      <NoSuch thing="objective" within={WITHIN}>
        <PageLink to="/slos">Go to the SLOs</PageLink>
      </NoSuch>
    );
  if (!first) return <Page title={TITLE} within={WITHIN} error={error} isLoading={!error} />;
  return <Form first={first} />;
}

function useSave(first: Versioned<Slo>) {
  const { id } = first.stored;
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useCarefulSave({
    first,
    save: (body: SloChange, header) =>
      versionedOf(api.PATCH('/api/slos/{id}', { params: { path: { id }, header }, body })),
    keep: (saved) => {
      queries.setQueryData(oneSlo(id).queryKey, saved);
      void queries.invalidateQueries({ queryKey: ['slos'] });
    },
    onSaved: () => navigate({ to: '/slos/$id', params: { id } }),
  });
}

function Form({ first }: { readonly first: Versioned<Slo> }) {
  const slo = first.stored;
  const [before] = useState(() => valuesOf(slo));
  const [values, setValues] = useState(before);
  const save = useSave(first);
  const { theirs } = save;
  const navigate = useNavigate();
  const leave = (): void => void navigate({ to: '/slos/$id', params: { id: slo.id } });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isObjective(values.percent)) return;
    const changed = changeOf(before, values);
    if (Object.keys(changed).length === 0) leave();
    else save.mutate(changed);
  };
  return (
    <Page title={`Edit ${slo.name}`} within={WITHIN}>
      <Stack component="form" maw={640} onSubmit={submit} onKeyDown={sendByKey}>
        <SloFields
          isNew={false}
          values={values}
          onChange={(part) => setValues((old) => ({ ...old, ...part }))}
          wrong={wrongOf(save.error)}
        />
        {theirs && (
          <ChangedMeanwhile
            name={theirs.name}
            fields={FIELDS}
            before={before}
            theirs={valuesOf(theirs)}
            yours={values}
            onKeepTheirs={leave}
          />
        )}
        <SloProblem error={save.error} />
        <Group>
          <Button type="submit" loading={save.isPending}>
            {theirs ? 'Save mine' : 'Save'}
          </Button>
          <ButtonLink to="/slos/$id" params={{ id: slo.id }} variant="default">
            Cancel
          </ButtonLink>
        </Group>
      </Stack>
    </Page>
  );
}

const FIELDS: FieldTexts<SloValues> = [
  ['Name', ({ name }) => name],
  ['Good events', ({ percent }) => `${percent} %`],
  ['Window', ({ days }) => `${days} days`],
  ['Service', ({ service }) => service],
  ['Item', ({ item }) => item ?? ''],
  ['Address', ({ url }) => url],
  ['Good query', ({ goodQuery }) => goodQuery],
  ['Total query', ({ totalQuery }) => totalQuery],
];
