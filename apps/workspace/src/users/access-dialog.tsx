import { Text } from '@mantine/core';
import { Confirm } from '@atlas/web';
import { useState } from 'react';
import { useUser } from '../session';
import { PersonProblem } from './person-problem';
import { useChangePerson } from './use-person';
import { type Person, nameOf } from './user';

interface AccessDialogProps {
  readonly person: Person;
  readonly onClose: () => void;
}

/** Takes somebody's access, or gives it back. */
export function AccessDialog({ person, onClose }: AccessDialogProps) {
  const [before] = useState(person);
  const { id: self } = useUser();
  const change = useChangePerson(before);
  const { verb, says } = wordsFor(before, before.id === self);
  const isBack = before.status === 'deactivated';
  return (
    <Confirm
      title={`${verb} ${nameOf(before)}?`}
      verb={verb}
      color={isBack ? 'indigo' : 'red'}
      isPending={change.isPending}
      onConfirm={() => change.mutate({ deactivated: !isBack }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text size="sm">{says}</Text>
      <PersonProblem error={change.error} name={nameOf(before)} />
    </Confirm>
  );
}

function wordsFor(
  { status }: Person,
  isSelf: boolean,
): {
  readonly verb: string;
  readonly says: string;
} {
  if (status === 'deactivated')
    return { verb: 'Reactivate', says: 'They can sign in again. Their old sessions stay ended.' };
  if (status === 'invited')
    return { verb: 'Withdraw the invitation of', says: 'Their link stops working, and they cannot join.' };
  if (isSelf)
    return {
      verb: 'Deactivate',
      says: 'This is you. You are signed out at once, and only another admin can let you in again.',
    };
  return {
    verb: 'Deactivate',
    says: 'They are signed out everywhere at once. Invitations that they sent end.',
  };
}
