import { Button, Group, Menu, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import {
  ChangedMeanwhile,
  type ControlPlaneSchemas,
  CopyBlock,
  type FieldTexts,
  FormProblem,
  FreshlyRead,
  Page,
  ProblemAlert,
  ProblemError,
  StateBadge,
  type Versioned,
  When,
  bodyOf,
  onceKey,
  oneOf,
  textsOf,
  useCarefulSave,
  versionedOf,
} from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useIsOwner } from '../../parts/access';
import { Dialog } from '../../parts/dialog';
import { me } from '../../session';

type Operator = ControlPlaneSchemas['schemas']['ManagedOperatorView'];
type OperatorChange = ControlPlaneSchemas['schemas']['ChangeOperatorDto'];
const ROLES = ['owner', 'admin', 'support'] as const;
const KEY = ['operators'];

export function Operators() {
  const isOwner = useIsOwner();
  const [isAdding, setAdding] = useState(false);
  const { data, error, isPending } = useQuery({
    queryKey: KEY,
    queryFn: () => bodyOf(api.GET('/api/operators', { params: { query: { limit: 200 } } })),
  });
  return (
    <Page
      title="Operators"
      about={
        isOwner ? 'Who may use this console.' : 'Who may use this console. Only owners make changes here.'
      }
      actions={isOwner && <Button onClick={() => setAdding(true)}>Add an operator</Button>}
      error={error}
      isLoading={isPending}
    >
      <Table.ScrollContainer minWidth={700}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {['Operator', 'Role', 'Signs in with', 'State', 'Added', ''].map((name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data?.items.map((operator) => (
              <OperatorRow key={operator.id} operator={operator} isOwner={isOwner} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {isAdding && <AddDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

interface OperatorRowProps {
  readonly operator: Operator;
  readonly isOwner: boolean;
}

function OperatorRow({ operator, isOwner }: OperatorRowProps) {
  const { data: self } = useQuery(me);
  const [open, setOpen] = useState<'role' | 'disabled' | 'link' | null>(null);
  const close = (): void => setOpen(null);
  const isSelf = self?.id === operator.id;
  const isDisabled = operator.disabled_at !== null;
  return (
    <Table.Tr>
      <Table.Td>
        {operator.name || operator.email}
        <Text size="xs" c="dimmed">
          {operator.email}
        </Text>
      </Table.Td>
      <Table.Td>{operator.role}</Table.Td>
      <Table.Td>
        {operator.single_sign_on?.issuer ?? (operator.has_password ? 'Password' : 'Has not set a password')}
      </Table.Td>
      <Table.Td>
        <StateBadge state={isDisabled ? 'disabled' : 'active'} />
      </Table.Td>
      <Table.Td>
        <When at={operator.created_at} />
      </Table.Td>
      <Table.Td>
        {isOwner && !isSelf && (
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" size="compact-xs" aria-label={`Change ${operator.email}`}>
                Change
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setOpen('role')}>Role</Menu.Item>
              {!isDisabled && (
                <Menu.Item onClick={() => setOpen('link')}>{nameOfLink(operator.has_password)}</Menu.Item>
              )}
              <Menu.Item onClick={() => setOpen('disabled')}>{isDisabled ? 'Enable' : 'Disable'}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
        {open === 'link' && <PasswordLinkDialog operator={operator} onClose={close} />}
        {open === 'role' && <RoleDialog operator={operator} onClose={close} />}
        {open === 'disabled' && <DisableDialog operator={operator} onClose={close} />}
      </Table.Td>
    </Table.Tr>
  );
}

interface OperatorDialogProps {
  readonly operator: Operator;
  readonly onClose: () => void;
}

function useReadAgain(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: KEY });
}

const ENDS = 'This ends their sessions, API keys and links.';

const ROLE: FieldTexts<Pick<Operator, 'role'>> = [['Role', ({ role }) => role]];

function RoleDialog({ operator, onClose }: OperatorDialogProps) {
  const path = { id: operator.id };
  return (
    <Dialog title={`Role of ${operator.email}`} onClose={onClose}>
      <FreshlyRead read={() => versionedOf(api.GET('/api/operators/{id}', { params: { path } }))}>
        {(first) => <RoleForm first={first} onClose={onClose} />}
      </FreshlyRead>
    </Dialog>
  );
}

interface RoleFormProps {
  readonly first: Versioned<Operator>;
  readonly onClose: () => void;
}

function RoleForm({ first, onClose }: RoleFormProps) {
  const operator = first.stored;
  const path = { id: operator.id };
  const [role, setRole] = useState(operator.role);
  const readAgain = useReadAgain();
  const change = useCarefulSave({
    first,
    shownOf: textsOf(ROLE),
    save: (body: OperatorChange, header) =>
      versionedOf(api.PATCH('/api/operators/{id}', { params: { path, header }, body })),
    keep: () => void readAgain(),
    onSaved: onClose,
  });
  const { theirs } = change;
  return (
    <Stack>
      <Select
        label="Role"
        data={ROLES}
        allowDeselect={false}
        value={role}
        onChange={(value) => setRole(oneOf(ROLES, value) ?? role)}
      />
      <Text size="sm">If the role may do less than before, their sessions and links end.</Text>
      {theirs && (
        <ChangedMeanwhile
          name={operator.name || operator.email}
          fields={ROLE}
          theirs={theirs}
          yours={{ role }}
          onKeepTheirs={onClose}
        />
      )}
      <ProblemAlert error={change.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          disabled={role === (theirs ?? operator).role}
          loading={change.isPending}
          onClick={() => change.mutate({ role })}
        >
          {theirs ? 'Save mine' : 'Change the role'}
        </Button>
      </Group>
    </Stack>
  );
}

function DisableDialog({ operator, onClose }: OperatorDialogProps) {
  const isDisabled = operator.disabled_at !== null;
  const readAgain = useReadAgain();
  const change = useMutation({
    mutationFn: () => {
      const params = { path: { id: operator.id } };
      return bodyOf(api.PATCH('/api/operators/{id}', { params, body: { disabled: !isDisabled } }));
    },
    onSuccess: async () => {
      await readAgain();
      onClose();
    },
  });
  const verb = isDisabled ? 'Enable' : 'Disable';
  return (
    <Dialog title={`${verb} ${operator.email}?`} onClose={onClose}>
      <Stack>
        <Text size="sm">
          {isDisabled ? 'They can sign in again. Their old sessions and keys stay ended.' : ENDS}
        </Text>
        <ProblemAlert error={change.error} />
        <Group justify="flex-end">
          <Button variant="default" data-autofocus onClick={onClose}>
            Back
          </Button>
          <Button
            color={isDisabled ? undefined : 'red'}
            loading={change.isPending}
            onClick={() => change.mutate()}
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

/** An operator without a password has nothing to reset. */
function nameOfLink(hasPassword: boolean): string {
  return hasPassword ? 'Reset link' : 'Link for the first password';
}

function PasswordLinkDialog({ operator: { id, email, has_password: has }, onClose }: OperatorDialogProps) {
  return (
    <Dialog title={`${nameOfLink(has)}: ${email}`} onClose={onClose} size="lg">
      <PasswordLink id={id} email={email} hasPassword={has} />
    </Dialog>
  );
}

interface PasswordLinkProps {
  readonly id: string;
  readonly email: string;
  readonly hasPassword: boolean;
}

/** The link with which an operator chooses a password. */
function PasswordLink({ id, email, hasPassword }: PasswordLinkProps) {
  const [once] = useState(onceKey);
  const create = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/api/operators/{id}/reset-link', { params: { path: { id } }, headers: once })),
  });
  return (
    <Stack>
      <Text size="sm">
        With this link, they choose {hasPassword ? 'a new' : 'their first'} password. Give it only to {email}.
      </Text>
      <ProblemAlert error={create.error} />
      {create.data === undefined ? (
        <Group justify="flex-end">
          <Button loading={create.isPending} onClick={() => create.mutate()}>
            Create the link
          </Button>
        </Group>
      ) : (
        <>
          <Text size="sm">
            Copy it now, because it is shown once. It expires <When at={create.data.expires_at} />.
          </Text>
          <CopyBlock name="the link" text={create.data.url} />
        </>
      )}
    </Stack>
  );
}

function AddDialog({ onClose }: { readonly onClose: () => void }) {
  const [fields, setFields] = useState({ email: '', name: '', role: 'admin' as (typeof ROLES)[number] });
  const [once, setOnce] = useState(onceKey);
  const change = (part: Partial<typeof fields>): void => {
    setFields({ ...fields, ...part });
    setOnce(onceKey());
  };
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () => {
      const { email, name, role } = fields;
      return bodyOf(
        api.POST('/api/operators', { headers: once, body: { email, role, ...(name !== '' && { name }) } }),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const byField = add.error instanceof ProblemError ? add.error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog title="Add an operator" onClose={onClose} size="lg">
      {add.data === undefined ? (
        <Stack component="form" onSubmit={submit}>
          <TextInput
            label="Email"
            type="email"
            required
            autoComplete="off"
            value={fields.email}
            error={byField.email}
            onChange={(event) => change({ email: event.currentTarget.value })}
          />
          <TextInput
            label="Name"
            value={fields.name}
            error={byField.name}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <Select
            label="Role"
            description="Support only reads. Admins make changes. Owners also manage operators."
            data={ROLES}
            allowDeselect={false}
            value={fields.role}
            onChange={(value) => change({ role: oneOf(ROLES, value) ?? fields.role })}
          />
          <FormProblem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Back
            </Button>
            <Button type="submit" loading={add.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          <Text size="sm">{add.data.email} is added, and has no password yet.</Text>
          <PasswordLink id={add.data.id} email={add.data.email} hasPassword={false} />
        </Stack>
      )}
    </Dialog>
  );
}
