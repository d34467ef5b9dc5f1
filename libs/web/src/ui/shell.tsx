import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  NavLink,
  ScrollArea,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, useRouterState } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { type KeyText, Keys } from './keys';

export interface ShellLink {
  readonly to: string;
  readonly label: string;
  /** How much there is, such as 3 or "2/5". */
  readonly badge?: number | string;
  /** The heading that the link stands under. */
  readonly under?: string;
}

interface ShellProps {
  readonly brand: ReactNode;
  readonly links: readonly ShellLink[];
  /** Who is signed in. */
  readonly who: string;
  readonly onSignOut: () => void;
  /** Something that concerns every page, such as an outage. */
  readonly banner?: ReactNode;
  /** The keys of this app. Without them, no keys are explained. */
  readonly keys?: readonly KeyText[];
  readonly children: ReactNode;
}

/** What surrounds every page after sign-in. */
export function Shell({ brand, links, who, onSignOut, banner, keys, children }: ShellProps) {
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      transitionDuration={0}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <Text fw={700} truncate>
              {brand}
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Text size="sm" truncate visibleFrom="sm">
              {who}
            </Text>
            {keys !== undefined && <Keys own={keys} />}
            <SchemeToggle />
            <Button variant="default" size="xs" onClick={onSignOut}>
              Sign out
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main">
        <ScrollArea>
          {links.map(({ to, label, badge = 0, under }, index) => (
            <Fragment key={to}>
              {under !== undefined && under !== links[index - 1]?.under && (
                <Text size="xs" c="dimmed" px="sm" pt="md" pb={4}>
                  {under}
                </Text>
              )}
              <NavLink
                component={Link}
                to={to}
                label={label}
                py={4}
                active={isUnder(path, to)}
                onClick={close}
                rightSection={badge === 0 ? null : <Text size="xs">{badge}</Text>}
              />
            </Fragment>
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main>
        {banner}
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

function isUnder(path: string, to: string): boolean {
  return path === to || (to !== '/' && path.startsWith(`${to}/`));
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const isDark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon
      variant="default"
      aria-label={isDark ? 'Use light colours' : 'Use dark colours'}
      onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
    >
      <span aria-hidden>{isDark ? '☀' : '☾'}</span>
    </ActionIcon>
  );
}
