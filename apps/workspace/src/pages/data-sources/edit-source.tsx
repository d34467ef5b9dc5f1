import { Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { FormProblem, bodyOf, wrongOf } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useCarefulSave } from '../../careful-save';
import { ChangedMeanwhile, type FieldTexts } from '../../changed-meanwhile';
import { SourceFields, type SourceValues } from '../../data-sources/fields';
import { type Source, type SourceChange } from '../../data-sources/source';
import { useChangeSource } from '../../data-sources/use-change-source';

export function EditSource({ source }: { readonly source: Source }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Edit
      </Button>
      {isOpen && <EditDialog source={source} onClose={close} />}
    </>
  );
}

interface EditDialogProps {
  readonly source: Source;
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

function EditDialog({ source, onClose }: EditDialogProps) {
  // What the form was filled from. The data source itself goes on changing.
  const [before] = useState<SourceValues>(source);
  const [values, setValues] = useState<SourceValues>(source);
  const { id } = source;
  const change = useChangeSource(id);
  const save = useCarefulSave<SourceValues, SourceChange>({
    first: before,
    read: () => bodyOf(api.GET('/api/data-sources/{id}', { params: { path: { id } } })),
    // Data sources do not say when they were changed.
    versionOf: ({ name, group_by: labels, window_minutes: minutes }) => [name, labels, minutes],
    save: (body) => change.mutateAsync(body),
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
    <Modal opened onClose={onClose} title={`Edit ${source.name}`}>
      <Stack component="form" onSubmit={submit}>
        <SourceFields
          values={values}
          onChange={(part) => setValues((old) => ({ ...old, ...part }))}
          wrong={wrongOf(save.error)}
        />
        {theirs && (
          <ChangedMeanwhile
            name={source.name}
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
    </Modal>
  );
}
