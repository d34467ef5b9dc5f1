import { Anchor, Button, Loader, Text } from '@mantine/core';
import { bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type Signup, api } from './api';
import { Steps } from './progress';
import { View } from './view';

/** The tenant is ready. Only the browser that confirmed the address gets the link; others read the email. */
export function Welcome({ signup: { id, slug, url } }: { readonly signup: Signup }) {
  const link = useQuery({
    queryKey: ['welcome-link', id],
    queryFn: () => bodyOf(api.POST('/api/signup/{id}/welcome-link', { params: { path: { id } } })),
    retry: false,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  return (
    <View title="Your tenant is ready">
      <Steps ready />
      {link.isPending && <Loader size="sm" aria-label="Loading your link" />}
      {link.data && (
        <>
          <Button component="a" href={link.data.url}>
            Choose a password
          </Button>
          <Text size="sm" c="dimmed">
            The button leads to {slug}. Whoever uses the link first becomes its admin, so keep it to yourself.
            We also sent you a link by email.
          </Text>
        </>
      )}
      {link.error && (
        <Text>
          We sent you a link by email. Open it to choose a password. It works once, within seven days.
        </Text>
      )}
      {url !== null && (
        <Text size="sm">
          Later, sign in at <Anchor href={url}>{url}</Anchor>.
        </Text>
      )}
    </View>
  );
}
