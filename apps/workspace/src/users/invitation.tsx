import { Button, Group, Stack, Text } from '@mantine/core';
import { CopyBlock, type TenantPlaneSchemas, When } from '@atlas/web';

interface InvitationProps {
  readonly invitation: TenantPlaneSchemas['schemas']['Invitation'];
  readonly onClose: () => void;
}

/** How the invited person gets in. The link is not shown again. */
export function Invitation({ invitation: { user, url, expires_at: end }, onClose }: InvitationProps) {
  return (
    <Stack>
      {url === undefined ? (
        <Text size="sm">
          An email is on its way to {user.email}. Its link works once and ends <When at={end} />.
        </Text>
      ) : (
        <>
          <Text size="sm">
            No email is sent here. Pass this link on to {user.email} yourself: it is shown only now, works
            once and ends <When at={end} />.
          </Text>
          <CopyBlock name="the link" text={url} />
        </>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>{url === undefined ? 'Close' : 'I have passed it on'}</Button>
      </Group>
    </Stack>
  );
}
