import { Anchor, Button, Loader, Text } from '@mantine/core';
import { ProblemAlert, bodyOf, problemOf } from '@atlas/web';
import { queryOptions, useMutation, useQueries, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Signup, api } from './api';
import { type OnAsked, askFor } from './ask-for-tenant';
import { Progress } from './progress';
import { View } from './view';
import { Welcome } from './welcome';

const CONFIRMED: readonly Signup['status'][] = ['provisioning', 'active', 'failed'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** When nobody asks any more: the email is probably read on another day. */
const ASKS_FOR = 30 * MINUTE;

interface FollowedProps {
  readonly id: string;
  readonly known?: Signup;
  readonly email: string | null;
  /** Sign-ups of the same person, any of which may be the one that is confirmed. */
  readonly earlier: readonly string[];
  readonly onAsked: OnAsked;
}

/** Shows how far a sign-up is, and looks again until it is over. */
export function Followed({ id, known, email, earlier, onAsked }: FollowedProps) {
  const [since, setSince] = useState(() => Date.now());
  const followed = (one: string) =>
    queryOptions({
      queryKey: ['signup', one],
      queryFn: () => bodyOf(api.GET('/api/signup/{id}', { params: { path: { id: one } } })),
      refetchInterval: ({ state }) => pauseOf(state.data, Date.now() - since),
    });
  const newest = useQuery({ ...followed(id), ...(known && { initialData: known }) });
  const others = useQueries({ queries: earlier.map(followed) });
  const used = others.find(({ data: other }) => other && CONFIRMED.includes(other.status));
  const { data, error, refetch } = used ?? newest;
  if (error && problemOf(error).status === 404) return <Over />;
  if (!data)
    return (
      <View title="Your sign-up">
        {error ? <ProblemAlert error={error} /> : <Loader size="sm" aria-label="Loading" />}
      </View>
    );
  const checkAgain = (): void => {
    setSince(Date.now());
    void refetch();
  };
  switch (data.status) {
    case 'expired':
      return <Over />;
    case 'unverified':
      return <CheckYourEmail email={email} onAsked={onAsked} onCheck={checkAgain} />;
    case 'provisioning':
      return <Progress onCheck={checkAgain} />;
    case 'active':
      return <Welcome signup={data} />;
    case 'failed':
      return <Failed />;
  }
}

/** How long to wait before looking again. Fast while it is likely to change. */
function pauseOf(signup: Signup | undefined, elapsed: number): number | false {
  if (elapsed > ASKS_FOR) return false;
  if (signup?.status === 'provisioning') return elapsed < MINUTE ? SECOND : 3 * SECOND;
  if (signup === undefined || signup.status === 'unverified')
    return elapsed < 5 * MINUTE ? 3 * SECOND : 10 * SECOND;
  return false;
}

interface CheckYourEmailProps {
  readonly email: string | null;
  readonly onAsked: OnAsked;
  readonly onCheck: () => void;
}

function CheckYourEmail({ email, onAsked, onCheck }: CheckYourEmailProps) {
  const again = useMutation({
    mutationFn: (address: string) => askFor({ email: address }),
    onSuccess: (signup, address) => onAsked(signup, address),
  });
  return (
    <View title="Check your email">
      <Text>
        We sent a link to {email ?? 'the address that you gave'}. Open it to create your tenant. The link
        works for one day.
      </Text>
      <Text size="sm" c="dimmed">
        You can open the link on this device or on another. This page notices it.
      </Text>
      <ProblemAlert error={again.error} />
      {again.isSuccess && <Text size="sm">We sent it again.</Text>}
      <Text size="sm">No email after a few minutes? Look into your spam folder, or send it again.</Text>
      {email === null ? (
        <Anchor href="/signup">Sign up again</Anchor>
      ) : (
        <Button variant="default" loading={again.isPending} onClick={() => again.mutate(email)}>
          Send it again
        </Button>
      )}
      <Button variant="subtle" onClick={onCheck}>
        I have opened it: check again
      </Button>
    </View>
  );
}

function Failed() {
  return (
    <View title="Your tenant could not be created">
      <Text>
        Something went wrong on our side. The people who run this Atlas can see it. You need not do anything:
        once it is fixed, you get an email with your link.
      </Text>
    </View>
  );
}

function Over() {
  return (
    <View title="This sign-up is over">
      <Text>Its link was not used within one day, or the sign-up is unknown.</Text>
      <Button component="a" href="/signup">
        Sign up again
      </Button>
    </View>
  );
}
