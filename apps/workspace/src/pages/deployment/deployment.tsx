import { Stack } from '@mantine/core';
import { Page } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { ControlPlane } from '../../deployment/control-plane';
import { Exports } from '../../deployment/exports';
import { Import } from '../../deployment/import';
import { Model } from '../../deployment/model';
import { Move } from '../../deployment/move';
import { NeedsRole } from '../../needs-role';
import { plane } from '../../plane';
import { useMay } from '../../session';

const TITLE = 'Deployment';

/** Where the data is, and whether anything is in the way. */
export function Deployment() {
  return (
    <NeedsRole role="operator" title={TITLE}>
      <DeploymentPage />
    </NeedsRole>
  );
}

function DeploymentPage() {
  const { data, error } = useQuery(plane);
  const isAdmin = useMay('admin');
  return (
    <Page title={TITLE} error={data ? undefined : error}>
      <Stack gap="xl" maw={900}>
        {isAdmin && data?.tenant && <Move slug={data.tenant.slug} />}
        {data && <Model deployment={data.deployment} />}
        <ControlPlane link={data?.control_plane} />
        {isAdmin && (
          <>
            <Exports />
            <Import />
          </>
        )}
      </Stack>
    </Page>
  );
}
