import { Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import {
  Confirm,
  type ControlPlaneSchemas,
  ProblemAlert,
  StateBadge,
  When,
  bodyOf,
  onceKey,
} from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '../parts/dialog';
import { useState } from 'react';
import { api } from '../api';
import { useMayChange } from '../parts/access';
import { type Bundle } from '../parts/types';
import { InstallBundle } from './install-bundle';

const HOUR = 3600;
export const TOKEN_LIFETIMES = [
  { value: `${HOUR}`, label: '1 hour' },
  { value: `${24 * HOUR}`, label: '1 day' },
  { value: `${72 * HOUR}`, label: '3 days' },
  { value: `${168 * HOUR}`, label: '7 days' },
];
export const DAY_SECONDS = `${24 * HOUR}`;

type Token = ControlPlaneSchemas['schemas']['TokenView'];

/** The provisioning tokens of a tenant's own plane. */
export function TenantTokens({ tenantId }: { readonly tenantId: string }) {
  const mayChange = useMayChange();
  const { data, error } = useQuery({
    queryKey: ['tokens', tenantId],
    queryFn: () =>
      bodyOf(api.GET('/api/tenants/{id}/provisioning-tokens', { params: { path: { id: tenantId } } })),
  });
  if (error) return <ProblemAlert error={error} />;
  const tokens = data?.items ?? [];
  return (
    <Stack>
      {mayChange && (
        <IssueToken
          issue={(seconds, headers) =>
            bodyOf(
              api.POST('/api/tenants/{id}/provisioning-tokens', {
                params: { path: { id: tenantId } },
                headers,
                body: { token_ttl_seconds: seconds },
              }),
            )
          }
        />
      )}
      {data !== undefined && tokens.length === 0 ? (
        <Text c="dimmed">No token has been issued. Issue one to enrol the plane.</Text>
      ) : (
        <Table.ScrollContainer minWidth={600}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                {['Token', 'State', 'Issued', 'Expires', 'Used', ''].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tokens.map((token) => (
                <TokenRow key={token.id} token={token} tenantId={tenantId} mayRevoke={mayChange} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}

interface TokenRowProps {
  readonly token: Token;
  readonly tenantId: string;
  readonly mayRevoke: boolean;
}

function TokenRow({ token, tenantId, mayRevoke }: TokenRowProps) {
  const [isAsked, setAsked] = useState(false);
  return (
    <Table.Tr>
      <Table.Td>{token.id}</Table.Td>
      <Table.Td>
        <StateBadge state={token.state === 'consumed' ? 'used' : token.state} />
      </Table.Td>
      <Table.Td>
        <When at={token.created_at} />
      </Table.Td>
      <Table.Td>
        <When at={token.expires_at} />
      </Table.Td>
      <Table.Td>
        <When at={token.consumed_at} />
      </Table.Td>
      <Table.Td>
        {mayRevoke && token.state === 'live' && (
          <Button variant="default" size="compact-xs" onClick={() => setAsked(true)}>
            Revoke
          </Button>
        )}
        {isAsked && <RevokeDialog token={token} tenantId={tenantId} onClose={() => setAsked(false)} />}
      </Table.Td>
    </Table.Tr>
  );
}

interface RevokeDialogProps {
  readonly token: Token;
  readonly tenantId: string;
  readonly onClose: () => void;
}

function RevokeDialog({ token, tenantId, onClose }: RevokeDialogProps) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      api.DELETE('/api/tenants/{id}/provisioning-tokens/{token_id}', {
        params: { path: { id: tenantId, token_id: token.id } },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['tokens'] });
      onClose();
    },
  });
  return (
    <Confirm
      title="Revoke this token?"
      verb="Revoke"
      error={revoke.error}
      isPending={revoke.isPending}
      onConfirm={revoke.mutate}
      onClose={onClose}
    >
      <Text size="sm">No plane can enrol with it any more.</Text>
    </Confirm>
  );
}

interface IssueTokenProps {
  readonly issue: (
    seconds: number,
    once: ReturnType<typeof onceKey>,
  ) => Promise<{ readonly install: Bundle }>;
}

/** Issues a token, and shows its install bundle once. */
export function IssueToken({ issue }: IssueTokenProps) {
  const [once, setOnce] = useState<ReturnType<typeof onceKey> | null>(null);
  const [seconds, setSeconds] = useState(DAY_SECONDS);
  const client = useQueryClient();
  const call = useMutation({
    mutationFn: (key: ReturnType<typeof onceKey>) => issue(Number(seconds), key),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const close = (): void => {
    setOnce(null);
    call.reset();
  };
  return (
    <>
      <Group>
        <Button variant="default" onClick={() => setOnce(onceKey())}>
          Issue a new token
        </Button>
      </Group>
      {once !== null && (
        <Dialog onClose={close} title="Issue a new token" size="lg" isHeld={call.data !== undefined}>
          {call.data === undefined ? (
            <Stack>
              <Text size="sm">The live token, if there is one, stops working.</Text>
              <Select
                label="Valid for"
                data={TOKEN_LIFETIMES}
                allowDeselect={false}
                value={seconds}
                onChange={(value) => {
                  setSeconds(value ?? DAY_SECONDS);
                  setOnce(onceKey());
                }}
              />
              <ProblemAlert error={call.error} />
              <Group justify="flex-end">
                <Button variant="default" onClick={close}>
                  Back
                </Button>
                <Button loading={call.isPending} onClick={() => call.mutate(once)}>
                  Issue the token
                </Button>
              </Group>
            </Stack>
          ) : (
            <InstallBundle bundle={call.data.install} onSaved={close} />
          )}
        </Dialog>
      )}
    </>
  );
}
