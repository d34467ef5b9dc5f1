import { Button, Group, Modal, Stack, TextInput, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { bodyOf, sendByKey, wrongOf } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { useCarefulSave } from '../../../careful-save';
import { ChangedMeanwhile, type FieldTexts } from '../../../changed-meanwhile';
import { ChangeProblem } from '../../../incidents/change-problem';
import { type Incident, type IncidentChange, LONGEST_TEXT, LONGEST_TITLE } from '../../../incidents/incident';
import { useChangeIncident } from '../../../incidents/use-incident';

export function EditDescription({ incident }: { readonly incident: Incident }) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" size="xs" onClick={open}>
        Edit
      </Button>
      {isOpen && <EditDialog incident={incident} onClose={close} />}
    </>
  );
}

interface EditDialogProps {
  readonly incident: Incident;
  readonly onClose: () => void;
}

function EditDialog({ incident, onClose }: EditDialogProps) {
  // What the form was filled from. The incident itself goes on changing.
  const [before] = useState(incident);
  const [title, setTitle] = useState(before.title);
  const [description, setDescription] = useState(before.description ?? '');
  const { id } = before;
  const change = useChangeIncident(incident);
  const saving = useCarefulSave({
    first: before,
    versionOf: (stored) => FIELDS.map(([, textOf]) => textOf(stored)),
    read: () => bodyOf(api.GET('/api/incidents/{id}', { params: { path: { id } } })),
    save: (body: IncidentChange) => change.mutateAsync(body),
    onSaved: onClose,
  });
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
    <Modal opened onClose={onClose} title={`Edit ${incident.number}`} size="lg">
      <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
        <TextInput
          label="Title"
          required
          data-autofocus
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
        <ChangeProblem error={saving.error} status={incident.status} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {theirs ? 'Save mine' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const FIELDS: FieldTexts<Pick<Incident, 'title' | 'description'>> = [
  ['Title', ({ title }) => title],
  ['Description', ({ description }) => description ?? ''],
];
