import { Alert, Button, Code, Group, NumberInput, Stack, Text } from '@mantine/core';
import { type ControlPlaneSchemas, Facts, ProblemAlert, When, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { READ_ONLY, useMayChange } from '../../../parts/access';
import { Download } from '../../../parts/download';
import { type Tenant } from '../../../parts/types';

type LeaseFileView = ControlPlaneSchemas['schemas']['LeaseFileView'];

const DEFAULT_DAYS = 90;
const FEWEST_DAYS = 30;
const MOST_DAYS = 400;

/** Issues a lease as a file, for a plane that makes no calls. */
export function LeaseFile({ tenant }: { readonly tenant: Tenant }) {
  const [days, setDays] = useState<number | string>(DEFAULT_DAYS);
  const mayChange = useMayChange();
  const client = useQueryClient();
  const issue = useMutation({
    mutationFn: (body: { readonly valid_days: number }) =>
      bodyOf(api.POST('/api/tenants/{id}/lease', { params: { path: { id: tenant.id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tenant'] }),
    // The file is worth nothing on another plane, but need not stay in memory.
    gcTime: 0,
  });
  if (!mayChange)
    return (
      <Text size="sm" c="dimmed">
        {READ_ONLY}
      </Text>
    );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (typeof days === 'number') issue.mutate({ valid_days: days });
  };
  return (
    <Stack maw={640}>
      <Group component="form" onSubmit={submit} align="flex-end">
        <NumberInput
          label="Days that a lease file is valid"
          description="For a plane without a connection."
          required
          min={FEWEST_DAYS}
          max={MOST_DAYS}
          clampBehavior="blur"
          allowDecimal={false}
          value={days}
          onChange={setDays}
        />
        <Button type="submit" variant="default" loading={issue.isPending} disabled={typeof days !== 'number'}>
          Issue a lease file
        </Button>
      </Group>
      <ProblemAlert error={issue.error} />
      {issue.data && <Issued file={issue.data} slug={tenant.slug} />}
    </Stack>
  );
}

function Issued({ file, slug }: { readonly file: LeaseFileView; readonly slug: string }) {
  const name = `${slug}-lease.json`;
  return (
    <Alert color="green" title="The lease is ready" role="status">
      <Facts
        facts={[
          ['Serial', String(file.serial)],
          ['Issued', <When key="issued" at={file.issued_at} />],
          ['Expires', <When key="expires" at={file.expires_at} />],
        ]}
      />
      <Text size="sm" my="xs">
        It replaces every earlier lease. An admin of the tenant loads it in the workspace, under Plan and
        usage, or whoever runs the plane does: <Code>npx atlas-tp lease load --file {name}</Code>
      </Text>
      <Download text={`${JSON.stringify(file, null, 2)}\n`} file={name} label="Download the lease" />
    </Alert>
  );
}
