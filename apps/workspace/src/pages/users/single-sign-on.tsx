import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { CopyBlock, FreshlyRead, Page, Section, type Versioned, versionedOf } from '@atlas/web';
import { useState } from 'react';
import { api } from '../../api';
import { NeedsRole } from '../../needs-role';
import { type Provider, type ProviderAnswer } from '../../users/provider';
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
    >
      <FreshlyRead key={version} read={() => versionedOf(api.GET('/api/identity-provider'))}>
        {(first) => <Steps first={first} onStartAnew={startAnew} />}
      </FreshlyRead>
    </Page>
  );
}

interface StepsProps {
  readonly first: Versioned<ProviderAnswer>;
  readonly onStartAnew: () => void;
}

function Steps({ first, onStartAnew }: StepsProps) {
  const [seen, setSeen] = useState(first);
  const { provider, redirect_uri: address } = seen.stored;
  return (
    <Stack maw={640} gap="xl">
      <Section title="1. Register Atlas with your provider">
        {address === null ? (
          <Alert color="orange">
            This deployment has no address yet. Whoever runs it has to set one first.
          </Alert>
        ) : (
          <>
            <Text size="sm">
              Register exactly this address with your provider, as a public client with PKCE. There is no
              client secret.
            </Text>
            <CopyBlock name="the address" text={address} />
          </>
        )}
      </Section>
      <Section title="2. Enter what your provider tells you">
        <ProviderForm first={first} onSaved={setSeen} onKeepTheirs={onStartAnew} />
      </Section>
      {provider && (
        <Section title="3. Try it">
          <TryIt provider={provider} seen={seen} onRemoved={onStartAnew} />
        </Section>
      )}
    </Stack>
  );
}

interface TryItProps {
  readonly provider: Provider;
  readonly seen: Versioned<ProviderAnswer>;
  readonly onRemoved: () => void;
}

function TryIt({ provider, seen, onRemoved }: TryItProps) {
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
      {isRemoving && <RemoveProvider seen={seen} onClose={close} onRemoved={onRemoved} />}
    </Stack>
  );
}
