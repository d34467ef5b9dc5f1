import { Anchor, Text } from '@mantine/core';
import { useState } from 'react';
import { type Signup } from './api';
import { AskForTenant } from './ask-for-tenant';
import { ConfirmAddress } from './confirm-address';
import { Followed } from './followed';
import { isForTenant, linkToken } from './link-token';
import { View } from './view';

const VERIFY = 'verify';

/** A sign-up that this page has begun or confirmed. */
interface Begun {
  readonly signup: Signup;
  /** The address, if it was typed here. */
  readonly email: string | null;
  /** The same person's earlier requests. The links in their emails work, too. */
  readonly earlier: readonly string[];
}

/** From asking for a tenant to opening it. */
export function SignUp() {
  const [begun, setBegun] = useState<Begun | null>(null);
  const begin = (signup: Signup, email: string | null): void => {
    // The page can be reloaded, and says how far the sign-up is.
    history.replaceState(null, '', `/signup/${signup.id}`);
    const earlier = begun === null || email === null ? [] : [begun.signup.id, ...begun.earlier];
    setBegun({ signup, email, earlier });
  };
  if (begun !== null)
    return (
      <Followed
        id={begun.signup.id}
        known={begun.signup}
        email={begun.email}
        earlier={begun.earlier}
        onAsked={begin}
      />
    );
  if (isForTenant) return <OtherAddress />;
  if (linkToken !== '')
    return <ConfirmAddress token={linkToken} onConfirmed={(signup) => begin(signup, null)} />;
  const [, , id = ''] = location.pathname.split('/');
  if (id === VERIFY) return <WithoutToken />;
  return id !== '' ? (
    <Followed id={id} email={null} earlier={[]} onAsked={begin} />
  ) : (
    <AskForTenant onAsked={begin} />
  );
}

function WithoutToken() {
  return (
    <View title="Open the link in your email">
      <Text>
        This page works only with the link in the email that asks you to confirm your address. Open that link,
        or copy all of it into the address bar.
      </Text>
      <Text size="sm">
        No email? <Anchor href="/signup">Sign up again</Anchor>.
      </Text>
    </View>
  );
}

function OtherAddress() {
  return (
    <View title="This link belongs to your tenant">
      <Text>It works at your tenant’s own address, not here. Open it from the email.</Text>
    </View>
  );
}
