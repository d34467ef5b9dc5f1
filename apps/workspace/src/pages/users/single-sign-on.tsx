import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CopyBlock, Page, Section, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { NeedsRole } from '../../needs-role';
import { PROVIDER, type Provider } from '../../users/provider';
import { ProviderForm } from '../../users/provider-form';
import { RemoveProvider } from '../../users/remove-provider';

const TITLE = 'Single sign-on';

/** How users sign in with the accounts of their organisation. */
export function SingleSignOn() {
  return (
    <NeedsRole role="admin" title={TITLE}>
      <SingleSignOnPage />
    </NeedsRole>
  );
}

function SingleSignOnPage() {
  const [version, setVersion] = useState(0);
  // The form is filled only when it is new.
  const startAnew = (): void => setVersion(version + 1);
  const { data, error, isPending } = useQuery({
    queryKey: PROVIDER,
    queryFn: () => bodyOf(api.GET('/api/identity-provider')),
  });
  return (
    <Page
      title={TITLE}
      about={
        <>
          Users sign in with the account that your organisation’s identity provider (OpenID Connect) gives
          them. {/* The plane serves this page, not the app. */}
          <Anchor href="/help/single-sign-on" size="sm">
            How to set it up
          </Anchor>
        </>
      }
      error={error}
      isLoading={isPending}
    >
      {data && (
        <Stack maw={640} gap="xl">
          <Section title="1. Register Atlas with your provider">
            {data.redirect_uri === null ? (
              <Alert color="orange">
                This deployment has no address yet. Whoever runs it has to set one first.
              </Alert>
            ) : (
              <>
                <Text size="sm">
                  Register exactly this address with your provider, as a public client with PKCE. There is no
                  client secret.
                </Text>
                <CopyBlock name="the address" text={data.redirect_uri} />
              </>
            )}
          </Section>
          <Section title="2. Enter what your provider tells you">
            <ProviderForm key={version} provider={data.provider} onKeepTheirs={startAnew} />
          </Section>
          {data.provider && (
            <Section title="3. Try it">
              <TryIt provider={data.provider} onRemoved={startAnew} />
            </Section>
          )}
        </Stack>
      )}
    </Page>
  );
}

interface TryItProps {
  readonly provider: Provider;
  readonly onRemoved: () => void;
}

function TryIt({ provider, onRemoved }: TryItProps) {
  const [isRemoving, { open, close }] = useDisclosure();
  return (
    <Stack>
      <Text size="sm">
        {provider.enabled
          ? 'This opens a new tab, and signs this browser in as the user of the account that you use there.'
          : 'Single sign-on is off. Switch it on above to try it.'}
      </Text>
      <Group>
        {provider.enabled && (
          <Button
            component="a"
            variant="default"
            href="/api/auth/oidc/start"
            target="_blank"
            rel="noreferrer"
          >
            Sign in with single sign-on
          </Button>
        )}
        <Button variant="light" color="red" onClick={open}>
          Remove the provider
        </Button>
      </Group>
      {isRemoving && <RemoveProvider onClose={close} onRemoved={onRemoved} />}
    </Stack>
  );
}
