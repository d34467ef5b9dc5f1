import { Text } from '@mantine/core';
import { Page } from '@atlas/web';
import { type ComponentProps, type ReactNode } from 'react';

interface NoSuchProps {
  /** What was looked for, such as "alert". */
  readonly thing: string;
  readonly within: ComponentProps<typeof Page>['within'];
  /** A link to the list. */
  readonly children: ReactNode;
}

/** Shown instead of something that does not exist. */
export function NoSuch({ thing, within, children }: NoSuchProps) {
  return (
    <Page title={`No such ${thing}`} within={within}>
      <Text>
        There is no such {thing}, or you may not see it. {children}
      </Text>
    </Page>
  );
}
