import { Affix, Paper, Text } from '@mantine/core';
import { useNextTry } from '../api/patience';
import { useNow } from './when';

const SECOND_MS = 1000;
/** Above dialogs. */
const Z_INDEX = 450;

/** Says when the page tries again, while the server has asked it to wait. */
export function BusyNotice() {
  const at = useNextTry();
  if (at === null) return null;
  return (
    <Affix position={{ bottom: 16, left: 16 }} zIndex={Z_INDEX}>
      <Paper withBorder shadow="md" p="sm" role="status">
        <Text size="sm" fw={600}>
          The server asked this page to wait
        </Text>
        <Text size="sm">
          This page tries again <Until at={at} />. What you have entered is kept.
        </Text>
      </Paper>
    </Affix>
  );
}

function Until({ at }: { readonly at: number }) {
  const seconds = Math.ceil((at - useNow(SECOND_MS)) / SECOND_MS);
  const text = seconds === 1 ? 'in 1 second' : `in ${seconds} seconds`;
  // Not read out each second.
  return <span role="timer">{seconds > 0 ? text : 'now'}</span>;
}
