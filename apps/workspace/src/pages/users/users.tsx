import { Badge, Button, Group, Menu, Select, Text, TextInput } from '@mantine/core';
import { type Column, Page, Rows, When, bodyOf, usePageKeys } from '@atlas/web';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, every } from '../../api';
import { ButtonLink } from '../../links';
import { FullNotice } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { useMay, useUser } from '../../session';
import { AccessDialog } from '../../users/access-dialog';
import { EditDialog } from '../../users/edit-dialog';
import { InviteDialog } from '../../users/invite-dialog';
import { type Person, ROLES, STATUSES, STATUS_WORDS, type UsersSearch, nameOf } from '../../users/user';

const REFRESH_MS = 30_000;
const COLORS = { active: 'green', invited: 'blue', deactivated: 'gray' } as const;

/** Who can get in, and with what role. */
export function Users() {
  return (
    <NeedsRole role="operator" title="Users">
      <UserList />
    </NeedsRole>
  );
}

function UserList() {
  const search = useSearch({ from: '/signed-in/users' });
  const { state: status, ...rest } = search;
  const isAdmin = useMay('admin');
  const [isInviting, setInviting] = useState(false);
  usePageKeys({ n: () => setInviting(isAdmin) });
  const pages = useInfiniteQuery({
    queryKey: ['users', 'list', search],
    queryFn: ({ pageParam: cursor }) =>
      bodyOf(api.GET('/api/users', { params: { query: { limit: 50, ...rest, status, cursor } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    refetchInterval: every(REFRESH_MS),
  });
  return (
    <Page
      title="Users"
      about={isAdmin ? undefined : 'Only admins invite and change users.'}
      actions={
        isAdmin && (
          <Button size="xs" onClick={() => setInviting(true)}>
            Invite a user
          </Button>
        )
      }
    >
      <FullNotice limit="users" />
      <Filters key={search.email} search={search} />
      <Rows
        label="Users"
        pages={pages}
        columns={isAdmin ? [...COLUMNS, CHANGE] : COLUMNS}
        keyOf={({ id }) => id}
        empty="No user matches. Clear the filters to see all."
      />
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

function Filters({ search }: { readonly search: UsersSearch }) {
  const navigate = useNavigate({ from: '/users' });
  const [email, setEmail] = useState(search.email ?? '');
  const change = (part: Partial<Record<keyof UsersSearch, string | undefined>>): void =>
    void navigate({ search: (old) => ({ ...old, ...part }) as UsersSearch, replace: true });
  const find = (event: FormEvent): void => {
    event.preventDefault();
    change({ email: email.trim() || undefined });
  };
  return (
    <Group mb="sm" gap="sm" align="flex-end" component="form" onSubmit={find}>
      <Select
        label="Role"
        size="xs"
        w={130}
        placeholder="Any"
        clearable
        data={ROLES}
        value={search.role ?? null}
        onChange={(value) => change({ role: value ?? undefined })}
      />
      <Select
        label="State"
        size="xs"
        w={170}
        placeholder="Any"
        clearable
        data={STATUSES.map((value) => ({ value, label: STATUS_WORDS[value] }))}
        value={search.state ?? null}
        onChange={(value) => change({ state: value ?? undefined })}
      />
      <TextInput
        label="Email"
        size="xs"
        w={220}
        type="email"
        placeholder="The whole address"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <Button type="submit" size="xs" variant="default">
        Find
      </Button>
      {Object.values(search).some((value) => value !== undefined) && (
        <ButtonLink to="/users" search={{}} variant="subtle" size="xs">
          Clear the filters
        </ButtonLink>
      )}
    </Group>
  );
}

const COLUMNS: readonly Column<Person>[] = [
  { name: 'Name', width: 200, cell: (person) => <Name person={person} /> },
  { name: 'Email', width: 240, cell: ({ email }) => <span title={email}>{email}</span> },
  { name: 'Role', width: 100, cell: ({ role }) => role },
  {
    name: 'State',
    width: 170,
    cell: ({ status }) => (
      <Badge variant="light" color={COLORS[status]} tt="none" fw={600}>
        {STATUS_WORDS[status]}
      </Badge>
    ),
  },
  { name: 'Added', width: 130, cell: ({ created_at: at }) => <When at={at} /> },
];
const CHANGE: Column<Person> = { name: 'Changes', width: 100, cell: (person) => <Change person={person} /> };

function Name({ person }: { readonly person: Person }) {
  const isSelf = useUser().id === person.id;
  return (
    <span title={nameOf(person)}>
      {nameOf(person)}
      {isSelf && (
        <Text span c="dimmed" size="sm">
          {' '}
          (you)
        </Text>
      )}
    </span>
  );
}

function Change({ person }: { readonly person: Person }) {
  const [open, setOpen] = useState<'edit' | 'invite' | 'access' | null>(null);
  const close = (): void => setOpen(null);
  const { status } = person;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="compact-sm" aria-label={`Change ${person.email}`}>
            Change
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen('edit')}>Edit name and role</Menu.Item>
          {status === 'invited' && <Menu.Item onClick={() => setOpen('invite')}>Invite again</Menu.Item>}
          <Menu.Item color={status === 'deactivated' ? undefined : 'red'} onClick={() => setOpen('access')}>
            {ACCESS[status]}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'edit' && <EditDialog person={person} onClose={close} />}
      {open === 'invite' && <InviteDialog again={person} onClose={close} />}
      {open === 'access' && <AccessDialog person={person} onClose={close} />}
    </>
  );
}

const ACCESS = {
  active: 'Deactivate',
  invited: 'Withdraw the invitation',
  deactivated: 'Reactivate',
} as const;
