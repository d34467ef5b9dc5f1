import { Text } from '@mantine/core';
import { Page } from '@atlas/web';
import { type ReactNode } from 'react';
import { PageLink } from './links';
import { type Role } from './roles';
import { useMay, useUser } from './session';

interface NeedsRoleProps {
  readonly role: Role;
  /** The title of the page that needs it. */
  readonly title: string;
  readonly children: ReactNode;
}

/** Says who may see a page, if this user may not. */
export function NeedsRole({ role, title, children }: NeedsRoleProps) {
  const { role: own } = useUser();
  if (useMay(role)) return children;
  return (
    <Page title={title}>
      <Text>
        This page needs the role {role}
        {role !== 'admin' && ' or higher'}. Yours is {own}. An admin can change it.{' '}
        <PageLink to="/">Go to the first page</PageLink>
      </Text>
    </Page>
  );
}
