import { Code, Group, Stack, Text } from '@mantine/core';
import { Facts, ProblemAlert, ProblemError, bodyOf, wordsOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api';
import { Download } from '../../parts/download';
import { TextLink } from '../../parts/links';
import { withTimes } from '../../parts/planes';
import { type Tenant } from '../../parts/types';

/** Proof that a tenant's data is gone. */
export function DeletionCertificate({ tenant }: { readonly tenant: Tenant }) {
  const { data, error } = useQuery({
    queryKey: ['certificate', tenant.id],
    queryFn: () =>
      bodyOf(api.GET('/api/tenants/{id}/deletion-certificate', { params: { path: { id: tenant.id } } })),
  });
  if (error instanceof ProblemError && error.problem.code === 'not_deleted')
    return (
      <Stack gap="xs">
        <Text>{withTimes(error.problem.detail)}</Text>
        <TextLink size="sm" to="/jobs" search={{ view: 'all', tenant_id: tenant.id }}>
          Show what happened
        </TextLink>
      </Stack>
    );
  if (error) return <ProblemAlert error={error} />;
  if (data === undefined) return null;
  const { certificate, claims, public_key: key } = data;
  return (
    <Stack>
      <Text size="sm">
        The certificate says what was removed and when. Anyone with the public key can check its signature,
        for example with <Code>npx atlas certificate {tenant.slug}</Code>.
      </Text>
      <Facts
        facts={Object.entries(claims).map(([name, value]) => [wordsOf(name), textOfClaim(name, value)])}
      />
      <Group>
        <Download text={certificate} file={`${tenant.slug}.jws`} label="Download the certificate" />
        {key === undefined ? (
          <Text size="sm" c="dimmed">
            The Control Plane no longer has the public key.
          </Text>
        ) : (
          <Download text={JSON.stringify(key)} file={`${tenant.slug}.jwk`} label="Download the public key" />
        )}
      </Group>
    </Stack>
  );
}

const TIMES: readonly string[] = ['iat', 'exp', 'nbf'];

function textOfClaim(name: string, value: unknown): string {
  if (TIMES.includes(name) && typeof value === 'number') return new Date(value * 1000).toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
