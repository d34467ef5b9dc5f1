import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { CopyBlock, Facts, Section } from '@atlas/web';
import { useState } from 'react';
import { useMayChange } from '../../parts/access';
import { type Tenant } from '../../parts/types';
import { EditTenant } from './edit-tenant';

/** What can be changed without a job, and where the tenant's own plane and database are. */
export function TenantSettings({ tenant }: { readonly tenant: Tenant }) {
  const [isEditing, setEditing] = useState(false);
  const mayChange = useMayChange();
  const { infrastructureCreated } = profileOf(tenant.deployment_model);
  const settings = Object.entries(tenant.settings);
  return (
    <Stack gap="xl">
      <Stack>
        <Facts
          facts={[
            ['Name', tenant.name],
            ['Plan', tenant.plan],
            ...settings.map(([name, value]) => [name, JSON.stringify(value)] as const),
          ]}
        />
        {mayChange && tenant.status !== 'deleted' && (
          <Group>
            <Button variant="default" onClick={() => setEditing(true)}>
              Edit the name and plan
            </Button>
          </Group>
        )}
        <Text size="sm" c="dimmed">
          Whether the tenant uses AI is for its own admins to decide, in their workspace. Its slug and first
          admin cannot be changed.
        </Text>
      </Stack>
      {infrastructureCreated && <Infrastructure tenant={tenant} />}
      {isEditing && <EditTenant tenant={tenant} onClose={() => setEditing(false)} />}
    </Stack>
  );
}

function Infrastructure({ tenant }: { readonly tenant: Tenant }) {
  const { slug, endpoint_url: endpoint, has_db_url: hasDatabase } = tenant;
  return (
    <Section title="Infrastructure">
      <Facts
        facts={[
          ['Plane address', endpoint ?? 'Not known yet'],
          ['Database', hasDatabase ? 'Recorded, and kept as a secret' : 'Not recorded yet'],
        ]}
      />
      <Text size="sm" mt="sm" mb="xs">
        A driver that creates infrastructure records both. If you create it by hand, record it with this
        command. It needs an API key with the scopes <Code>secrets:write</Code> and <Code>tenants:read</Code>:
        nobody who is signed in here can read or change a database URL.
      </Text>
      <CopyBlock
        name="the command"
        text={
          `npx atlas record-infrastructure ${slug} --endpoint-url https://<address of the plane> ` +
          '--db-url-file <file with the database URL>'
        }
      />
    </Section>
  );
}
