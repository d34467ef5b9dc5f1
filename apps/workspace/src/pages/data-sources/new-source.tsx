import { Button, Group, Radio, Stack } from '@mantine/core';
import { FormProblem, Page, bodyOf, wrongOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { NEW_SOURCE, SourceFields, type SourceValues } from '../../data-sources/fields';
import { NewKey } from '../../data-sources/new-key';
import { type NewSource as Created, SOURCE_KINDS, type SourceKind } from '../../data-sources/source';
import { useOnce } from '../../once';
import { FullNotice } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';

const WITHIN = [{ to: '/data-sources', label: 'Data sources' }];

/** Adds a data source, then shows its key once. */
export function NewSource() {
  return (
    <NeedsRole role="operator" title="Add a data source">
      <Form />
    </NeedsRole>
  );
}

function useCreate() {
  const once = useOnce();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Created) => bodyOf(api.POST('/api/data-sources', { body, headers: once.headers() })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['data-sources'] }),
    onError: once.done,
  });
}

function Form() {
  const [values, setValues] = useState<SourceValues>(NEW_SOURCE);
  const [kind, setKind] = useState<SourceKind>('alertmanager');
  const navigate = useNavigate();
  const create = useCreate();
  const { data: source } = create;
  if (source)
    return (
      <Page title={source.name} within={WITHIN}>
        <NewKey
          source={source}
          onDone={() => void navigate({ to: '/data-sources/$id', params: { id: source.id } })}
        />
      </Page>
    );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({
      kind,
      name: values.name.trim(),
      group_by: [...values.group_by],
      window_minutes: values.window_minutes,
    });
  };
  return (
    <Page title="Add a data source" within={WITHIN}>
      <FullNotice limit="data_sources" />
      <Stack component="form" maw={640} onSubmit={submit}>
        <Radio.Group
          label="What sends the alerts?"
          required
          value={kind}
          onChange={(value) => setKind(value === 'generic' ? value : 'alertmanager')}
        >
          <Stack gap="xs" mt="xs">
            {SOURCE_KINDS.map(({ value, label }) => (
              <Radio key={value} value={value} label={label} />
            ))}
          </Stack>
        </Radio.Group>
        <SourceFields
          values={values}
          onChange={(part) => setValues((old) => ({ ...old, ...part }))}
          wrong={wrongOf(create.error)}
        />
        <FormProblem error={create.error} />
        <Group>
          <Button type="submit" loading={create.isPending}>
            Add it and show the key
          </Button>
        </Group>
      </Stack>
    </Page>
  );
}
