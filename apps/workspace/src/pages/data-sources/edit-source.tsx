import { Button, Group, Stack } from '@mantine/core';
import {
  ChangedMeanwhile,
  type FieldTexts,
  FormProblem,
  type Versioned,
  textsOf,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { SourceFields, type SourceValues } from '../../data-sources/fields';
import { type Source, type SourceChange } from '../../data-sources/source';
import { useKeepSource } from '../../data-sources/use-change-source';
import { EditDialog } from '../../edit-dialog';

export function EditSource({ source }: { readonly source: Source }) {
  const path = { id: source.id };
  return (
    <EditDialog
      title={`Edit ${source.name}`}
      read={() => versionedOf(api.GET('/api/data-sources/{id}', { params: { path } }))}
    >
      {(first, close) => <EditForm first={first} onClose={close} />}
    </EditDialog>
  );
}

interface EditFormProps {
  readonly first: Versioned<Source>;
  readonly onClose: () => void;
}

function changeOf(
  before: SourceValues,
  { name, group_by: labels, window_minutes }: SourceValues,
): SourceChange {
  return {
    ...(name.trim() !== before.name && { name: name.trim() }),
    ...(labels.join('\n') !== before.group_by.join('\n') && { group_by: [...labels] }),
    ...(window_minutes !== before.window_minutes && { window_minutes }),
  };
}

const FIELDS: FieldTexts<SourceValues> = [
  ['Name', ({ name }) => name],
  ['Group by', ({ group_by: labels }) => labels.join(', ')],
  ['Reopen within', ({ window_minutes: minutes }) => `${minutes} min`],
];

function EditForm({ first, onClose }: EditFormProps) {
  const before = first.stored;
  const [values, setValues] = useState<SourceValues>(before);
  const path = { id: before.id };
  const save = useCarefulSave({
    first,
    shownOf: textsOf(FIELDS),
    save: (body: SourceChange, header) =>
      versionedOf(api.PATCH('/api/data-sources/{id}', { params: { path, header }, body })),
    keep: useKeepSource(),
    onSaved: onClose,
  });
  const { theirs } = save;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const changed = changeOf(before, values);
    if (Object.keys(changed).length === 0) onClose();
    else save.mutate(changed);
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <SourceFields
        values={values}
        onChange={(part) => setValues((old) => ({ ...old, ...part }))}
        wrong={wrongOf(save.error)}
      />
      {theirs && (
        <ChangedMeanwhile<SourceValues>
          name={before.name}
          fields={FIELDS}
          before={before}
          theirs={theirs}
          yours={values}
          onKeepTheirs={onClose}
        />
      )}
      <FormProblem error={save.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={save.isPending}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
    </Stack>
  );
}
