import { Button, Group, Stack, TextInput, Textarea } from '@mantine/core';
import {
  ChangedMeanwhile,
  type FieldTexts,
  ProblemAlert,
  type Versioned,
  sendByKey,
  textsOf,
  wrongOf,
} from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { EditDialog } from '../../../edit-dialog';
import { type Incident, LONGEST_TEXT, LONGEST_TITLE } from '../../../incidents/incident';
import { readIncident, useSaveIncident } from '../../../incidents/use-incident';

export function EditDescription({ incident }: { readonly incident: Incident }) {
  return (
    <EditDialog title={`Edit ${incident.number}`} size="lg" read={() => readIncident(incident.id)}>
      {(first, close) => <EditForm first={first} onClose={close} />}
    </EditDialog>
  );
}

interface EditFormProps {
  readonly first: Versioned<Incident>;
  readonly onClose: () => void;
}

function EditForm({ first, onClose }: EditFormProps) {
  const before = first.stored;
  const [title, setTitle] = useState(before.title);
  const [description, setDescription] = useState(before.description ?? '');
  const saving = useSaveIncident(first, textsOf(FIELDS), onClose);
  const { theirs } = saving;
  const wrong = wrongOf(saving.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const changed = {
      ...(title !== before.title && { title: title.trim() }),
      ...(description !== (before.description ?? '') && { description: description || null }),
    };
    if (Object.keys(changed).length === 0) onClose();
    else saving.mutate(changed);
  };
  return (
    <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
      <TextInput
        label="Title"
        required
        autoFocus
        maxLength={LONGEST_TITLE}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        error={wrong('title')}
      />
      <Textarea
        label="Description"
        autosize
        minRows={4}
        maxRows={20}
        maxLength={LONGEST_TEXT}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
        error={wrong('description')}
      />
      {theirs && (
        <ChangedMeanwhile
          name={before.number}
          fields={FIELDS}
          before={before}
          theirs={theirs}
          yours={{ title, description }}
          onKeepTheirs={onClose}
        />
      )}
      <ProblemAlert error={saving.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={saving.isPending}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
    </Stack>
  );
}

const FIELDS: FieldTexts<Pick<Incident, 'title' | 'description'>> = [
  ['Title', ({ title }) => title],
  ['Description', ({ description }) => description ?? ''],
];
