import { Alert, Badge, Button, Group, List, Loader, Stack, Text } from '@mantine/core';
import { ProblemAlert, Section, type TenantPlaneSchemas, When, bodyOf, wordsOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api';

type Check = TenantPlaneSchemas['schemas']['NamedOutcome'];
type Link = TenantPlaneSchemas['schemas']['TenantDefaultView']['control_plane'];

/** Whether anything is in the way between this plane and the Control Plane. */
export function ControlPlane({ link }: { readonly link: Link | undefined }) {
  const { data, error, isFetching, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['control-plane-checks'],
    queryFn: () => bodyOf(api.GET('/api/integrations/control-plane')),
    // The checks make real calls, so only this page and its button start them.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return (
    <Section
      title="Control Plane"
      actions={
        <Button variant="default" size="xs" loading={isFetching} onClick={() => void refetch()}>
          Check again
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          The part of Atlas that sets up and moves workspaces, and passes questions on to the AI.
        </Text>
        {link && <LinkState link={link} />}
        <ProblemAlert error={error} />
        {isFetching && !data && (
          <Group gap="xs" role="status">
            <Loader size="xs" />
            <Text size="sm">Checking names, certificates, clock and signatures. This can take a while.</Text>
          </Group>
        )}
        {data && (
          <>
            <Checks checks={data.checks} />
            <Text size="xs" c="dimmed">
              Checked <When key={dataUpdatedAt} at={new Date(dataUpdatedAt).toISOString()} />
            </Text>
          </>
        )}
      </Stack>
    </Section>
  );
}

function LinkState({ link: { reachable, last_contact_at: last } }: { readonly link: Link }) {
  if (reachable)
    return (
      <Text size="sm">
        It answers. Last contact: <When at={last} />
      </Text>
    );
  if (last === null) return <Text size="sm">There was no contact with the Control Plane yet.</Text>;
  return (
    <Alert color="orange" role="status" title="The Control Plane cannot be reached">
      Last contact: <When at={last} />. AI and moves wait. Everything else here keeps working.
    </Alert>
  );
}

function Checks({ checks }: { readonly checks: readonly Check[] }) {
  const failed = checks.filter(({ ok, skipped }) => !ok && skipped !== true).length;
  return (
    <>
      {failed > 0 && (
        <Text size="sm" fw={600} role="status">
          {failed === 1 ? 'One check has failed.' : `${failed} checks have failed.`}
        </Text>
      )}
      <List listStyleType="none" spacing="xs">
        {checks.map((check) => (
          <List.Item key={check.name} styles={{ itemWrapper: { width: '100%' } }}>
            <OneCheck check={check} />
          </List.Item>
        ))}
      </List>
    </>
  );
}

function OneCheck({ check }: { readonly check: Check }) {
  const { color, word } = verdictOf(check);
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <Badge variant="light" color={color} tt="none" w={90} flex="none">
        {word}
      </Badge>
      <div>
        <Text size="sm">
          <b>{wordsOf(check.name)}</b>: {check.detail}
        </Text>
        {check.fix !== undefined && <Text size="sm">What to do: {check.fix}</Text>}
      </div>
    </Group>
  );
}

function verdictOf({ ok, warning, skipped }: Check): { readonly color: string; readonly word: string } {
  if (skipped === true) return { color: 'gray', word: 'not run' };
  if (!ok) return { color: 'red', word: 'failed' };
  return warning === true ? { color: 'orange', word: 'attention' } : { color: 'green', word: 'passed' };
}
