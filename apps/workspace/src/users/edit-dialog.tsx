import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import {
  ChangedMeanwhile,
  type FieldTexts,
  FreshlyRead,
  type Versioned,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { api } from '../api';
import { useUser } from '../session';
import { PersonProblem } from './person-problem';
import { RoleChoice } from './role-choice';
import { refreshPeople } from './use-person';
import { LONGEST_NAME, type Person, type PersonChange, STATUS_WORDS, nameOf } from './user';

const FIELDS: FieldTexts<Person> = [
  ['Name', ({ name }) => name],
  ['Role', ({ role }) => role],
  ['State', ({ status }) => STATUS_WORDS[status]],
];

interface EditDialogProps {
  readonly person: Person;
  readonly onClose: () => void;
}

export function EditDialog({ person, onClose }: EditDialogProps) {
  // The list keeps changing.
  const [{ id, email }] = useState(person);
  return (
    <Modal opened onClose={onClose} title={`Edit ${email}`} size="lg">
      <FreshlyRead read={() => versionedOf(api.GET('/api/users/{id}', { params: { path: { id } } }))}>
        {(first) => <Form first={first} onClose={onClose} />}
      </FreshlyRead>
    </Modal>
  );
}

interface FormProps {
  readonly first: Versioned<Person>;
  readonly onClose: () => void;
}

function Form({ first, onClose }: FormProps) {
  const before = first.stored;
  const { id } = before;
  const [name, setName] = useState(before.name);
  const [role, setRole] = useState(before.role);
  const { id: self } = useUser();
  const saving = useCarefulSave({
    first,
    save: (body: PersonChange, header) =>
      versionedOf(api.PATCH('/api/users/{id}', { params: { path: { id }, header }, body })),
    keep: () => void refreshPeople(),
    onSaved: onClose,
  });
  const { theirs } = saving;
  const wrong = wrongOf(saving.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const changes = {
      ...(name.trim() !== before.name && { name: name.trim() }),
      ...(role !== before.role && { role }),
    };
    if (Object.keys(changes).length === 0) onClose();
    else saving.mutate(changes);
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label="Name"
        required
        autoFocus
        maxLength={LONGEST_NAME}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={wrong('name')}
      />
      <RoleChoice
        value={role}
        onChange={setRole}
        error={wrong('role')}
        fixedBecause={id === self ? 'Another admin must change your role.' : undefined}
      />
      {theirs && (
        <ChangedMeanwhile
          name={nameOf(before)}
          fields={FIELDS}
          before={before}
          theirs={theirs}
          yours={{ ...before, name, role }}
          onKeepTheirs={onClose}
        />
      )}
      {!wrong('name') && <PersonProblem error={saving.error} name={nameOf(before)} />}
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
