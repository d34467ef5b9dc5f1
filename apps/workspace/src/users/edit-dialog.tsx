import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { wrongOf } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { useCarefulSave } from '../careful-save';
import { ChangedMeanwhile, type FieldTexts } from '../changed-meanwhile';
import { useUser } from '../session';
import { PersonProblem } from './person-problem';
import { RoleChoice } from './role-choice';
import { changePerson, readPerson, refreshPeople } from './use-person';
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
  // What the form was filled from. The list goes on changing.
  const [before] = useState(person);
  const [name, setName] = useState(before.name);
  const [role, setRole] = useState(before.role);
  const { id: self } = useUser();
  const close = (): void => {
    void refreshPeople();
    onClose();
  };
  const saving = useCarefulSave({
    first: before,
    read: () => readPerson(before.id),
    save: (body: PersonChange) => changePerson(before.id, body),
    onSaved: close,
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
    <Modal opened onClose={onClose} title={`Edit ${before.email}`} size="lg">
      <Stack component="form" onSubmit={submit}>
        <TextInput
          label="Name"
          required
          data-autofocus
          maxLength={LONGEST_NAME}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={wrong('name')}
        />
        <RoleChoice
          value={role}
          onChange={setRole}
          error={wrong('role')}
          fixedBecause={before.id === self ? 'Another admin must change your role.' : undefined}
        />
        {theirs && (
          <ChangedMeanwhile
            name={nameOf(before)}
            fields={FIELDS}
            before={before}
            theirs={theirs}
            yours={{ ...before, name, role }}
            onKeepTheirs={close}
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
    </Modal>
  );
}
