import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { ProblemAlert, ProblemError, type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api';
import { useOnce } from '../once';
import { type Role } from '../roles';
import { Invitation } from './invitation';
import { RoleChoice } from './role-choice';
import { refreshPeople } from './use-person';
import { LONGEST_NAME, type Person } from './user';

type Invite = TenantPlaneSchemas['schemas']['InviteDto'];

interface InviteDialogProps {
  /** Who is invited once more. */
  readonly again?: Person;
  readonly onClose: () => void;
}

export function InviteDialog({ again, onClose }: InviteDialogProps) {
  const [email, setEmail] = useState(again?.email ?? '');
  const [name, setName] = useState(givenNameOf(again));
  const [role, setRole] = useState<Role>(again?.role ?? 'fulfiller');
  const once = useOnce();
  const invite = useMutation({
    mutationFn: (body: Invite) => bodyOf(api.POST('/api/auth/invite', { body, headers: once.headers() })),
    onSuccess: refreshPeople,
    onSettled: (_, error) => once.done(error),
  });
  const wrong = wrongOf(invite.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    invite.mutate({ email: email.trim(), role, ...(name.trim() && { name: name.trim() }) });
  };
  const isHeld = invite.data?.url !== undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={titleOf(again, invite.data?.user.email)}
      size="lg"
      withCloseButton={!isHeld}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
    >
      {invite.data ? (
        <Invitation invitation={invite.data} onClose={onClose} />
      ) : (
        <Stack component="form" onSubmit={submit}>
          {again && <Text size="sm">They get a new link. The one before stops working.</Text>}
          <TextInput
            label="Email"
            type="email"
            required
            data-autofocus={!again}
            readOnly={again !== undefined}
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={wrong['email']}
          />
          <TextInput
            label="Name"
            description="Optional. They can enter another when they join."
            autoComplete="off"
            maxLength={LONGEST_NAME}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={wrong['name']}
          />
          <RoleChoice value={role} onChange={setRole} error={wrong['role']} />
          {Object.keys(wrong).length === 0 && <ProblemAlert error={invite.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={invite.isPending}>
              {again ? 'Invite again' : 'Invite'}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** What is wrong with which field. */
function wrongOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ProblemError)) return {};
  const { code, detail } = error.problem;
  return code === 'user_exists' ? { email: detail } : error.byField;
}

/** Until people have joined, the plane may name them by their address. */
function givenNameOf(person?: Person): string {
  return person && person.name !== person.email ? person.name : '';
}

function titleOf(again: Person | undefined, invited: string | undefined): string {
  if (invited !== undefined) return `${invited} is invited`;
  return again ? `Invite ${again.email} again` : 'Invite a user';
}
