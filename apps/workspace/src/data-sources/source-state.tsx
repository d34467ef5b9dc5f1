import { Badge } from '@mantine/core';
import { When } from '@atlas/web';
import { type Source } from './source';

/** Nothing fires in a quiet time, so an old alert is no fault. */
export function SourceState({ source: { enabled, last_received_at: at } }: { readonly source: Source }) {
  if (!enabled)
    return (
      <Badge variant="light" color="gray" tt="none">
        disabled
      </Badge>
    );
  if (at === null)
    return (
      <Badge variant="light" color="blue" tt="none">
        waiting for the first alert
      </Badge>
    );
  return (
    <>
      Last alert <When at={at} />
    </>
  );
}
