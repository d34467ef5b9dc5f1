import { Button, Group, Stack, Text } from '@mantine/core';
import { CopyBlock, ProblemAlert, When, bodyOf, onceKey } from '@atlas/web';
import { useMutation } from '@tanstack/react-query';
import { Dialog } from '../parts/dialog';
import { useState } from 'react';
import { api } from '../api';
import { type TenantDrawerProps } from './tenant-operations';

/** The link with which the first admin signs up. */
export function SignupLinkDialog({ tenant, onClose }: TenantDrawerProps) {
  const [once] = useState(onceKey);
  const create = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/tenants/{id}/signup-link', { params: { path: { id: tenant.id } }, headers: once }),
      ),
  });
  return (
    <Dialog onClose={onClose} title={`Sign-up link for ${tenant.name}`} size="lg">
      <Stack>
        {create.data === undefined ? (
          <>
            <Text size="sm">
              Until somebody has signed up, whoever opens it can become the first admin. It is for{' '}
              {tenant.admin_email}.
            </Text>
            <ProblemAlert error={create.error} />
            <Group justify="flex-end">
              <Button variant="default" data-autofocus onClick={onClose}>
                Back
              </Button>
              <Button loading={create.isPending} onClick={() => create.mutate()}>
                Create the link
              </Button>
            </Group>
          </>
        ) : (
          <>
            <Text size="sm">
              Copy it now, because it is shown once. It expires <When at={create.data.expires_at} />.
            </Text>
            <CopyBlock name="the sign-up link" text={create.data.url} />
          </>
        )}
      </Stack>
    </Dialog>
  );
}
