import { Button, Text, Timeline } from '@mantine/core';
import { useNow } from '@atlas/web';
import { useState } from 'react';
import { View } from './view';

/** After this, waiting is no longer what people expect. */
const LONG_MS = 60_000;

/** The tenant is being created. */
export function Progress({ onCheck }: { readonly onCheck: () => void }) {
  const [since] = useState(() => Date.now());
  const elapsed = Math.max(0, useNow(1000) - since);
  return (
    <View title="Your tenant is being created">
      <Steps ready={false} />
      <Text size="sm" c="dimmed">
        {elapsed < LONG_MS
          ? `This takes a few seconds. ${Math.round(elapsed / 1000)} s so far.`
          : 'This takes longer than usual. You may close this page: an email tells you when it is ready.'}
      </Text>
      {elapsed >= LONG_MS && (
        <Button variant="default" onClick={onCheck}>
          Check now
        </Button>
      )}
    </View>
  );
}

export function Steps({ ready }: { readonly ready: boolean }) {
  return (
    <Timeline active={ready ? 2 : 1} bulletSize={22} lineWidth={2} role="list" aria-label="Progress">
      <Timeline.Item title="Address confirmed" bullet="✓" role="listitem" />
      <Timeline.Item
        title={ready ? 'Tenant created' : 'Creating your tenant…'}
        bullet={ready ? '✓' : '…'}
        role="listitem"
      />
      <Timeline.Item title="Ready" bullet={ready ? '✓' : ''} role="listitem" />
    </Timeline>
  );
}
